import type { EventChoice } from '@probed/machine';
import type { Assignment, MapOption } from '../input/values';

/** What the user asks of a run; the options of `probectl run`. */
export interface RunOptions {
  /** Virtual time to cover, ns; the scenario's own when absent. */
  readonly for?: number;
  readonly seed: number;
  readonly scenario: string;
  readonly json?: boolean;
  readonly set?: readonly Assignment[];
  readonly map?: readonly MapOption[];
  readonly mapInit?: string;
  readonly event?: readonly EventChoice[];
  /** Program name and target. */
  readonly attach?: readonly Assignment[];
  readonly engine: 'jit' | 'interp';
  /** False with `--no-maps`. */
  readonly maps: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly cpus: number;
  /** Records after which the run ends. */
  readonly limit?: number;
  readonly realtime?: boolean;
}
