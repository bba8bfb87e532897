import { BPF_REG_FP, MAX_BPF_REG, MAX_BPF_STACK } from '@probed/isa';
import { DIRECT_MAP_HI } from '@probed/memory';
import { type CodeWriter, OP } from '@probed/wasm';

const WRAP = OP['i32.wrap_i64'];
const EXTEND_U = OP['i64.extend_i32_u'];

/** What is known of a register's value at the instruction being compiled. */
type Known =
  | { readonly kind: 'nothing' }
  /** The upper 32 bits are zero. */
  | { readonly kind: 'narrow' }
  /** A constant; halves as signed 32-bit numbers. */
  | { readonly kind: 'const'; readonly lo: number; readonly hi: number }
  /** r10 + `offset`. */
  | { readonly kind: 'frame'; readonly offset: number };

const NOTHING: Known = { kind: 'nothing' };
const NARROW: Known = { kind: 'narrow' };
const FP: Known = { kind: 'frame', offset: 0 };

/** An i32 memory address: the sum of the value pushed on the Wasm stack and `offset`, which fits a memarg. */
interface PushedAddress {
  readonly offset: number;
}

/**
 * The eBPF registers of one function as i64 locals, and what is known of them within a block.
 *
 * A constant or a frame address is not written to its local until a block ends: reads emit the value itself, so the
 * set-up of helper arguments costs nothing. The frame is addressed from its lowest byte, because memory operands of
 * WebAssembly take unsigned offsets only.
 */
export class Registers {
  private readonly known: Known[] = new Array(MAX_BPF_REG).fill(NOTHING);
  /** Known value not yet in the local. */
  private readonly pending: boolean[] = new Array(MAX_BPF_REG).fill(false);

  /**
   * @param locals index of the i64 local of r0–r9
   * @param frameBase index of the i32 local with the offset of the frame's lowest byte
   */
  constructor(
    private readonly code: CodeWriter,
    private readonly locals: readonly number[],
    private readonly frameBase: number,
  ) {
    this.known[BPF_REG_FP] = FP;
    this.pending[BPF_REG_FP] = true;
  }

  isNarrow(reg: number): boolean {
    const known = this.known[reg];
    return known.kind === 'narrow' || (known.kind === 'const' && known.hi === 0);
  }

  /** The register's constant, if it is one. */
  constant(reg: number): { readonly lo: number; readonly hi: number } | undefined {
    const known = this.known[reg];
    return known.kind === 'const' ? known : undefined;
  }

  /** Pushes all 64 bits. */
  push64(reg: number): void {
    const known = this.known[reg];
    if (known.kind === 'const') this.code.i64Const(known.lo, known.hi);
    else if (known.kind === 'frame') this.pushFrame64(known.offset);
    else this.code.localGet(this.locals[reg]);
  }

  /** Pushes the low 32 bits. */
  push32(reg: number): void {
    const known = this.known[reg];
    if (known.kind === 'const') this.code.i32Const(known.lo);
    else if (known.kind === 'frame') this.pushFrame32(known.offset);
    else this.code.localGet(this.locals[reg]).op(WRAP);
  }

  /** Pushes the high 32 bits. */
  pushHigh32(reg: number): void {
    const known = this.known[reg];
    if (known.kind === 'const') this.code.i32Const(known.hi);
    else if (known.kind === 'narrow') this.code.i32Const(0);
    else if (known.kind === 'frame') this.code.i32Const(DIRECT_MAP_HI | 0);
    else this.code.localGet(this.locals[reg]).i64Const(32, 0).op(OP['i64.shr_u']).op(WRAP);
  }

  /** Pushes the address `reg + offset` of a proven access. */
  pushAddress(reg: number, offset: number): PushedAddress {
    const known = this.known[reg];
    if (known.kind === 'const') {
      this.code.i32Const(known.lo + offset);
      return { offset: 0 };
    }
    if (known.kind === 'frame') {
      this.code.localGet(this.frameBase);
      return this.addNegative(known.offset + offset + MAX_BPF_STACK);
    }
    this.code.localGet(this.locals[reg]).op(WRAP);
    return this.addNegative(offset);
  }

  /** Pops 64 bits into the register. */
  set64(reg: number, narrow = false): void {
    this.code.localSet(this.locals[reg]);
    this.know(reg, narrow ? NARROW : NOTHING, false);
  }

  /** Pops 32 bits, zero-extended, into the register. */
  set32(reg: number): void {
    this.code.op(EXTEND_U);
    this.set64(reg, true);
  }

  setConst(reg: number, lo: number, hi: number): void {
    this.know(reg, { kind: 'const', lo: lo | 0, hi: hi | 0 }, true);
  }

  copy(dst: number, src: number): void {
    const known = this.known[src];
    if (dst === src) return;
    if (known.kind === 'const' || known.kind === 'frame') {
      this.know(dst, known, true);
    } else {
      this.push64(src);
      this.set64(dst, known.kind === 'narrow');
    }
  }

  /** reg += value, where that needs no code. @returns false when it does */
  addKnown(reg: number, value: number): boolean {
    const known = this.known[reg];
    if (known.kind === 'frame') {
      this.know(reg, { kind: 'frame', offset: known.offset + value }, true);
      return true;
    }
    if (known.kind !== 'const') return false;
    const lo = (known.lo + value) | 0;
    const carry = lo >>> 0 < known.lo >>> 0 ? 1 : 0;
    this.setConst(reg, lo, known.hi + (value >> 31) + carry);
    return true;
  }

  /** r1–r5 hold nothing of use after a call. */
  clobberArguments(): void {
    for (let reg = 1; reg <= 5; reg++) this.know(reg, NOTHING, false);
  }

  /** Writes what is pending, for code that follows a jump. */
  flush(): void {
    for (let reg = 0; reg < BPF_REG_FP; reg++) {
      if (!this.pending[reg]) continue;
      this.push64(reg);
      this.code.localSet(this.locals[reg]);
      this.pending[reg] = false;
    }
  }

  /** Control may come from elsewhere: nothing is known. */
  forget(): void {
    for (let reg = 0; reg < BPF_REG_FP; reg++) this.know(reg, NOTHING, false);
  }

  private know(reg: number, known: Known, pending: boolean): void {
    this.known[reg] = known;
    this.pending[reg] = pending;
  }

  private pushFrame32(offset: number): void {
    this.code.localGet(this.frameBase);
    const fromBase = offset + MAX_BPF_STACK;
    if (fromBase !== 0) this.code.i32Const(fromBase).op(OP['i32.add']);
  }

  private pushFrame64(offset: number): void {
    this.code.localGet(this.frameBase).op(EXTEND_U);
    const fromBase = offset + MAX_BPF_STACK;
    const carry = fromBase < 0 ? -1 : 0;
    this.code.i64Const(fromBase, DIRECT_MAP_HI + carry).op(OP['i64.add']);
  }

  private addNegative(offset: number): PushedAddress {
    if (offset >= 0) return { offset };
    this.code.i32Const(offset).op(OP['i32.add']);
    return { offset: 0 };
  }
}
