import { add32, and32, arsh32, lsh32, mul32, or32, rsh32, sub32, xor32 } from './alu32';
import { add64, and64, arsh64, lsh64, mul64, or64, rsh64, sub64, xor64 } from './alu64';
import { assignLow32 } from './extend';
import { load, type ScalarState, take, UNKNOWN, ZERO } from './state';
import { regBoundsSanityCheck, regBoundsSync } from './sync';
import { tnumAdd, tnumAnd, tnumOr, tnumSub, tnumXor } from './tnum';
import { tnumMul } from './tnum-mul';
import { DST, MASK, S32MAX, S32MIN, SMAX, SMIN, SRC, U32MAX, U32MIN, UMAX, UMIN } from './words';

/** The operation field of ALU and ALU64 instructions (`BPF_OP(code)`, RFC 9669 §4.1). */
export enum AluOp {
  ADD = 0x00,
  SUB = 0x10,
  MUL = 0x20,
  DIV = 0x30,
  OR = 0x40,
  AND = 0x50,
  LSH = 0x60,
  RSH = 0x70,
  NEG = 0x80,
  MOD = 0x90,
  XOR = 0xa0,
  MOV = 0xb0,
  ARSH = 0xc0,
  END = 0xd0,
}

/** Works on the operands at DST and SRC, in place at DST. */
type Transfer = () => void;
type TnumOperation = (to: number, a: number, b: number) => void;

/** Ranges first, from the old bits, then the bits. */
function rangesThenBits(low: Transfer, wide: Transfer, bits: TnumOperation): Transfer {
  return () => {
    low();
    wide();
    bits(DST, DST, SRC);
  };
}

/** Bits first, as the ranges are derived from the result's bits. */
function bitsThenRanges(low: Transfer, wide: Transfer, bits: TnumOperation): Transfer {
  return () => {
    bits(DST, DST, SRC);
    low();
    wide();
  };
}

/**
 * At 32 bits the wide ranges are replaced by the low half's, so sums and products need not compute them. (Bit
 * operations must: their wide part tightens the low half too.)
 */
const nothing: Transfer = () => undefined;

interface Operation {
  /** Needs a known shift count below the width. */
  readonly isShift: boolean;
  readonly alu32: Transfer;
  readonly alu64: Transfer;
}

const shift = (alu32: Transfer, alu64: Transfer): Operation => ({ isShift: true, alu32, alu64 });
const bitwise = (alu: Transfer): Operation => ({ isShift: false, alu32: alu, alu64: alu });

const subtract: Operation = {
  isShift: false,
  alu32: rangesThenBits(sub32, nothing, tnumSub),
  alu64: rangesThenBits(sub32, sub64, tnumSub),
};

/** Operations whose result range is computed; after any other the result is unknown (division, modulo). */
const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [
    AluOp.ADD,
    {
      isShift: false,
      alu32: rangesThenBits(add32, nothing, tnumAdd),
      alu64: rangesThenBits(add32, add64, tnumAdd),
    },
  ],
  [AluOp.SUB, subtract],
  [AluOp.NEG, subtract],
  [
    AluOp.MUL,
    {
      isShift: false,
      alu32: bitsThenRanges(mul32, nothing, tnumMul),
      alu64: bitsThenRanges(mul32, mul64, tnumMul),
    },
  ],
  [AluOp.AND, bitwise(bitsThenRanges(and32, and64, tnumAnd))],
  [AluOp.OR, bitwise(bitsThenRanges(or32, or64, tnumOr))],
  [AluOp.XOR, bitwise(bitsThenRanges(xor32, xor64, tnumXor))],
  [AluOp.LSH, shift(lsh32, lsh64)],
  [AluOp.RSH, shift(rsh32, rsh64)],
  [AluOp.ARSH, shift(arsh32, arsh64)],
]);

/** `is_safe_to_compute_dst_reg_range`: a shift's result is only tracked for a known count below the width. */
function isKnownShift({ words }: ScalarState, alu32: boolean): boolean {
  const limit = alu32 ? 32 : 64;
  if (words[UMAX + 1] !== 0 || words[UMAX] < 0 || words[UMAX] >= limit || words[MASK] !== 0) return false;
  if (alu32) return words[S32MIN] === words[S32MAX] && words[U32MIN] === words[U32MAX];
  return (
    words[MASK + 1] === 0 &&
    words[UMIN] === words[UMAX] &&
    words[UMIN + 1] === words[UMAX + 1] &&
    words[SMIN] === words[SMAX] &&
    words[SMIN + 1] === words[SMAX + 1]
  );
}

/**
 * The destination after `dst = dst op src` on two scalars (kernel/bpf/verifier.c: adjust_scalar_min_max_vals,
 * followed by reg_bounds_sanity_check). NEG takes its operand as `dst`; `src` is ignored. An operation that is not
 * tracked, and a shift by an unknown or too large count, gives {@link UNKNOWN}.
 *
 * @param op one of {@link AluOp}, less MOV and END
 * @param alu32 the 32-bit class: the result is zero-extended
 */
export function adjustScalarMinMaxVals(
  op: number,
  alu32: boolean,
  dst: ScalarState,
  src: ScalarState,
): ScalarState {
  const operation = OPERATIONS.get(op);
  if (operation === undefined || (operation.isShift && !isKnownShift(src, alu32))) return UNKNOWN;
  const isNeg = op === AluOp.NEG;
  load(DST, isNeg ? ZERO : dst);
  load(SRC, isNeg ? dst : src);
  if (alu32) {
    operation.alu32();
    assignLow32(DST);
  } else operation.alu64();
  regBoundsSync(DST);
  regBoundsSanityCheck(DST);
  return take(DST);
}
