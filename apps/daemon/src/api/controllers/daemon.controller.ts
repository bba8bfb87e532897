import { Controller } from '@nestjs/common';
import { packageVersion } from '@probed/package';
import { type ParsedRequest, PROTOCOL_VERSION, type ResponseOf } from '@probed/protocol';
import { HealthService } from '../../health/health-service';
import { WorkloadService } from '../../workload/workload-service';
import { Operation } from '../operation';

/** What is emulated unless another kernel is worn. */
const RELEASE_DEFAULT = '6.18.0';

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
    const { kernel } = await this.healthService.health();
    const uname = `Linux ${kernel.release ?? RELEASE_DEFAULT} x86_64`;
    return { name: 'probed', version, protocol: PROTOCOL_VERSION, kernel: uname, node };
  }
}
