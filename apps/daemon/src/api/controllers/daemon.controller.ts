import { Controller } from '@nestjs/common';
import { packageVersion } from '@probed/package';
import { type ParsedRequest, PROTOCOL_VERSION, type ResponseOf } from '@probed/protocol';
import { HealthService } from '../../health/health-service';
import { WorkloadService } from '../../workload/workload-service';
import { Operation } from '../operation';

/** The kernel that is emulated, as uname gives it. */
const EMULATED_KERNEL = 'Linux 6.18.0 x86_64';

/** The daemon itself. */
@Controller()
export class DaemonController {
  constructor(
    private readonly healthService: HealthService,
    private readonly workload: WorkloadService,
  ) {}

  @Operation('restartKernel')
  async restartKernel({ body }: ParsedRequest<'restartKernel'>): Promise<ResponseOf<'restartKernel'>> {
    this.workload.restartKernel(body.mode);
    return {};
  }

  @Operation('health')
  health(): Promise<ResponseOf<'health'>> {
    return this.healthService.health();
  }

  @Operation('version')
  async version(): Promise<ResponseOf<'version'>> {
    const { version: node } = process;
    const version = packageVersion();
    return { name: 'probed', version, protocol: PROTOCOL_VERSION, kernel: EMULATED_KERNEL, node };
  }
}
