import type { Prng } from '@probed/base';
import { INSN_TABLE, type Insn, type InsnRow, type MemBytes } from '@probed/isa';
import type { Graph } from './random-graph';

/** Registers that random code computes with; r6 is the context, r9 counts the nodes left. */
const DATA_REGISTERS = [0, 1, 2, 3, 4, 5, 7, 8];
const CONTEXT = 6;
const FUEL = 9;
const FP = 10;
/** Bytes of the context: input words, then the registers as the program leaves them. */
export const CONTEXT_BYTES = 256;
const RESULT_AT = 128;
/** Random accesses stay in this much of context and stack. */
const WINDOW_BYTES = 64;

const rowsOf = (...kinds: InsnRow['semantics']['kind'][]) =>
  INSN_TABLE.filter(({ semantics }) => kinds.includes(semantics.kind));
const ARITHMETIC = rowsOf('alu', 'neg', 'movsx', 'endian');
const BRANCHES = rowsOf('branch');
const ACCESSES = rowsOf('load', 'store', 'atomic', 'load_acquire', 'store_release');
const LD_IMM64: InsnRow = INSN_TABLE.find(({ mnemonic }) => mnemonic === 'lddw')!;

const IMMEDIATES = [0, 1, -1, 2, 7, 31, 32, 63, 255, -128, 0x7fff_ffff, -0x8000_0000];

/** Draws programs that the verifier would not mind executing: all registers set, all accesses in bounds, finite. */
export class RandomProgram {
  private readonly insns: Insn[] = [];

  constructor(private readonly prng: Prng) {}

  /** Walks a graph, at most `steps` nodes, each with some random code; calls a subprogram now and then. */
  build(graph: Graph, steps: number): Insn[] {
    const calls: number[] = [];
    this.emit(0xbf, { dst: CONTEXT, src: 1 });
    this.emit(0xb7, { dst: FUEL, imm: steps });
    for (const reg of DATA_REGISTERS) this.emit(0x79, { dst: reg, src: CONTEXT, off: 8 * reg });
    for (let off = 8; off <= WINDOW_BYTES; off += 8)
      this.emit(0x7b, { dst: FP, src: this.data(), off: -off });
    const starts: number[] = [];
    const jumps: { slot: number; node: number }[] = [];
    graph.forEach((successors, node) => {
      starts[node] = this.insns.length;
      this.randomCode(1 + this.prng.below(12));
      if (this.prng.below(4) === 0) this.call(calls);
      this.emit(0x17, { dst: FUEL, imm: 1 });
      jumps.push({ slot: this.emit(0x15, { dst: FUEL, imm: 0 }), node: graph.length });
      if (successors.length === 2) jumps.push({ slot: this.branch(), node: successors[1] });
      jumps.push({ slot: this.emit(0x05, {}), node: successors[0] ?? graph.length });
      if (this.prng.below(2)) this.emit(0xb7, { dst: 0, imm: 0 });
    });
    starts.push(this.insns.length);
    this.epilogue();
    for (const { slot, node } of jumps) this.insns[slot].off = starts[node] - slot - 1;
    const subprogram = this.insns.length;
    for (const slot of calls) this.insns[slot].imm = subprogram - slot - 1;
    if (calls.length > 0) this.subprogram();
    return this.insns;
  }

  private emit(opcode: number, fields: Partial<Insn>): number {
    return this.insns.push({ opcode, dst: 0, src: 0, off: 0, imm: 0, ...fields }) - 1;
  }

  private data(): number {
    return this.prng.pick(DATA_REGISTERS);
  }

  private immediate(): number {
    return this.prng.below(2) ? this.prng.pick(IMMEDIATES) : this.prng.u32() | 0;
  }

  private randomCode(count: number): void {
    for (let i = 0; i < count; i++) {
      const kind = this.prng.below(8);
      if (kind < 4) this.arithmetic();
      else if (kind < 6) this.access();
      else if (kind === 6) this.wideImmediate();
      else this.emit(this.prng.below(2) ? 0xb7 : 0xb4, { dst: this.data(), imm: this.immediate() });
    }
  }

  private arithmetic(): void {
    const { opcode, fixed } = this.prng.pick(ARITHMETIC);
    const { off = 0, src = this.data(), imm = this.immediate() } = fixed;
    this.emit(opcode, { dst: this.data(), src, off, imm });
  }

  private branch(): number {
    const { opcode, fixed } = this.prng.pick(BRANCHES);
    return this.emit(opcode, {
      dst: this.data(),
      src: fixed.src ?? this.data(),
      imm: fixed.imm ?? this.immediate(),
    });
  }

  private wideImmediate(): void {
    this.emit(LD_IMM64.opcode, { dst: this.data(), imm: this.immediate() });
    this.emit(0, { imm: this.immediate() });
  }

  /** At an aligned place in the context or on the stack, the latter through r10 or a copy of it. */
  private access(): void {
    const { opcode, fixed, semantics } = this.prng.pick(ACCESSES);
    const bytes = 'bytes' in semantics ? semantics.bytes : 8;
    const loads = semantics.kind === 'load' || semantics.kind === 'load_acquire';
    const place = this.place(bytes as MemBytes);
    const data = this.data();
    const registers = loads ? { dst: data, src: place.base } : { dst: place.base, src: fixed.src ?? data };
    if (place.base === data && !loads) return;
    this.emit(opcode, { ...registers, off: place.off, imm: fixed.imm ?? this.immediate() });
  }

  private place(bytes: MemBytes): { base: number; off: number } {
    const at = this.prng.below(WINDOW_BYTES / bytes) * bytes;
    const kind = this.prng.below(3);
    if (kind === 0) return { base: CONTEXT, off: at };
    if (kind === 1) return { base: FP, off: at - WINDOW_BYTES };
    const base = this.data();
    const shift = this.prng.between(-WINDOW_BYTES, WINDOW_BYTES);
    this.emit(0xbf, { dst: base, src: FP });
    this.emit(0x07, { dst: base, imm: shift });
    return { base, off: at - WINDOW_BYTES - shift };
  }

  private call(calls: number[]): void {
    calls.push(this.emit(0x85, { src: 1 }));
    for (let reg = 1; reg <= 5; reg++) this.emit(0x79, { dst: reg, src: CONTEXT, off: 8 * reg });
  }

  /** Leaves all registers in the context, frame addresses included. */
  private epilogue(): void {
    for (const reg of [...DATA_REGISTERS, FUEL])
      this.emit(0x7b, { dst: CONTEXT, src: reg, off: RESULT_AT + 8 * reg });
    this.emit(0x95, {});
  }

  /** Computes with its arguments in a frame of its own; r6–r9 are its caller's to see again. */
  private subprogram(): void {
    this.emit(0xb7, { dst: 0, imm: 1 });
    for (const reg of [7, 8]) this.emit(0xbf, { dst: reg, src: this.prng.between(1, 5) });
    for (let off = 8; off <= WINDOW_BYTES; off += 8) this.emit(0x7b, { dst: FP, src: 7, off: -off });
    for (let i = 0; i < 12; i++) this.arithmetic();
    this.emit(0x7b, { dst: FP, src: 0, off: -16 });
    this.emit(0x95, {});
  }
}
