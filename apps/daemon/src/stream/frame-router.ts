import type { RecordPipeline } from '@probed/stream';
import type { ExecOutputs } from '../exec/exec-outputs';
import type { KernelFrame } from '../kernel/commands';

/** Takes what leaves the kernel thread to where it belongs; what `KernelClient.consume` wants. */
export class FrameRouter {
  constructor(
    private readonly pipeline: Pick<RecordPipeline, 'accept'>,
    private readonly outputs: Pick<ExecOutputs, 'deliver'>,
  ) {}

  /** Resolves when there is room for more. */
  readonly handle = async (frames: readonly KernelFrame[]): Promise<void> => {
    await Promise.all([this.pipeline.accept(frames), this.outputs.deliver(frames)]);
  };
}
