import { Controller } from '@nestjs/common';
import type { ParsedRequest, ResponseOf } from '@probed/protocol';
import { WorkloadService } from '../../workload/workload-service';
import { Operation } from '../operation';

/** What runs on the emulated cluster. */
@Controller()
export class WorkloadController {
  constructor(private readonly workload: WorkloadService) {}

  @Operation('getWorkload')
  get(): Promise<ResponseOf<'getWorkload'>> {
    return this.workload.get();
  }

  @Operation('startWorkload')
  start({ body }: ParsedRequest<'startWorkload'>): Promise<ResponseOf<'startWorkload'>> {
    return this.workload.start(body);
  }

  @Operation('stopWorkload')
  stop(): Promise<ResponseOf<'stopWorkload'>> {
    return this.workload.stop();
  }

  @Operation('changeWorkload')
  change({ body }: ParsedRequest<'changeWorkload'>): Promise<ResponseOf<'changeWorkload'>> {
    return this.workload.changeSpeed(body.speed);
  }
}
