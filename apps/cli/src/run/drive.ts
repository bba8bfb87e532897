import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Machine, Output, TraceLine } from '@probed/machine';
import type { Progress } from '../output/progress';

/** What comes out of a run, in order of virtual time. */
interface DriveSink {
  output(output: Output): void;
  trace(line: TraceLine): void;
  /** Waits until what was put out is taken. */
  drain(): Promise<void>;
}

/** Something that a host does at a time. */
export interface DriveStep {
  /** Virtual time after the start, ns. */
  readonly atNs: number;
  /** @param deliver hands over what programs have put out so far */
  act(deliver: () => void): void;
}

/** What a host does while a machine runs. */
export interface DriveScript {
  /** In order of time. */
  readonly steps?: readonly DriveStep[];
  /** Asked now and then: true ends the run. */
  readonly enough?: () => boolean;
}

interface DriveOptions extends DriveScript {
  readonly durationNs: number;
  /** Paced by the wall clock. */
  readonly realtime: boolean;
  /** Ends the run after this many records. */
  readonly recordsMax: number;
  readonly progress: Progress;
}

/** Virtual time between two looks at signals and slow readers; a multiple of the machine's drain interval. */
const SLICE_NS = 100e6;
const REALTIME_SLICE_NS = 20e6;

/** Lets a machine run, merging trace lines and records by time. Ends early on SIGINT. @returns virtual ns covered */
export async function drive(machine: Machine, sink: DriveSink, options: DriveOptions): Promise<number> {
  const merged = new Merged(sink, options.recordsMax);
  const stopReading = machine.tracePipe.read((line) => merged.trace(line));
  const interrupt = interruption();
  const start = machine.kernel.nowNs();
  const startWall = performance.now();
  const slice = options.realtime ? REALTIME_SLICE_NS : SLICE_NS;
  const steps = [...(options.steps ?? [])];
  const deliver = () => machine.drain((output) => merged.output(output));
  let covered = 0;
  try {
    while (covered < options.durationNs && !merged.full && !interrupt.asked()) {
      while (steps.length > 0 && steps[0].atNs <= covered) steps.shift()!.act(deliver);
      const untilStep = (steps[0]?.atNs ?? Number.POSITIVE_INFINITY) - covered;
      machine.run(Math.min(slice, options.durationNs - covered, untilStep), (output) =>
        merged.output(output),
      );
      merged.flush(Number.POSITIVE_INFINITY);
      covered = machine.kernel.nowNs() - start;
      options.progress.update(
        () => `simulated ${(covered / 1e9).toFixed(1)} s of ${options.durationNs / 1e9} s`,
      );
      await sink.drain();
      if (options.enough?.()) break;
      await (options.realtime ? pace(startWall, covered) : nextTurn());
    }
  } finally {
    stopReading();
    interrupt.end();
    options.progress.clear();
  }
  return Math.min(covered, options.durationNs);
}

/** Waits until as much wall time has passed as virtual time. */
async function pace(startWall: number, coveredNs: number): Promise<void> {
  const ahead = coveredNs / 1e6 - (performance.now() - startWall);
  await sleep(Math.max(0, ahead));
}

/** Ctrl-C ends the run in an orderly way; a second one ends the process. */
function interruption(): { asked: () => boolean; end: () => void } {
  let asked = false;
  const onInterrupt = () => {
    asked = true;
    process.removeListener('SIGINT', onInterrupt);
  };
  process.on('SIGINT', onInterrupt);
  return { asked: () => asked, end: () => process.removeListener('SIGINT', onInterrupt) };
}

/** Trace lines come when they are written, records when they are polled: puts both in order of time. */
class Merged {
  private waiting: TraceLine[] = [];
  private records = 0;

  constructor(
    private readonly sink: DriveSink,
    private readonly recordsMax: number,
  ) {}

  get full(): boolean {
    return this.records >= this.recordsMax;
  }

  trace(line: TraceLine): void {
    this.waiting.push(line);
  }

  output(output: Output): void {
    if (this.full) return;
    if (output.kind === 'record') {
      this.flush(output.origin.ns);
      this.records++;
    }
    this.sink.output(output);
  }

  /** Hands over the trace lines up to a time. */
  flush(untilNs: number): void {
    if (this.full) this.waiting = [];
    let taken = 0;
    while (taken < this.waiting.length && this.waiting[taken].ns <= untilNs)
      this.sink.trace(this.waiting[taken++]);
    this.waiting = this.waiting.slice(taken);
  }
}
