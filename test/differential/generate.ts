/**
 * Random programs of the kind compilers make, of type sched_cls, nearly all acceptable: arithmetic of both widths,
 * branches, bounded loops, spills and fills, map look-ups with null checks, packet access with bounds checks, helper
 * calls, atomics, subprograms. What they compute depends on nothing but packet and maps, so that results compare.
 */
import type { Prng } from '@probed/base';
import {
  BPF_ALU_OP,
  BPF_ATOMIC_OP,
  BPF_CLASS,
  BPF_JMP_OP,
  BPF_SIZE,
  BPF_SRC,
  type Insn,
  OP_CALL,
  OP_JA32,
} from '@probed/isa';
import {
  aluImm,
  aluReg,
  atomic,
  callHelper,
  Emitter,
  exit,
  insn,
  ldImm64,
  ldMap,
  ldMapValue,
  load,
  loadSigned,
  movImm,
  movReg,
  store,
  storeImm,
} from './emitter';
import type { HostMap } from './host-kernel';
import { edgeNumber } from './scalar-programs';

const MAP_TYPE_HASH = 1;
const MAP_TYPE_ARRAY = 2;

/** The maps of every generated program, by index. */
export const GENERATED_MAPS: readonly HostMap[] = [
  { type: MAP_TYPE_ARRAY, keySize: 4, valueSize: 64, maxEntries: 4 },
  { type: MAP_TYPE_HASH, keySize: 8, valueSize: 32, maxEntries: 16 },
  { type: MAP_TYPE_ARRAY, keySize: 4, valueSize: 48, maxEntries: 1 },
];
export const ARRAY_MAP = 0;
export const HASH_MAP = 1;
const DIRECT_MAP = 2;

/** `struct __sk_buff` (include/uapi/linux/bpf.h). */
const SKB_LEN = 0;
export const SKB_DATA = 76;
export const SKB_DATA_END = 80;

export const HELPER_LOOKUP = 1;
const HELPER_UPDATE = 2;
const HELPER_DELETE = 3;
const HELPER_SKB_LOAD_BYTES = 26;

export const FP = 10;
export const CTX = 6;
/** Holds a pointer into a map's value or the packet for the length of a statement. */
export const POINTER = 7;
export const KEPT = 8;
const COUNTER = 9;
const CALLER_SAVED = [0, 1, 2, 3, 4, 5];
/** Stack: scalar slots at the top, then keys, values and buffers of helper calls. */
const SLOTS = 8;
const KEY_OFF = -80;
const VALUE_OFF = -120;
const BUFFER_OFF = -160;
const BUFFER_BYTES = 32;

export const SIZES = [BPF_SIZE.B, BPF_SIZE.H, BPF_SIZE.W, BPF_SIZE.DW];
const SIZE_BYTES: ReadonlyMap<number, number> = new Map([
  [BPF_SIZE.B, 1],
  [BPF_SIZE.H, 2],
  [BPF_SIZE.W, 4],
  [BPF_SIZE.DW, 8],
]);
export const bytesOf = (size: number) => SIZE_BYTES.get(size) ?? 8;
const slotOff = (slot: number) => -8 * (slot + 1);

const BINARY = [
  BPF_ALU_OP.ADD,
  BPF_ALU_OP.SUB,
  BPF_ALU_OP.MUL,
  BPF_ALU_OP.DIV,
  BPF_ALU_OP.OR,
  BPF_ALU_OP.AND,
  BPF_ALU_OP.MOD,
  BPF_ALU_OP.XOR,
];
const SHIFTS = [BPF_ALU_OP.LSH, BPF_ALU_OP.RSH, BPF_ALU_OP.ARSH];
const COMPARISONS = Object.values(BPF_JMP_OP).filter(
  (op) => op !== BPF_JMP_OP.JA && op !== BPF_JMP_OP.CALL && op !== BPF_JMP_OP.EXIT && op !== BPF_JMP_OP.JCOND,
);
const ATOMICS = [BPF_ATOMIC_OP.ADD, BPF_ATOMIC_OP.OR, BPF_ATOMIC_OP.AND, BPF_ATOMIC_OP.XOR];

export interface GenerateOptions {
  /** Calls of `bpf_skb_load_bytes` as well: for verdicts, as the emulated kernel has no packet helpers to run. */
  readonly packetHelpers?: boolean;
}

/** One function being written: which registers and stack slots hold scalars at this point. */
export class FunctionWriter {
  protected scalars: Set<number>;
  private slots = new Set<number>();
  private depth = 0;

  constructor(
    protected readonly prng: Prng,
    protected readonly out: Emitter,
    args: readonly number[],
    /** Slots of calls to the subprogram, to be filled in; undefined inside it. */
    protected readonly calls: number[] | undefined,
    private readonly options: GenerateOptions = {},
  ) {
    this.scalars = new Set(args);
  }

  protected chance(oneIn: number): boolean {
    return this.prng.below(oneIn) === 0;
  }

  /** A register with a scalar, made if there is none. */
  protected scalar(): number {
    if (this.scalars.size) return this.prng.pick([...this.scalars]);
    this.out.emit(movImm(KEPT, edgeNumber(this.prng)));
    this.scalars.add(KEPT);
    return KEPT;
  }

  protected target(): number {
    const all = this.calls ? [...CALLER_SAVED, KEPT] : CALLER_SAVED;
    return this.prng.pick(all);
  }

  protected clobberCallerSaved(): void {
    for (const reg of CALLER_SAVED) this.scalars.delete(reg);
  }

  block(statements: number): void {
    for (let i = 0; i < statements; i++) this.statement();
  }

  protected statement(): void {
    const kind = this.prng.below(24);
    if (kind < 7) this.arithmetic();
    else if (kind < 9) this.constant();
    else if (kind < 11) this.spill();
    else if (kind < 13) this.fill();
    else if (kind < 16) this.branch();
    else if (this.calls === undefined) this.arithmetic();
    else if (kind < 17) this.loop();
    else if (kind < 19) this.lookup();
    else if (kind < 20) this.directValue();
    else if (kind < 22) this.packet();
    else if (kind < 23) this.helper();
    else this.callSubprogram();
  }

  private constant(): void {
    const dst = this.target();
    if (this.chance(3)) this.out.emit(...ldImm64(dst, edgeNumber(this.prng), edgeNumber(this.prng)));
    else this.out.emit(movImm(dst, edgeNumber(this.prng)));
    this.scalars.add(dst);
  }

  private arithmetic(): void {
    const dst = this.scalar();
    const cls = this.chance(2) ? BPF_CLASS.ALU64 : BPF_CLASS.ALU;
    const kind = this.prng.below(10);
    if (kind < 5) this.binary(cls, dst);
    else if (kind < 7) this.shift(cls, dst);
    else if (kind < 8) this.out.emit(insn(cls | BPF_ALU_OP.NEG, dst, 0, 0, 0));
    else if (kind < 9) this.swap(dst);
    else this.move(cls, this.target(), dst);
  }

  private binary(cls: number, dst: number): void {
    const op = this.prng.pick(BINARY);
    const off = (op === BPF_ALU_OP.DIV || op === BPF_ALU_OP.MOD) && this.chance(3) ? 1 : 0;
    if (this.chance(2)) this.out.emit(insn(cls | op | BPF_SRC.X, dst, this.scalar(), off, 0));
    else this.out.emit(insn(cls | op | BPF_SRC.K, dst, 0, off, edgeNumber(this.prng) || 3));
  }

  private shift(cls: number, dst: number): void {
    const op = this.prng.pick(SHIFTS);
    const width = cls === BPF_CLASS.ALU64 ? 64 : 32;
    if (this.chance(4)) this.out.emit(insn(cls | op | BPF_SRC.X, dst, this.scalar(), 0, 0));
    else this.out.emit(insn(cls | op | BPF_SRC.K, dst, 0, 0, this.prng.below(width)));
  }

  private swap(dst: number): void {
    const width = this.prng.pick([16, 32, 64]);
    const cls = this.chance(3) ? BPF_CLASS.ALU64 : BPF_CLASS.ALU;
    const src = cls === BPF_CLASS.ALU && this.chance(2) ? BPF_SRC.X : BPF_SRC.K;
    this.out.emit(insn(cls | BPF_ALU_OP.END | src, dst, 0, 0, width));
  }

  private move(cls: number, dst: number, src: number): void {
    const widths = cls === BPF_CLASS.ALU64 ? [0, 0, 8, 16, 32] : [0, 0, 8, 16];
    this.out.emit(insn(cls | BPF_ALU_OP.MOV | BPF_SRC.X, dst, src, this.prng.pick(widths), 0));
    this.scalars.add(dst);
  }

  private spill(): void {
    const slot = this.prng.below(SLOTS);
    if (this.chance(4)) this.out.emit(storeImm(BPF_SIZE.DW, FP, slotOff(slot), edgeNumber(this.prng)));
    else this.out.emit(store(BPF_SIZE.DW, FP, slotOff(slot), this.scalar()));
    this.slots.add(slot);
    if (this.chance(6)) this.atomically(this.prng.pick([BPF_SIZE.W, BPF_SIZE.DW]), FP, slotOff(slot));
    else if (this.chance(4)) {
      const size = this.prng.pick(SIZES);
      const within = this.prng.below(8 / bytesOf(size)) * bytesOf(size);
      this.out.emit(store(size, FP, slotOff(slot) + within, this.scalar()));
    }
  }

  private fill(): void {
    if (!this.slots.size) {
      this.spill();
      return;
    }
    const off = slotOff(this.prng.pick([...this.slots]));
    const dst = this.target();
    const size = this.chance(2) ? BPF_SIZE.DW : this.prng.pick(SIZES);
    const within = this.prng.below(8 / bytesOf(size)) * bytesOf(size);
    const isSigned = size !== BPF_SIZE.DW && this.chance(3);
    this.out.emit((isSigned ? loadSigned : load)(size, dst, FP, off + within));
    this.scalars.add(dst);
  }

  private condition(): Insn {
    const cls = this.chance(2) ? BPF_CLASS.JMP : BPF_CLASS.JMP32;
    const op = this.prng.pick(COMPARISONS);
    const dst = this.scalar();
    if (this.chance(3)) return insn(cls | op | BPF_SRC.X, dst, this.scalar(), 0, 0);
    return insn(cls | op | BPF_SRC.K, dst, 0, 0, edgeNumber(this.prng));
  }

  /** Runs `body` as one of several ways through; afterwards only what holds on all of them holds. */
  protected maybe(body: () => void): void {
    const scalars = new Set(this.scalars);
    const slots = new Set(this.slots);
    this.depth++;
    body();
    this.depth--;
    this.scalars = new Set([...this.scalars].filter((reg) => scalars.has(reg)));
    this.slots = new Set([...this.slots].filter((slot) => slots.has(slot)));
  }

  private branch(): void {
    if (this.depth > 2) {
      this.arithmetic();
      return;
    }
    const skip = this.out.jump(this.condition());
    const scalars = new Set(this.scalars);
    const slots = new Set(this.slots);
    this.maybe(() => this.block(this.prng.between(1, 3)));
    if (this.chance(2)) {
      this.out.land(skip);
      return;
    }
    const afterFirst = { scalars: this.scalars, slots: this.slots };
    this.scalars = scalars;
    this.slots = slots;
    const end = this.out.jump(this.chance(4) ? insn(OP_JA32, 0, 0, 0, 0) : undefined);
    this.out.land(skip);
    this.maybe(() => this.block(this.prng.between(1, 3)));
    this.out.land(end);
    this.scalars = new Set([...this.scalars].filter((reg) => afterFirst.scalars.has(reg)));
    this.slots = new Set([...this.slots].filter((slot) => afterFirst.slots.has(slot)));
  }

  private loop(): void {
    if (this.depth > 0) {
      this.arithmetic();
      return;
    }
    const rounds = this.prng.between(2, 8);
    this.scalars = new Set(this.scalars.has(KEPT) ? [KEPT] : []);
    this.out.emit(movImm(COUNTER, 0));
    const head = this.out.insns.length;
    this.maybe(() => {
      this.depth++;
      this.out.emit(movReg(0, COUNTER));
      this.scalars.add(0);
      this.block(this.prng.between(1, 3));
      this.depth--;
    });
    this.out.emit(aluImm(BPF_ALU_OP.ADD, COUNTER, 1));
    this.out.jumpBack(insn(BPF_CLASS.JMP | BPF_JMP_OP.JLT | BPF_SRC.K, COUNTER, 0, 0, rounds), head);
  }

  protected key(map: number): void {
    if (map === ARRAY_MAP) {
      if (this.chance(2)) this.out.emit(storeImm(BPF_SIZE.W, FP, KEY_OFF, this.prng.below(6)));
      else this.out.emit(store(BPF_SIZE.W, FP, KEY_OFF, this.scalar()));
      return;
    }
    this.out.emit(storeImm(BPF_SIZE.DW, FP, KEY_OFF, this.prng.below(4)));
    if (this.chance(3)) this.out.emit(store(BPF_SIZE.B, FP, KEY_OFF, this.scalar()));
  }

  protected keyArgument(map: number): void {
    this.out.emit(...ldMap(1, map), movReg(2, FP), aluImm(BPF_ALU_OP.ADD, 2, KEY_OFF));
  }

  private lookup(): void {
    const map = this.prng.pick([ARRAY_MAP, HASH_MAP]);
    this.key(map);
    this.keyArgument(map);
    this.out.emit(callHelper(HELPER_LOOKUP));
    this.clobberCallerSaved();
    const skip = this.out.jump(insn(BPF_CLASS.JMP | BPF_JMP_OP.JEQ | BPF_SRC.K, 0, 0, 0, 0));
    this.maybe(() => {
      this.out.emit(movReg(POINTER, 0));
      this.accesses(GENERATED_MAPS[map].valueSize, true);
    });
    this.out.land(skip);
  }

  private directValue(): void {
    const { valueSize } = GENERATED_MAPS[DIRECT_MAP];
    const from = this.prng.below(valueSize / 8) * 8;
    this.out.emit(...ldMapValue(POINTER, DIRECT_MAP, from));
    this.accesses(valueSize - from, true);
  }

  private packet(): void {
    const bytes = this.prng.between(1, 34);
    this.out.emit(load(BPF_SIZE.W, POINTER, CTX, SKB_DATA), load(BPF_SIZE.W, 5, CTX, SKB_DATA_END));
    this.scalars.delete(5);
    if (this.chance(3)) {
      this.out.emit(movReg(3, this.scalar()), aluImm(BPF_ALU_OP.AND, 3, this.prng.pick([1, 3, 7, 15])));
      this.out.emit(aluReg(BPF_ALU_OP.ADD, POINTER, 3));
      this.scalars.add(3);
    }
    this.out.emit(movReg(4, POINTER), aluImm(BPF_ALU_OP.ADD, 4, bytes));
    this.scalars.delete(4);
    const skip = this.out.jump(insn(BPF_CLASS.JMP | BPF_JMP_OP.JGT | BPF_SRC.X, 4, 5, 0, 0));
    this.maybe(() => this.accesses(bytes, false));
    this.out.land(skip);
  }

  /** A few loads and stores through the pointer register. */
  protected accesses(bytes: number, isMap: boolean): void {
    for (let i = this.prng.between(1, 4); i > 0; i--) {
      const size = this.prng.pick(SIZES.filter((s) => bytesOf(s) <= bytes));
      const unit = bytesOf(size);
      const off = isMap
        ? this.prng.below(Math.floor(bytes / unit)) * unit
        : this.prng.below(bytes - unit + 1);
      const kind = this.prng.below(isMap ? 6 : 4);
      if (kind < 2) this.loadFrom(size, off);
      else if (kind < 3) this.out.emit(store(size, POINTER, off, this.scalar()));
      else if (kind < 4) this.out.emit(storeImm(size, POINTER, off, edgeNumber(this.prng)));
      else if (kind < 5 && unit >= 4) this.atomically(size, POINTER, off);
      else this.variableLoad(bytes);
    }
  }

  private loadFrom(size: number, off: number): void {
    const dst = this.target();
    const isSigned = size !== BPF_SIZE.DW && this.chance(4);
    this.out.emit((isSigned ? loadSigned : load)(size, dst, POINTER, off));
    this.scalars.add(dst);
  }

  private atomically(size: number, base: number, off: number): void {
    const src = this.scalar();
    const kind = this.prng.below(8);
    if (kind < 2) this.out.emit(atomic(size, base, off, src, this.prng.pick(ATOMICS)));
    else if (kind < 4) {
      this.out.emit(atomic(size, base, off, src, this.prng.pick(ATOMICS) | BPF_ATOMIC_OP.FETCH));
    } else if (kind < 5) this.out.emit(atomic(size, base, off, src, BPF_ATOMIC_OP.XCHG));
    else if (kind < 6) {
      this.out.emit(atomic(size, base, off, src, BPF_ATOMIC_OP.STORE_REL));
    } else if (kind < 7) {
      const dst = this.target();
      this.out.emit(atomic(size, dst, off, base, BPF_ATOMIC_OP.LOAD_ACQ));
      this.scalars.add(dst);
    } else {
      if (!this.scalars.has(0)) this.out.emit(movImm(0, edgeNumber(this.prng)));
      this.scalars.add(0);
      this.out.emit(atomic(size, base, off, src, BPF_ATOMIC_OP.CMPXCHG));
    }
  }

  /** A load at an offset that a mask or a comparison bounds. */
  private variableLoad(bytes: number): void {
    const most = bytes >= 16 ? 7 : bytes >= 8 ? 3 : 0;
    this.out.emit(
      movReg(4, this.scalar()),
      aluImm(BPF_ALU_OP.AND, 4, most),
      aluReg(BPF_ALU_OP.ADD, 4, POINTER),
    );
    this.scalars.delete(4);
    const dst = this.prng.pick([0, 1, 2, 3]);
    this.out.emit(load(BPF_SIZE.B, dst, 4, this.prng.below(bytes - most)));
    this.scalars.add(dst);
  }

  private helper(): void {
    const kind = this.prng.below(this.options.packetHelpers ? 3 : 2);
    if (kind === 0) this.update();
    else if (kind === 1) this.remove();
    else this.loadBytes();
    this.clobberCallerSaved();
    this.scalars.add(0);
  }

  private update(): void {
    const map = this.prng.pick([ARRAY_MAP, HASH_MAP]);
    const { valueSize } = GENERATED_MAPS[map];
    const words = valueSize / 8;
    const base = VALUE_OFF - valueSize;
    for (let i = 0; i < words; i++) this.out.emit(storeImm(BPF_SIZE.DW, FP, base + 8 * i, i));
    this.out.emit(store(BPF_SIZE.W, FP, base + 4 * this.prng.below(2 * words), this.scalar()));
    this.key(map);
    this.keyArgument(map);
    this.out.emit(movReg(3, FP), aluImm(BPF_ALU_OP.ADD, 3, base), movImm(4, this.prng.below(3)));
    this.out.emit(callHelper(HELPER_UPDATE));
  }

  private remove(): void {
    this.key(HASH_MAP);
    this.keyArgument(HASH_MAP);
    this.out.emit(callHelper(HELPER_DELETE));
  }

  private loadBytes(): void {
    const at = this.scalar();
    this.out.emit(movReg(1, CTX));
    if (at === 1 || this.chance(2)) this.out.emit(movImm(2, this.prng.below(40)));
    else this.out.emit(movReg(2, at), aluImm(BPF_ALU_OP.AND, 2, 31));
    const bytes = this.prng.between(1, BUFFER_BYTES);
    this.out.emit(movReg(3, FP), aluImm(BPF_ALU_OP.ADD, 3, BUFFER_OFF), movImm(4, bytes));
    this.out.emit(callHelper(HELPER_SKB_LOAD_BYTES));
    this.out.emit(load(BPF_SIZE.B, 1, FP, BUFFER_OFF + this.prng.below(bytes)));
    this.out.emit(aluReg(BPF_ALU_OP.XOR, 0, 1));
  }

  private callSubprogram(): void {
    this.out.emit(movReg(0, this.scalar()), movReg(2, this.scalar()), movReg(1, 0));
    this.calls?.push(this.out.insns.length);
    this.out.emit(insn(OP_CALL, 0, 1, 0, 0));
    this.clobberCallerSaved();
    this.scalars.add(0);
  }

  /** Folds what is known into r0 and leaves. */
  finish(): void {
    const from = this.scalar();
    if (from !== 0) this.out.emit(movReg(0, from));
    for (const reg of this.scalars)
      if (reg !== 0 && reg !== from) this.out.emit(aluReg(BPF_ALU_OP.XOR, 0, reg));
    this.scalars.add(0);
    for (const slot of this.slots) {
      this.out.emit(load(BPF_SIZE.DW, 1, FP, slotOff(slot)), aluReg(BPF_ALU_OP.ADD, 0, 1));
    }
    this.out.emit(exit());
  }

  /** r6 = ctx and a scalar from the packet's length. */
  begin(): void {
    this.out.emit(movReg(CTX, 1), load(BPF_SIZE.W, KEPT, CTX, SKB_LEN));
    this.scalars = new Set([KEPT]);
  }
}

/** @param statements roughly the length of the main program, in statements */
export function generateProgram(prng: Prng, statements: number, options: GenerateOptions = {}): Insn[] {
  const out = new Emitter();
  const calls: number[] = [];
  const main = new FunctionWriter(prng, out, [], calls, options);
  main.begin();
  main.block(statements);
  main.finish();
  if (calls.length) {
    for (const at of calls) out.insns[at].imm = out.insns.length - at - 1;
    const callee = new FunctionWriter(prng, out, [1, 2], undefined);
    callee.block(prng.between(1, 8));
    callee.finish();
  }
  return out.insns;
}

const MUTATIONS: readonly ((prng: Prng, insns: Insn[], at: number) => void)[] = [
  (prng, insns, at) => {
    insns[at].dst = prng.below(11);
  },
  (prng, insns, at) => {
    insns[at].src = prng.below(11);
  },
  (prng, insns, at) => {
    insns[at].imm = edgeNumber(prng);
  },
  (prng, insns, at) => {
    insns[at].off += prng.between(-9, 9);
  },
  (prng, insns, at) => {
    insns[at].opcode ^= 1 << prng.below(8);
  },
  (prng, insns, at) => {
    insns[at].opcode = prng.pick(insns).opcode;
  },
  (_prng, insns, at) => {
    insns[at] = insn(BPF_CLASS.ALU64 | BPF_ALU_OP.MOV | BPF_SRC.X, 0, 0, 0, 0);
  },
  (prng, insns, at) => {
    const other = prng.below(insns.length);
    [insns[at], insns[other]] = [insns[other], insns[at]];
  },
  (prng, insns, at) => {
    insns[at] = { ...prng.pick(insns) };
  },
];

/** A copy with one to three changes of the kind that turn a good program into a bad one, or not. */
export function mutateProgram(prng: Prng, insns: readonly Insn[]): Insn[] {
  const out = insns.map((i) => ({ ...i }));
  for (let i = prng.between(1, 3); i > 0; i--) prng.pick(MUTATIONS)(prng, out, prng.below(out.length));
  return out;
}
