import type { MapInfo } from '@probed/spec';

/** Who emitted a record, and when: taken at the moment of the event. */
export interface Origin {
  /** CLOCK_MONOTONIC, ns. */
  readonly ns: number;
  readonly cpu: number;
  readonly program: string;
  /** Its id on its machine; 0 when nobody knows. */
  readonly programId: number;
  /** The hook as `probectl hooks` names it. */
  readonly hook: string;
  readonly pid: number;
  readonly tgid: number;
  readonly ppid: number;
  readonly uid: number;
  readonly comm: string;
  readonly cgroupId: number;
  /** Exec session that the task belongs to. */
  readonly execSession?: string;
}

/** A record that a program put into a ring buffer or perf event array. */
export interface OutputRecord {
  readonly kind: 'record';
  /** Counts the machine's records from 1. */
  readonly sequence: number;
  readonly map: MapInfo;
  readonly origin: Origin;
  /** A copy. */
  readonly bytes: Uint8Array;
}

/** Records that a full buffer could not take. */
export interface LostRecords {
  readonly kind: 'lost';
  readonly map: MapInfo;
  readonly count: number;
  /** perf event arrays lose per CPU. */
  readonly cpu?: number;
}

export type Output = OutputRecord | LostRecords;
