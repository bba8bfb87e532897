import type { StandIn } from '@probed/system';
import type { InitEntry } from '../input/map-init-file';
import type { Pattern } from './match';

/** What is asked of a list of things, most often records; all that is given must hold. */
export interface ListExpectation {
  /** These come, in this order, others may come between. */
  readonly in_order?: readonly Pattern[];
  /** These come, in any order, each another one. */
  readonly any_order?: readonly Pattern[];
  /** These and no others, in this order. */
  readonly exactly?: readonly Pattern[];
  /** None like these. */
  readonly none?: readonly Pattern[];
  /** Every one is like this. */
  readonly every?: Pattern;
  /** How many there are. */
  readonly count?: Pattern;
  /** The same as in the side file. */
  readonly snapshot?: boolean;
}

/** What is asked of a map. */
export interface MapExpectation {
  /** Each is there; a member is a pattern, `key`, `value` and so on. */
  readonly entries?: readonly Pattern[];
  /** There is nothing but `entries`. */
  readonly exactly?: boolean;
  readonly count?: Pattern;
  readonly every?: Pattern;
  readonly none?: readonly Pattern[];
  readonly snapshot?: boolean;
}

/** What must be so at the end. */
export interface Expectation {
  /** Loading or attaching fails with this in its message or log. */
  readonly load_error?: Pattern;
  /** By map; `''` for the records of all maps. */
  readonly records?: ReadonlyMap<string, ListExpectation>;
  readonly maps?: ReadonlyMap<string, MapExpectation>;
  /** Global variables by name. */
  readonly variables?: ReadonlyMap<string, Pattern>;
  /** Lines of the trace pipe. */
  readonly trace?: ListExpectation;
  /** Records lost, in all. */
  readonly lost?: Pattern;
  /** By program name: a pattern of the summary's document, e.g. `{ runs: 3 }`. */
  readonly programs?: ReadonlyMap<string, Pattern>;
  /** By fault: `{ calls, injected }`. */
  readonly faults?: ReadonlyMap<string, Pattern>;
  /** Of each event that was fired by hand, in order: a pattern of `{ runs, ret }`. */
  readonly fired?: readonly Pattern[];
}

/** An event fired by hand. */
export interface EventStep {
  /** Hook by name, e.g. `tracepoint:sched:sched_process_exec`. */
  readonly fire: string;
  /** Fields of the record, or arguments. */
  readonly payload: Pattern;
  /** What the function returns; text is put into the task's memory. */
  readonly ret?: number | bigint | string;
  /** Virtual time after the start, ns; undefined: at once after the one before. */
  readonly atNs?: number;
  readonly repeat: number;
  readonly cpu: number;
  /** In whose name. */
  readonly task: StandIn;
}

/** One case: what to load, what to do, what must come of it. */
export interface TestCase {
  readonly name: string;
  /** File that it comes from. */
  readonly file: string;
  readonly objects: readonly string[];
  readonly scenario: string;
  readonly seed: number;
  readonly cpus: number;
  readonly engine?: 'jit' | 'interp';
  readonly durationNs?: number;
  /** Virtual time after which the expectations must hold; the case ends when they do. */
  readonly timeoutNs?: number;
  readonly set: ReadonlyMap<string, Pattern>;
  readonly mapSizes: ReadonlyMap<string, number>;
  readonly mapEntries: ReadonlyMap<string, readonly InitEntry[]>;
  /** Program name to targets. */
  readonly attach: readonly { readonly name: string; readonly value: string }[];
  readonly eventTypes: readonly { readonly map?: string; readonly struct: string }[];
  readonly faults: readonly string[];
  readonly btf?: string;
  readonly release?: string;
  readonly events: readonly EventStep[];
  readonly expect: Expectation;
  /** Why it is left out; `''` when the file does not say. */
  readonly skip?: string;
  /** The others of the run are left out. */
  readonly only: boolean;
}
