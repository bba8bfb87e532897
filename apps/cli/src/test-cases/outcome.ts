import type { Diagnostic } from '@probed/base';
import type { FaultCount } from '@probed/machine';
import type {
  LostDocument,
  MapDocument,
  ProgramDocument,
  RecordDocument,
  TraceDocument,
} from '../output/documents';

/** What came of an event fired by hand. */
export interface FiredDocument {
  /** Programs that ran, all repetitions together. */
  readonly runs: number;
  readonly skipped: number;
  /** Results of the programs that ran last, in order of attachment. */
  readonly results: readonly (number | null)[];
  /** What the function returned, where there is one. */
  readonly ret?: number | bigint;
}

/** Everything that a case can be judged by. */
export interface Outcome {
  /** Loading or attaching failed; nothing ran. */
  readonly error?: Diagnostic;
  readonly records: readonly RecordDocument[];
  readonly lost: readonly LostDocument[];
  readonly trace: readonly TraceDocument[];
  readonly maps: readonly MapDocument[];
  readonly programs: readonly ProgramDocument[];
  readonly faults: readonly FaultCount[];
  readonly fired: readonly FiredDocument[];
}

/** One expectation that did not come true. */
export interface Failure {
  /** One line. */
  readonly what: string;
  /** Evidence, a diff most often. */
  readonly detail: readonly string[];
}
