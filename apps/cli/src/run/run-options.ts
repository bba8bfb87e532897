import type { EventChoice } from '@probed/machine';
import type { KernelChoice } from '../input/kernel-option';
import type { MapInit } from '../input/map-init-file';
import type { Assignment, MapOption } from '../input/values';

/** What the user asks of a run; the options of `probectl run`. */
export interface RunOptions extends KernelChoice {
  /** Virtual time to cover, ns; the scenario's own when absent. */
  readonly for?: number;
  readonly seed: number;
  readonly scenario: string;
  readonly json?: boolean;
  readonly set?: readonly Assignment[];
  readonly map?: readonly MapOption[];
  /** File, or what it would say. */
  readonly mapInit?: string | MapInit;
  readonly event?: readonly EventChoice[];
  /** Program name and target. */
  readonly attach?: readonly Assignment[];
  /** Load every program as it is; one whose hook is missing ends the command. */
  readonly strict?: boolean;
  readonly engine: 'jit' | 'interp';
  /** False with `--no-maps`. */
  readonly maps: boolean;
  /** Maps at the end as folded stacks. */
  readonly folded?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly cpus: number;
  /** Records after which the run ends. */
  readonly limit?: number;
  readonly realtime?: boolean;
  /** Helper calls that are to fail. */
  readonly fault?: readonly string[];
  /** Count what runs. */
  readonly coverage?: boolean;
  /** File for the counts, lcov. */
  readonly coverageOut?: string;
  /** Say at the end why programs did not fire. */
  readonly why?: boolean;
}
