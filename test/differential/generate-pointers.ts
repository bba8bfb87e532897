/**
 * Random programs about pointers, of type sched_cls, for verdicts: offsets bounded by masks and by comparisons, pointers
 * kept on the stack and handed to subprograms, null checks through copies, references, packet pointers that a helper
 * invalidates, variable sizes. Some of their steps leave a check out, so that both verdicts are common.
 */
import type { Prng } from '@probed/base';
import { BPF_ALU_OP, BPF_CLASS, BPF_JMP_OP, BPF_SIZE, BPF_SRC, type Insn, OP_CALL } from '@probed/isa';
import {
  aluImm,
  aluReg,
  callHelper,
  Emitter,
  exit,
  insn,
  ldMap,
  load,
  movImm,
  movReg,
  store,
  storeImm,
} from './emitter';
import {
  ARRAY_MAP,
  bytesOf,
  CTX,
  FP,
  FunctionWriter,
  GENERATED_MAPS,
  HASH_MAP,
  HELPER_LOOKUP,
  KEPT,
  POINTER,
  SIZES,
  SKB_DATA,
  SKB_DATA_END,
} from './generate';
import type { HostMap } from './host-kernel';
import { edgeNumber } from './scalar-programs';

const MAP_TYPE_RINGBUF = 27;
const RING_MAP = GENERATED_MAPS.length;

/** The maps of these programs, by index. */
export const POINTER_MAPS: readonly HostMap[] = [
  ...GENERATED_MAPS,
  { type: MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0, maxEntries: 4096 },
];

const HELPER = {
  skbStoreBytes: 9,
  randomU32: 7,
  skbLoadBytes: 26,
  csumDiff: 28,
  skbPullData: 39,
  skLookupTcp: 84,
  skRelease: 86,
  ringbufOutput: 130,
  ringbufReserve: 131,
  ringbufSubmit: 132,
  ringbufDiscard: 133,
} as const;

/** Where pointers are kept on the stack, and where keys, tuples and buffers lie. */
const POINTER_SLOT = -200;
const AREA = -280;
const AREA_BYTES = 64;
const TUPLE_BYTES = 12;

const jumpImm = (op: number, dst: number, imm: number) =>
  insn(BPF_CLASS.JMP | op | BPF_SRC.K, dst, 0, 0, imm);
const jumpReg = (op: number, dst: number, src: number) =>
  insn(BPF_CLASS.JMP | op | BPF_SRC.X, dst, src, 0, 0);
const jump32Imm = (op: number, dst: number, imm: number) =>
  insn(BPF_CLASS.JMP32 | op | BPF_SRC.K, dst, 0, 0, imm);
const mov32 = (dst: number, src: number) => insn(BPF_CLASS.ALU | BPF_ALU_OP.MOV | BPF_SRC.X, dst, src, 0, 0);

class PointerWriter extends FunctionWriter {
  protected override statement(): void {
    const kind = this.prng.below(30);
    if (kind < 8 || this.calls === undefined) super.statement();
    else if (kind < 12) this.indexedValue();
    else if (kind < 14) this.nullCheckThroughCopy();
    else if (kind < 16) this.stackIndex();
    else if (kind < 19) this.packetWalk();
    else if (kind < 21) this.variableSize();
    else if (kind < 23) this.ringRecord();
    else if (kind < 25) this.socket();
    else if (kind < 26) this.invalidatedPacket();
    else if (kind < 27) this.context();
    else this.callWithPointer();
  }

  /** r7 = value of a map, checked; `body` runs when there is one. */
  private withValue(map: number, body: () => void): void {
    this.key(map);
    this.keyArgument(map);
    this.out.emit(callHelper(HELPER_LOOKUP));
    this.clobberCallerSaved();
    const skip = this.out.jump(jumpImm(BPF_JMP_OP.JEQ, 0, 0));
    this.maybe(() => {
      this.out.emit(movReg(POINTER, 0));
      body();
    });
    if (!this.chance(40)) this.out.land(skip);
  }

  private anyMap(): number {
    return this.prng.pick([ARRAY_MAP, HASH_MAP]);
  }

  /** Makes register 3 an index below `limit` in one of the ways that compilers do; `body` runs when it is. */
  private withIndex(limit: number, body: () => void): void {
    const source = this.scalar();
    const most = this.chance(6) ? limit + this.prng.below(3) : limit - 1;
    const skips: number[] = [];
    const kind = this.prng.below(7);
    this.out.emit(kind === 2 || kind === 3 ? mov32(3, source) : movReg(3, source));
    if (kind === 0) this.out.emit(aluImm(BPF_ALU_OP.AND, 3, 2 ** Math.floor(Math.log2(limit)) - 1));
    else if (kind === 1) skips.push(this.out.jump(jumpImm(BPF_JMP_OP.JGT, 3, most)));
    else if (kind === 2) skips.push(this.out.jump(jump32Imm(BPF_JMP_OP.JGT, 3, most)));
    else if (kind === 3) skips.push(this.out.jump(jumpImm(BPF_JMP_OP.JGE, 3, most + 1)));
    else if (kind === 4) {
      skips.push(this.out.jump(jumpImm(BPF_JMP_OP.JSGT, 3, most)));
      if (!this.chance(5)) skips.push(this.out.jump(jumpImm(BPF_JMP_OP.JSLT, 3, 0)));
    } else if (kind === 5) {
      skips.push(this.out.jump(jumpImm(BPF_JMP_OP.JGT, source, most)));
    } else {
      this.out.emit(movImm(3, most));
      skips.push(this.out.jump(jumpReg(BPF_JMP_OP.JLT, 3, source)));
      this.out.emit(movReg(3, source));
    }
    this.scalars.add(3);
    this.maybe(body);
    for (const skip of skips) this.out.land(skip);
    this.scalars.delete(3);
  }

  private indexedValue(): void {
    const map = this.anyMap();
    const bytes = GENERATED_MAPS[map].valueSize;
    this.withValue(map, () => {
      const size = this.prng.pick(SIZES);
      const unit = bytesOf(size);
      const count = this.prng.between(1, Math.floor(bytes / unit));
      this.withIndex(count, () => {
        if (unit > 1 && this.chance(2)) this.out.emit(aluImm(BPF_ALU_OP.LSH, 3, Math.log2(unit)));
        else if (unit > 1) this.out.emit(aluImm(BPF_ALU_OP.MUL, 3, unit));
        if (this.chance(2)) this.out.emit(aluReg(BPF_ALU_OP.ADD, POINTER, 3), load(size, 0, POINTER, 0));
        else
          this.out.emit(aluReg(BPF_ALU_OP.ADD, 3, POINTER), store(size, 3, 0, this.prng.pick([KEPT, 3, 3])));
        this.scalars.delete(0);
      });
    });
  }

  /** The check is on one copy of the pointer, the access through another, or through the stack. */
  private nullCheckThroughCopy(): void {
    const map = this.anyMap();
    this.key(map);
    this.keyArgument(map);
    this.out.emit(callHelper(HELPER_LOOKUP));
    this.clobberCallerSaved();
    this.out.emit(movReg(POINTER, 0));
    const onStack = this.chance(2);
    if (onStack) this.out.emit(store(BPF_SIZE.DW, FP, POINTER_SLOT, 0));
    const checked = this.prng.pick([0, POINTER]);
    const op = this.prng.pick([BPF_JMP_OP.JEQ, BPF_JMP_OP.JNE]);
    const skip = this.out.jump(jumpImm(op, checked, 0));
    const away = op === BPF_JMP_OP.JNE ? this.out.jump() : undefined;
    if (away !== undefined && !this.chance(30)) this.out.land(skip);
    this.maybe(() => {
      if (onStack) this.out.emit(load(BPF_SIZE.DW, POINTER, FP, POINTER_SLOT));
      this.accesses(GENERATED_MAPS[map].valueSize, true);
    });
    this.out.land(away ?? skip);
  }

  private fillArea(): void {
    for (let off = 0; off < AREA_BYTES; off += 8) {
      if (!this.chance(60)) this.out.emit(storeImm(BPF_SIZE.DW, FP, AREA + off, 0));
    }
  }

  private stackIndex(): void {
    this.fillArea();
    const size = this.prng.pick(SIZES);
    this.withIndex(AREA_BYTES - bytesOf(size) + 1, () => {
      this.out.emit(movReg(4, FP), aluImm(BPF_ALU_OP.ADD, 4, AREA), aluReg(BPF_ALU_OP.ADD, 4, 3));
      this.scalars.delete(4);
      if (this.chance(2)) this.out.emit(load(size, 0, 4, 0));
      else this.out.emit(store(size, 4, 0, this.scalar()));
    });
    this.scalars.delete(0);
  }

  private packetBounds(): void {
    this.out.emit(load(BPF_SIZE.W, POINTER, CTX, SKB_DATA), load(BPF_SIZE.W, 5, CTX, SKB_DATA_END));
    this.scalars.delete(5);
  }

  /** A header whose length is in the packet, and what follows it. */
  private packetWalk(): void {
    this.packetBounds();
    const header = this.prng.between(1, 20);
    this.out.emit(movReg(4, POINTER), aluImm(BPF_ALU_OP.ADD, 4, header));
    this.scalars.delete(4);
    const skips = [this.out.jump(jumpReg(BPF_JMP_OP.JGT, 4, 5))];
    this.out.emit(load(BPF_SIZE.B, 3, POINTER, this.prng.below(header + (this.chance(8) ? 1 : 0))));
    if (!this.chance(4)) this.out.emit(aluImm(BPF_ALU_OP.AND, 3, this.prng.pick([3, 15, 60])));
    if (this.chance(2)) this.out.emit(aluImm(BPF_ALU_OP.LSH, 3, 2));
    this.out.emit(aluReg(BPF_ALU_OP.ADD, POINTER, 3));
    const more = this.prng.between(1, 16);
    this.out.emit(movReg(4, POINTER), aluImm(BPF_ALU_OP.ADD, 4, more));
    const op = this.prng.pick([BPF_JMP_OP.JGT, BPF_JMP_OP.JGE]);
    if (this.chance(3)) {
      const flipped = op === BPF_JMP_OP.JGT ? BPF_JMP_OP.JLT : BPF_JMP_OP.JLE;
      skips.push(this.out.jump(jumpReg(flipped, 5, 4)));
    } else skips.push(this.out.jump(jumpReg(op, 4, 5)));
    this.scalars.delete(3);
    this.maybe(() => this.accesses(more + (this.chance(10) ? 1 : 0), false));
    for (const skip of skips) this.out.land(skip);
  }

  private areaArgument(reg: number): void {
    this.out.emit(movReg(reg, FP), aluImm(BPF_ALU_OP.ADD, reg, AREA));
    this.scalars.delete(reg);
  }

  /** A helper that takes memory and a size which is only known by its bounds. */
  private variableSize(): void {
    const kind = this.prng.below(3);
    if (kind > 0) this.fillArea();
    this.withIndex(AREA_BYTES + 1, () => {
      if (!this.chance(3)) this.out.emit(aluImm(BPF_ALU_OP.ADD, 3, this.chance(5) ? 1 : 0));
      this.out.emit(movReg(4, 3));
      if (kind === 0) {
        this.out.emit(movReg(1, CTX), movImm(2, 0));
        this.areaArgument(3);
        this.out.emit(callHelper(HELPER.skbLoadBytes));
      } else if (kind === 1) {
        this.out.emit(movReg(2, 4));
        this.areaArgument(1);
        this.out.emit(movImm(3, 0), movImm(4, 0), movImm(5, 0), callHelper(HELPER.csumDiff));
      } else {
        this.out.emit(movReg(3, 4), ...ldMap(1, RING_MAP));
        this.areaArgument(2);
        this.out.emit(movImm(4, 0), callHelper(HELPER.ringbufOutput));
      }
      this.clobberCallerSaved();
    });
    this.clobberCallerSaved();
  }

  private ringRecord(): void {
    const bytes = this.prng.between(1, 5) * 8;
    this.out.emit(...ldMap(1, RING_MAP), movImm(2, bytes), movImm(3, 0), callHelper(HELPER.ringbufReserve));
    this.clobberCallerSaved();
    const skip = this.out.jump(jumpImm(BPF_JMP_OP.JEQ, 0, 0));
    this.maybe(() => {
      this.out.emit(movReg(POINTER, 0));
      this.accesses(bytes + (this.chance(12) ? 8 : 0), true);
      this.scalar();
      if (this.chance(12)) return;
      const early = this.chance(15)
        ? this.out.jump(jumpImm(BPF_JMP_OP.JGT, KEPT, edgeNumber(this.prng)))
        : undefined;
      this.out.emit(movReg(1, POINTER), movImm(2, 0));
      this.out.emit(callHelper(this.chance(2) ? HELPER.ringbufSubmit : HELPER.ringbufDiscard));
      this.clobberCallerSaved();
      if (this.chance(15)) this.out.emit(load(BPF_SIZE.B, 1, POINTER, 0));
      if (early !== undefined) this.out.land(early);
    });
    this.out.land(skip);
  }

  private socket(): void {
    for (let off = 0; off < 16; off += 8) this.out.emit(storeImm(BPF_SIZE.DW, FP, AREA + off, 0));
    this.out.emit(movReg(1, CTX));
    this.areaArgument(2);
    this.out.emit(movImm(3, TUPLE_BYTES), movImm(4, -1), movImm(5, 0), callHelper(HELPER.skLookupTcp));
    this.clobberCallerSaved();
    const skip = this.out.jump(jumpImm(BPF_JMP_OP.JEQ, 0, 0));
    this.maybe(() => {
      this.out.emit(movReg(POINTER, 0));
      this.out.emit(
        load(this.prng.pick([BPF_SIZE.W, BPF_SIZE.W, BPF_SIZE.H]), 1, POINTER, 4 * this.prng.below(20)),
      );
      if (this.chance(12)) return;
      this.out.emit(movReg(1, POINTER), callHelper(HELPER.skRelease));
      this.clobberCallerSaved();
    });
    this.out.land(skip);
  }

  /** Helpers that may move the packet end all earlier checks. */
  private invalidatedPacket(): void {
    this.packetBounds();
    this.out.emit(movReg(4, POINTER), aluImm(BPF_ALU_OP.ADD, 4, 8));
    const skip = this.out.jump(jumpReg(BPF_JMP_OP.JGT, 4, 5));
    this.maybe(() => {
      if (this.chance(2)) {
        this.out.emit(movReg(1, CTX), movImm(2, 16), callHelper(HELPER.skbPullData));
      } else {
        this.out.emit(storeImm(BPF_SIZE.DW, FP, AREA, 0), movReg(1, CTX), movImm(2, 0));
        this.areaArgument(3);
        this.out.emit(movImm(4, 8), movImm(5, 0), callHelper(HELPER.skbStoreBytes));
      }
      this.clobberCallerSaved();
      if (this.chance(3)) this.out.emit(load(BPF_SIZE.B, 0, POINTER, 0));
    });
    this.out.land(skip);
    this.clobberCallerSaved();
  }

  private context(): void {
    const off = 4 * this.prng.below(48);
    if (this.chance(2)) {
      this.out.emit(load(BPF_SIZE.W, 0, CTX, off));
      this.scalars.delete(0);
    } else this.out.emit(store(BPF_SIZE.W, CTX, this.prng.pick([8, 32, 48, 52, off]), this.scalar()));
  }

  /** Calls the second subprogram: a pointer in r1, how many bytes it is good for in r2. */
  private callWithPointer(): void {
    const kind = this.prng.below(3);
    const call = () => {
      this.out.emit(movImm(2, this.prng.between(1, 8)));
      this.pointerCalls.push(this.out.insns.length);
      this.out.emit(insn(OP_CALL, 0, 1, 0, 0));
      this.clobberCallerSaved();
      this.scalars.add(0);
    };
    if (kind === 0) {
      this.fillArea();
      this.areaArgument(1);
      call();
    } else if (kind === 1) {
      this.withValue(this.anyMap(), () => {
        this.out.emit(movReg(1, POINTER));
        call();
      });
    } else {
      this.out.emit(movReg(1, this.chance(20) ? CTX : FP));
      if (this.chance(2)) this.out.emit(movReg(1, this.scalar()));
      call();
    }
  }

  readonly pointerCalls: number[] = [];
}

/** Reads a few bytes through r1, which some callers give it as a pointer and some do not. */
function pointerCallee(prng: Prng, out: Emitter): void {
  const off = prng.pick([0, 0, 0, 1, 4, -8]);
  out.emit(load(prng.pick(SIZES), 0, 1, off));
  if (prng.below(2)) out.emit(store(BPF_SIZE.B, 1, 0, 2));
  out.emit(aluReg(BPF_ALU_OP.ADD, 0, 2), exit());
}

/** @param statements roughly the length of the main program, in statements */
export function generatePointerProgram(prng: Prng, statements: number): Insn[] {
  const out = new Emitter();
  const calls: number[] = [];
  const main = new PointerWriter(prng, out, [], calls, { packetHelpers: true });
  main.begin();
  main.block(statements);
  main.finish();
  if (calls.length) {
    for (const at of calls) out.insns[at].imm = out.insns.length - at - 1;
    const callee = new FunctionWriter(prng, out, [1, 2], undefined);
    callee.block(prng.between(1, 6));
    callee.finish();
  }
  if (main.pointerCalls.length) {
    for (const at of main.pointerCalls) out.insns[at].imm = out.insns.length - at - 1;
    pointerCallee(prng, out);
  }
  return out.insns;
}
