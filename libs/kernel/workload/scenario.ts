import type { Prng } from '@probed/base';
import type { Kernel } from '@probed/system';
import type { PodMaker } from './pod';

/** A workload for one kernel. Deterministic: everything random comes from the kernel's seed or the given `prng`. */
export interface Scenario {
  readonly name: string;
  /** One line. */
  readonly description: string;
  /** What it is good for trying out. */
  readonly teaches: string;
  /** Virtual time that a run covers unless told otherwise, ns. */
  readonly defaultDurationNs: number;
  /**
   * Sets everything up; from then on it goes by itself as virtual time advances.
   * @param addPod makes its pods; by default, pods that no cluster knows
   */
  start(kernel: Kernel, prng: Prng, addPod?: PodMaker): void;
}
