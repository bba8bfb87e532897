import { assert } from '@probed/base';
import type { Kernel } from '@probed/system';

/** No node is ahead of another by more than this. */
const STEP_NS = 1e6;

/**
 * One virtual clock for several kernels: they run one after the other, in a fixed order, through steps that end at
 * multiples of {@link STEP_NS}. So a run is the same however long the code of driven tasks takes, and however it is cut
 * into calls, as long as those end at such multiples too.
 */
export class Lockstep {
  /** Everything before this has happened on all nodes. */
  private reachedNs: number;
  private stepEndNs: number;
  /** The kernels before this one have finished the step. */
  private turn = 0;

  constructor(
    private readonly kernels: readonly Kernel[],
    /** Whether a kernel takes part; one that is down stands still. */
    private readonly isUp: (index: number) => boolean = () => true,
  ) {
    assert(kernels.length > 0, 'a cluster without nodes');
    this.reachedNs = Math.max(...kernels.map((kernel) => kernel.nowNs()));
    this.stepEndNs = this.reachedNs;
  }

  get nowNs(): number {
    return this.reachedNs;
  }

  /** The kernel that waits for code outside, after {@link run} has given false. */
  get waiting(): Kernel | undefined {
    return this.turn < this.kernels.length ? this.kernels[this.turn] : undefined;
  }

  /** Lets time pass on all kernels. @returns false when one had to stop at a driven task; call again to go on */
  run(untilNs: number): boolean {
    for (;;) {
      if (!this.finishStep()) return false;
      if (this.reachedNs >= untilNs) return true;
      this.stepEndNs = Math.min(untilNs, (Math.floor(this.reachedNs / STEP_NS) + 1) * STEP_NS);
      this.turn = 0;
    }
  }

  async runAsync(untilNs: number, pause?: () => Promise<void> | undefined): Promise<void> {
    while (!this.run(untilNs)) {
      await this.waiting!.drivers.ready();
      const turn = pause?.();
      if (turn) await turn;
    }
  }

  private finishStep(): boolean {
    for (; this.turn < this.kernels.length; this.turn++)
      if (this.isUp(this.turn) && !this.kernels[this.turn].run(this.stepEndNs)) return false;
    this.reachedNs = this.stepEndNs;
    return true;
  }
}
