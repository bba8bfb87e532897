import { MAX_BPF_STACK } from '@probed/isa';
import type { KernelMemory } from '@probed/memory';
import type { RunObserver } from '@probed/runtime';
import type { VerifiedProgram } from '@probed/spec';

/** The machine just before an instruction. */
export interface RecordedStep {
  /** Of the instruction. */
  readonly slot: number;
  /** Call depth, 0 in the main program. */
  readonly depth: number;
  /** r0–r10, unsigned. */
  readonly registers: BigUint64Array;
  /** The {@link MAX_BPF_STACK} bytes below r10: the frame of this depth. */
  readonly frame: Uint8Array;
}

/** One run of a program, from its first instruction to its result. */
export interface RecordedRun {
  readonly program: VerifiedProgram;
  /** Which of the program's runs, from 1. */
  readonly number: number;
  /** Offset of the context in linear memory, 0 for none. */
  readonly ctx: number;
  readonly steps: readonly RecordedStep[];
  /** Low 32 bits of r0; undefined when the run was cut short or went on past the last step recorded. */
  readonly result: number | undefined;
  /** The run was longer than what was to be recorded. */
  readonly truncated: boolean;
  readonly at: RunMoment;
}

/** When and where a run was. */
export interface RunMoment {
  /** Virtual time, ns. */
  readonly ns: number;
  readonly cpu: number;
  readonly pid: number;
  readonly comm: string;
}

export interface RecorderOptions {
  /** Name of the program to watch; the first one that runs when absent. */
  readonly program?: string;
  /** Which of its runs to record, from 1. */
  readonly number: number;
  readonly stepsMax: number;
}

/** What the recorder asks of the machine that it is in. */
export interface RecordedMachine {
  readonly memory: KernelMemory;
  moment(): RunMoment;
}

/** Records one run of a program; give it to a machine as its observer. */
export class RunRecorder implements RunObserver {
  /** The run, once it is over. */
  recorded: RecordedRun | undefined;
  private machine: RecordedMachine | undefined;
  private readonly runs = new Map<string, number>();
  /** For each run in progress, innermost last, what is recorded of it. */
  private readonly active: (RunInProgress | undefined)[] = [];

  constructor(private readonly options: RecorderOptions) {}

  /** The machine calls it once it is there. */
  attachTo(machine: RecordedMachine): void {
    this.machine = machine;
  }

  /** Runs seen so far, by program. */
  get seen(): ReadonlyMap<string, number> {
    return this.runs;
  }

  begins(program: VerifiedProgram, ctx: number): void {
    const { name } = program.spec;
    const number = (this.runs.get(name) ?? 0) + 1;
    this.runs.set(name, number);
    const wanted = this.options.program === undefined || this.options.program === name;
    const taken = wanted && !this.recorded && number === this.options.number && !this.active.some(Boolean);
    this.active.push(taken ? new RunInProgress(program, number, ctx, this.machine!) : undefined);
  }

  step(slot: number, registers: BigUint64Array, depth: number): void {
    this.active[this.active.length - 1]?.step(slot, registers, depth, this.options.stepsMax);
  }

  ends(result: number | undefined): void {
    const run = this.active.pop();
    if (run) this.recorded = run.finish(result);
  }
}

class RunInProgress {
  private readonly steps: RecordedStep[] = [];
  private truncated = false;
  private readonly at: RunMoment;

  constructor(
    private readonly program: VerifiedProgram,
    private readonly number: number,
    private readonly ctx: number,
    private readonly machine: RecordedMachine,
  ) {
    this.at = machine.moment();
  }

  step(slot: number, registers: BigUint64Array, depth: number, stepsMax: number): void {
    if (this.steps.length >= stepsMax) {
      this.truncated = true;
      return;
    }
    const top = Number(BigInt.asUintN(32, registers[10]));
    const frame = this.machine.memory.copyOut(top - MAX_BPF_STACK, MAX_BPF_STACK);
    this.steps.push({ slot, depth, registers: registers.slice(), frame });
  }

  finish(result: number | undefined): RecordedRun {
    const { program, number, ctx, steps, truncated, at } = this;
    return { program, number, ctx, steps, truncated, at, result: truncated ? undefined : result };
  }
}
