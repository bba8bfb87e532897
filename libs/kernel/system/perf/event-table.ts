/** An event that advances with virtual time. */
export interface ClockEvent {
  readonly name: string;
  /** Occurrences per ns of execution (a 3 GHz machine). */
  readonly perNs: number;
  /** Does not advance while the CPU is idle. */
  readonly busyOnly: boolean;
}

/** Software events that are counted one by one. */
export type CountedEvent =
  | 'page-faults'
  | 'minor-faults'
  | 'major-faults'
  | 'context-switches'
  | 'cpu-migrations';

/** By `type:config` of perf_event_attr (`include/uapi/linux/perf_event.h`). */
export const CLOCK_EVENTS: Readonly<Record<string, ClockEvent | undefined>> = {
  '1:0': { name: 'cpu-clock', perNs: 1, busyOnly: false },
  '1:1': { name: 'task-clock', perNs: 1, busyOnly: true },
  '0:0': { name: 'cpu-cycles', perNs: 3, busyOnly: true },
  '0:1': { name: 'instructions', perNs: 4.2, busyOnly: true },
  '0:2': { name: 'cache-references', perNs: 0.06, busyOnly: true },
  '0:3': { name: 'cache-misses', perNs: 0.004, busyOnly: true },
  '0:4': { name: 'branch-instructions', perNs: 0.8, busyOnly: true },
  '0:5': { name: 'branch-misses', perNs: 0.01, busyOnly: true },
  '0:6': { name: 'bus-cycles', perNs: 0.1, busyOnly: true },
  '0:9': { name: 'ref-cycles', perNs: 2.8, busyOnly: true },
};

export const COUNTED_EVENTS: Readonly<Record<string, CountedEvent | undefined>> = {
  '1:2': 'page-faults',
  '1:3': 'context-switches',
  '1:4': 'cpu-migrations',
  '1:5': 'minor-faults',
  '1:6': 'major-faults',
};
