import { MAX_BPF_STACK } from '@probed/isa';
import { type RecordedRun, type RecordedStep, xlatedInsn } from '@probed/machine';
import { DIRECT_MAP_HI } from '@probed/memory';
import type { LineInfo } from '@probed/spec';

/** Names the kernel object at an offset of linear memory. */
export type ObjectNamer = (offset: number) => string | undefined;

/** A step as `--json` prints it. */
export interface StepDocument {
  readonly type: 'step';
  readonly step: number;
  readonly slot: number;
  readonly depth: number;
  readonly insn: string;
  readonly source?: { readonly file: string; readonly line: number; readonly text: string };
  /** Hex words by name. */
  readonly registers: Readonly<Record<string, string>>;
  /** Bytes of the frame that are not zero, by offset from the frame pointer; hex, 8 bytes each. */
  readonly stack: Readonly<Record<string, string>>;
}

const REGISTERS = 11;
const FP = 10;
const WORD_BYTES = 8;
/** Signed values below it read better in decimal too. */
const SMALL = 1n << 31n;
/** How far behind its start an address still belongs to the context. */
const CTX_REACH = 512;

/** Puts the steps of a run into words. */
export class StepText {
  private readonly lineAt: readonly (LineInfo | undefined)[];
  private readonly functionAt: ReadonlyMap<number, string>;

  constructor(
    readonly run: RecordedRun,
    private readonly nameObject: ObjectNamer,
  ) {
    const { spec, insns, subprograms } = run.program;
    const lines = new Map(spec.lineInfo.map((line) => [line.insn, line]));
    let line: LineInfo | undefined;
    this.lineAt = insns.map((_, slot) => (line = lines.get(slot) ?? line));
    this.functionAt = new Map(subprograms.map(({ start, name }) => [start, name]));
  }

  /** The line of C that a step belongs to. */
  source(step: RecordedStep): LineInfo | undefined {
    return this.lineAt[step.slot];
  }

  /** Whether a step belongs to another line of C than the one before it. */
  entersLine(index: number): boolean {
    const { steps } = this.run;
    const [now, before] = [this.source(steps[index]), index > 0 ? this.source(steps[index - 1]) : undefined];
    return now !== undefined && (now.line !== before?.line || now.file !== before.file);
  }

  /** The instruction, by number, as `prog dump` prints it. */
  insn({ slot }: RecordedStep): string {
    return `${String(slot).padStart(4)}: ${xlatedInsn(this.run.program.spec, slot)}`;
  }

  /** Registers that the instruction changed: those that differ in the next step. */
  changes(index: number): string {
    const { steps, result } = this.run;
    const [now, then] = [steps[index], steps[index + 1]];
    if (!then) return result === undefined ? '' : `returns ${result | 0}`;
    if (then.depth !== now.depth) return then.depth > now.depth ? 'call' : `return r0=${this.value(then, 0)}`;
    const changed: string[] = [];
    for (let reg = 0; reg < FP; reg++)
      if (now.registers[reg] !== then.registers[reg]) changed.push(`r${reg}=${this.value(then, reg)}`);
    changed.push(...this.storedWords(now, then));
    return changed.join(' ');
  }

  /** Name of the function that starts at a step. */
  functionName({ slot }: RecordedStep): string | undefined {
    return this.functionAt.get(slot);
  }

  /** A register's value, with what it points to. */
  value(step: RecordedStep, reg: number): string {
    const word = step.registers[reg];
    const hex = `0x${word.toString(16)}`;
    const what = this.pointee(step, word);
    if (what) return `${hex} ${what}`;
    const signed = BigInt.asIntN(64, word);
    return signed > 9n || signed < 0n
      ? signed < SMALL && signed > -SMALL
        ? `${hex} (${signed})`
        : hex
      : `${signed}`;
  }

  /** Non-zero words of the frame, from the top: `fp-8` and its value. */
  stack({ frame }: RecordedStep): [string, string][] {
    const view = new DataView(frame.buffer, frame.byteOffset);
    const words: [string, string][] = [];
    for (let at = MAX_BPF_STACK - WORD_BYTES; at >= 0; at -= WORD_BYTES) {
      const word = view.getBigUint64(at, true);
      if (word !== 0n) words.push([`fp-${MAX_BPF_STACK - at}`, word.toString(16).padStart(16, '0')]);
    }
    return words;
  }

  document(index: number): StepDocument {
    const step = this.run.steps[index];
    const line = this.source(step);
    return {
      type: 'step',
      step: index + 1,
      slot: step.slot,
      depth: step.depth,
      insn: xlatedInsn(this.run.program.spec, step.slot),
      ...(line && { source: { file: line.file, line: line.line, text: line.text.trim() } }),
      registers: Object.fromEntries(
        Array.from({ length: REGISTERS }, (_, reg) => [`r${reg}`, `0x${step.registers[reg].toString(16)}`]),
      ),
      stack: Object.fromEntries(this.stack(step)),
    };
  }

  private storedWords(now: RecordedStep, then: RecordedStep): string[] {
    const before = new Map(this.stack(now));
    const after = this.stack(then);
    const stored = after.filter(([place, word]) => before.get(place) !== word);
    const cleared = [...before.keys()].filter((place) => !after.some(([at]) => at === place));
    return [
      ...stored.map(([place, word]) => `${place}=0x${word.replace(/^0+/, '')}`),
      ...cleared.map((at) => `${at}=0`),
    ];
  }

  private pointee(step: RecordedStep, word: bigint): string | undefined {
    const high = Number(word >> 32n);
    if (high !== DIRECT_MAP_HI) return undefined;
    const offset = Number(BigInt.asUintN(32, word));
    const below = Number(BigInt.asUintN(32, step.registers[FP])) - offset;
    if (below === 0) return 'fp';
    if (below > 0 && below <= MAX_BPF_STACK) return `fp-${below}`;
    const intoCtx = offset - this.run.ctx;
    if (this.run.ctx > 0 && intoCtx >= 0 && intoCtx < CTX_REACH) return intoCtx ? `ctx+${intoCtx}` : 'ctx';
    return this.nameObject(offset);
  }
}
