/**
 * Random programs about what a path knows of its numbers, of type sched_cls, for verdicts and logs: copies linked by id
 * and distance in 64 and 32 bits, narrow spills and fills, comparisons of both widths that decide about indexes,
 * different ways that meet again (so that pruning must tell states apart), stores at variable offsets over spills,
 * loops with may_goto, stack memory handed to a subprogram. Most indexes are in bounds on most ways, not on all.
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
  OP_JA,
  OP_MAY_GOTO,
} from '@probed/isa';
import {
  aluImm,
  aluReg,
  atomic,
  callHelper,
  Emitter,
  exit,
  insn,
  ldMapValue,
  load,
  loadSigned,
  movImm,
  movReg,
  store,
  storeImm,
} from './emitter';
import { bytesOf, FP, FunctionWriter, GENERATED_MAPS, KEPT, POINTER, SIZES } from './generate';
import { edgeNumber } from './scalar-programs';

const RANDOM_U32 = 7;
const DIRECT_MAP = 2;
/** Registers that hold numbers here. */
const NUMBERS = [0, 1, 2, 3, 4, 5, KEPT];
/** Spills lie at the top of the stack, memory for variable offsets below, far enough for both halves of slot masks. */
const SPILLS = [-8, -16, -24, -32, -288, -296];
const AREAS = [-64, -96, -320];
const AREA_BYTES = 32;

const OPS = [
  BPF_JMP_OP.JEQ,
  BPF_JMP_OP.JNE,
  BPF_JMP_OP.JGT,
  BPF_JMP_OP.JGE,
  BPF_JMP_OP.JLT,
  BPF_JMP_OP.JLE,
  BPF_JMP_OP.JSGT,
  BPF_JMP_OP.JSGE,
  BPF_JMP_OP.JSLT,
  BPF_JMP_OP.JSLE,
  BPF_JMP_OP.JSET,
];
const LIMITS = [0, 1, 2, 4, 7, 8, 15, 16, 24, 31, 32];

class LinkWriter extends FunctionWriter {
  readonly stackCalls: number[] = [];
  endless = true;

  protected override statement(): void {
    const kind = this.prng.below(28);
    if (kind < 3) super.statement();
    else if (kind < 8) this.link();
    else if (kind < 11) this.narrowSpill();
    else if (kind < 13) this.meetAgain();
    else if (kind < 16) this.guardedIndex();
    else if (kind < 18) this.variableStore();
    else if (kind < 20) this.compare();
    else if (kind < 21) this.mask();
    else if (kind < 22) this.ordered();
    else if (kind < 23) this.extend();
    else if (kind < 25) this.lendStack();
    else if (kind < 26) this.randomNumber();
    else this.endlessLoop();
  }

  private other(than: number): number {
    return this.prng.pick(NUMBERS.filter((reg) => reg !== than && this.mayWrite(reg)));
  }

  /** The subprogram keeps r6 to r9 as they are. */
  private mayWrite(reg: number): boolean {
    return reg < 6 || this.calls !== undefined;
  }

  private randomNumber(): void {
    this.out.emit(callHelper(RANDOM_U32));
    this.clobberCallerSaved();
    this.scalars.add(0);
    if (this.chance(2)) {
      const copy = this.other(0);
      this.out.emit(movReg(copy, 0));
      this.scalars.add(copy);
    }
  }

  /** A copy, perhaps some constant away, of either width. */
  private link(): void {
    const from = this.scalar();
    const to = this.other(from);
    const cls = this.chance(3) ? BPF_CLASS.ALU : BPF_CLASS.ALU64;
    this.out.emit(insn(cls | BPF_ALU_OP.MOV | BPF_SRC.X, to, from, 0, 0));
    this.scalars.add(to);
    if (this.chance(3)) return;
    const moved = this.chance(4) ? from : to;
    const width = this.chance(3) ? BPF_CLASS.ALU : BPF_CLASS.ALU64;
    const op = this.chance(4) ? BPF_ALU_OP.SUB : BPF_ALU_OP.ADD;
    const by = this.chance(8) ? edgeNumber(this.prng) : this.prng.pick([1, 2, 4, 8, -1, -8]);
    this.out.emit(insn(width | op | BPF_SRC.K, moved, 0, 0, by));
    if (this.chance(6)) this.out.emit(insn(width | op | BPF_SRC.K, moved, 0, 0, 1));
  }

  private narrowSpill(): void {
    const off = this.prng.pick(SPILLS);
    const size = this.prng.pick([BPF_SIZE.DW, BPF_SIZE.DW, BPF_SIZE.W, BPF_SIZE.H, BPF_SIZE.B]);
    if (this.chance(4)) this.out.emit(storeImm(size, FP, off, this.prng.pick([0, 0, 1, -1, 300])));
    else this.out.emit(store(size, FP, off, this.scalar()));
    if (this.chance(3)) this.under(() => this.block(1));
    const fill = this.chance(2) ? size : this.prng.pick(SIZES);
    const room = this.chance(3) ? 8 : bytesOf(size);
    const within = this.prng.below(Math.max(1, Math.floor(room / bytesOf(fill)))) * bytesOf(fill);
    const to = this.other(-1);
    const isSigned = fill !== BPF_SIZE.DW && this.chance(5);
    this.out.emit((isSigned ? loadSigned : load)(fill, to, FP, off + within));
    this.scalars.add(to);
  }

  private mask(): void {
    const reg = this.scalar();
    const cls = this.chance(2) ? BPF_CLASS.ALU : BPF_CLASS.ALU64;
    const op = this.prng.pick([
      BPF_ALU_OP.AND,
      BPF_ALU_OP.AND,
      BPF_ALU_OP.RSH,
      BPF_ALU_OP.ARSH,
      BPF_ALU_OP.OR,
    ]);
    const shifts = op === BPF_ALU_OP.RSH || op === BPF_ALU_OP.ARSH;
    const by = shifts ? this.prng.below(cls === BPF_CLASS.ALU ? 32 : 64) : this.prng.pick(LIMITS);
    this.out.emit(insn(cls | op | BPF_SRC.K, reg, 0, 0, by));
  }

  private extend(): void {
    const from = this.scalar();
    const to = this.other(-1);
    const wide = this.chance(2);
    const bits = this.prng.pick(wide ? [8, 16, 32] : [8, 16]);
    const cls = wide ? BPF_CLASS.ALU64 : BPF_CLASS.ALU;
    this.out.emit(insn(cls | BPF_ALU_OP.MOV | BPF_SRC.X, to, from, bits, 0));
    this.scalars.add(to);
  }

  private test(): Insn {
    const cls = this.chance(2) ? BPF_CLASS.JMP : BPF_CLASS.JMP32;
    const op = this.prng.pick(OPS);
    const dst = this.scalar();
    if (this.chance(4)) return insn(cls | op | BPF_SRC.X, dst, this.scalar(), 0, 0);
    const limit = this.chance(5) ? edgeNumber(this.prng) : this.prng.pick(LIMITS);
    return insn(cls | op | BPF_SRC.K, dst, 0, 0, limit);
  }

  private under(body: () => void): void {
    const skip = this.out.jump(this.test());
    this.maybe(body);
    this.out.land(skip);
  }

  private compare(): void {
    this.under(() => this.block(1));
  }

  /** One register gets different contents on two ways, then both go on. */
  private meetAgain(): void {
    const reg = this.other(-1);
    const give = () => {
      if (this.chance(2) || this.scalars.size === 0) this.out.emit(movImm(reg, this.prng.pick(LIMITS)));
      else this.out.emit(movReg(reg, this.scalar()));
      this.scalars.add(reg);
    };
    const skip = this.out.jump(this.test());
    give();
    const end = this.out.jump();
    this.out.land(skip);
    give();
    this.out.land(end);
  }

  /** Uses a number as an offset into the stack or a map's value, where tests and masks before may have bounded it. */
  private guardedIndex(): void {
    const index = this.scalar();
    const skips: number[] = [];
    if (this.chance(2)) {
      const cls = this.chance(3) ? BPF_CLASS.JMP32 : BPF_CLASS.JMP;
      const op = this.prng.pick([BPF_JMP_OP.JGT, BPF_JMP_OP.JGE, BPF_JMP_OP.JSGT]);
      skips.push(this.out.jump(insn(cls | op | BPF_SRC.K, this.scalar(), 0, 0, AREA_BYTES - 8)));
    }
    this.maybe(() => {
      if (this.chance(3)) this.out.emit(aluImm(BPF_ALU_OP.AND, index, 15));
      this.pointTo(index);
      const size = this.prng.pick([BPF_SIZE.B, BPF_SIZE.B, BPF_SIZE.W, BPF_SIZE.DW]);
      if (this.chance(2)) this.out.emit(store(size, POINTER, 0, this.scalar()));
      else this.out.emit(load(size, this.other(-1), POINTER, 0));
    });
    for (const skip of skips) this.out.land(skip);
  }

  private pointTo(index: number): void {
    if (this.chance(2)) {
      const { valueSize } = GENERATED_MAPS[DIRECT_MAP];
      this.out.emit(...ldMapValue(POINTER, DIRECT_MAP, this.prng.below(valueSize / 16) * 8));
    } else {
      this.out.emit(movReg(POINTER, FP), aluImm(BPF_ALU_OP.ADD, POINTER, this.prng.pick(AREAS)));
    }
    this.out.emit(aluReg(BPF_ALU_OP.ADD, POINTER, index));
  }

  /** Spills, then a store at a variable offset that reaches them, then fills. */
  private variableStore(): void {
    const area = this.prng.pick(AREAS);
    for (let off = 0; off < 16; off += 8) {
      if (this.chance(4)) continue;
      if (this.chance(3)) this.out.emit(storeImm(BPF_SIZE.DW, FP, area + off, 0));
      else this.out.emit(store(this.prng.pick([BPF_SIZE.DW, BPF_SIZE.W]), FP, area + off, this.scalar()));
    }
    const index = this.other(-1);
    this.out.emit(movReg(index, this.scalar()), aluImm(BPF_ALU_OP.AND, index, this.prng.pick([3, 7, 8, 15])));
    this.out.emit(
      movReg(POINTER, FP),
      aluImm(BPF_ALU_OP.ADD, POINTER, area),
      aluReg(BPF_ALU_OP.ADD, POINTER, index),
    );
    this.scalars.add(index);
    const size = this.prng.pick([BPF_SIZE.B, BPF_SIZE.B, BPF_SIZE.DW]);
    if (this.chance(2)) this.out.emit(storeImm(size, POINTER, 0, this.prng.below(2)));
    else this.out.emit(store(size, POINTER, 0, this.scalar()));
    const to = this.other(-1);
    this.out.emit(load(this.prng.pick(SIZES), to, FP, area));
    this.scalars.add(to);
  }

  private ordered(): void {
    const off = this.prng.pick(SPILLS);
    const size = this.prng.pick(SIZES);
    this.out.emit(atomic(size, FP, off, this.scalar(), BPF_ATOMIC_OP.STORE_REL));
    if (this.chance(2)) this.under(() => this.block(1));
    const to = this.other(-1);
    this.out.emit(atomic(this.chance(3) ? this.prng.pick(SIZES) : size, to, off, FP, BPF_ATOMIC_OP.LOAD_ACQ));
    this.scalars.add(to);
  }

  /** A subprogram reads or writes a slot of this frame. */
  private lendStack(): void {
    if (this.calls === undefined) {
      this.link();
      return;
    }
    const off = this.prng.pick(SPILLS);
    if (!this.chance(4)) this.out.emit(store(BPF_SIZE.DW, FP, off, this.scalar()));
    const value = this.scalar();
    this.out.emit(movReg(2, value), movReg(1, FP), aluImm(BPF_ALU_OP.ADD, 1, off));
    this.stackCalls.push(this.out.insns.length);
    this.out.emit(insn(OP_CALL, 0, 1, 0, 0));
    this.clobberCallerSaved();
    this.scalars.add(0);
    if (this.chance(2)) this.out.emit(load(BPF_SIZE.DW, 0, FP, off));
  }

  private endlessLoop(): void {
    if (this.calls === undefined || !this.endless) {
      this.compare();
      return;
    }
    this.scalar();
    const kept = this.scalars.has(KEPT);
    this.scalars = new Set(kept ? [KEPT] : []);
    const head = this.out.insns.length;
    const leave = this.out.jump(insn(OP_MAY_GOTO, 0, 0, 0, 0));
    this.maybe(() => this.block(this.prng.between(1, 2)));
    this.out.jumpBack(insn(OP_JA, 0, 0, 0, 0), head);
    this.out.land(leave);
  }
}

/** r1 points to eight bytes of the caller's stack, r2 is a number. */
function stackCallee(prng: Prng, out: Emitter): void {
  const skip = out.jump(insn(BPF_CLASS.JMP | prng.pick(OPS) | BPF_SRC.K, 2, 0, 0, prng.pick(LIMITS)));
  const writes = prng.below(3);
  if (writes > 0) out.emit(store(prng.pick([BPF_SIZE.DW, BPF_SIZE.W]), 1, 0, 2));
  else out.emit(load(BPF_SIZE.DW, 2, 1, 0));
  if (prng.below(2)) out.land(skip);
  out.emit(movReg(0, 2));
  if (out.insns[skip].off === 0) out.land(skip);
  out.emit(movImm(0, prng.below(40)), exit());
}

interface LinkOptions {
  /** Loops that only may_goto ends as well. */
  readonly endless?: boolean;
}

/** @param statements roughly the length of the main program, in statements */
export function generateLinkProgram(
  prng: Prng,
  statements: number,
  { endless = true }: LinkOptions = {},
): Insn[] {
  const out = new Emitter();
  const calls: number[] = [];
  const main = new LinkWriter(prng, out, [], calls, { packetHelpers: endless });
  main.endless = endless;
  main.begin();
  main.block(statements);
  main.finish();
  if (calls.length) {
    for (const at of calls) out.insns[at].imm = out.insns.length - at - 1;
    const callee = new LinkWriter(prng, out, [1, 2], undefined);
    callee.block(prng.between(1, 6));
    callee.finish();
  }
  if (main.stackCalls.length) {
    for (const at of main.stackCalls) out.insns[at].imm = out.insns.length - at - 1;
    stackCallee(prng, out);
  }
  return out.insns;
}
