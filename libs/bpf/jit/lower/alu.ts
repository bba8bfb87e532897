import type { AluOp, Bits, Insn, Operand } from '@probed/isa';
import { OP, type OpName } from '@probed/wasm';
import type { FunctionContext } from './context';

/** Arithmetic that WebAssembly has as it is: shift amounts are masked there too. */
const PLAIN: Partial<Record<AluOp, { readonly i32: OpName; readonly i64: OpName }>> = {
  add: { i32: 'i32.add', i64: 'i64.add' },
  sub: { i32: 'i32.sub', i64: 'i64.sub' },
  mul: { i32: 'i32.mul', i64: 'i64.mul' },
  or: { i32: 'i32.or', i64: 'i64.or' },
  and: { i32: 'i32.and', i64: 'i64.and' },
  xor: { i32: 'i32.xor', i64: 'i64.xor' },
  lsh: { i32: 'i32.shl', i64: 'i64.shl' },
  rsh: { i32: 'i32.shr_u', i64: 'i64.shr_u' },
  arsh: { i32: 'i32.shr_s', i64: 'i64.shr_s' },
};

/** Pushes the second operand at the width of the operation. */
export function pushOperand(f: FunctionContext, insn: Insn, bits: Bits, operand: Operand): void {
  if (operand === 'reg') {
    if (bits === 64) f.regs.push64(insn.src);
    else f.regs.push32(insn.src);
  } else if (bits === 64) f.code.i64ConstSigned(insn.imm);
  else f.code.i32Const(insn.imm);
}

/** True when the second operand, as 64 bits, has a zero upper half. */
function operandIsNarrow(f: FunctionContext, insn: Insn, operand: Operand): boolean {
  return operand === 'reg' ? f.regs.isNarrow(insn.src) : insn.imm >= 0;
}

/** True when 32- and 64-bit results are the same, because the operation carries nothing across the halves. */
function isHalfwise(op: AluOp): boolean {
  return op === 'and' || op === 'or' || op === 'xor';
}

/** True when the 64-bit result has a zero upper half. */
function resultIsNarrow(f: FunctionContext, insn: Insn, op: AluOp, operand: Operand): boolean {
  const dst = f.regs.isNarrow(insn.dst);
  const other = operandIsNarrow(f, insn, operand);
  if (op === 'and') return dst || other;
  if (op === 'or' || op === 'xor') return dst && other;
  if (op === 'rsh') return dst || (operand === 'imm' && (insn.imm & 63) >= 32);
  return false;
}

/** dst = dst op operand, for operations other than division and mov. */
export function lowerPlain(f: FunctionContext, insn: Insn, op: AluOp, bits: Bits, operand: Operand): void {
  if (bits === 64 && operand === 'imm' && op === 'add' && f.regs.addKnown(insn.dst, insn.imm)) return;
  const ops = PLAIN[op]!;
  const sameEitherWay = isHalfwise(op) && f.regs.isNarrow(insn.dst) && operandIsNarrow(f, insn, operand);
  if (bits === 64 || sameEitherWay) {
    const narrow = resultIsNarrow(f, insn, op, operand);
    f.regs.push64(insn.dst);
    pushOperand(f, insn, 64, operand);
    f.code.op(OP[ops.i64]);
    f.regs.set64(insn.dst, narrow);
  } else {
    f.regs.push32(insn.dst);
    pushOperand(f, insn, 32, operand);
    f.code.op(OP[ops.i32]);
    f.regs.set32(insn.dst);
  }
}

/** dst = operand. */
export function lowerMov(f: FunctionContext, insn: Insn, bits: Bits, operand: Operand): void {
  const { regs } = f;
  if (operand === 'imm') {
    regs.setConst(insn.dst, insn.imm, bits === 64 ? insn.imm >> 31 : 0);
    return;
  }
  const constant = regs.constant(insn.src);
  if (bits === 64 || regs.isNarrow(insn.src)) regs.copy(insn.dst, insn.src);
  else if (constant) regs.setConst(insn.dst, constant.lo, 0);
  else {
    regs.push32(insn.src);
    regs.set32(insn.dst);
  }
}

/** dst = -dst. */
export function lowerNeg(f: FunctionContext, insn: Insn, bits: Bits): void {
  if (bits === 64) {
    f.code.i64Const(0, 0);
    f.regs.push64(insn.dst);
    f.code.op(OP['i64.sub']);
    f.regs.set64(insn.dst);
  } else {
    f.code.i32Const(0);
    f.regs.push32(insn.dst);
    f.code.op(OP['i32.sub']);
    f.regs.set32(insn.dst);
  }
}

const SIGN_EXTEND: Record<Bits, Record<8 | 16 | 32, OpName>> = {
  64: { 8: 'i64.extend8_s', 16: 'i64.extend16_s', 32: 'i64.extend32_s' },
  32: { 8: 'i32.extend8_s', 16: 'i32.extend16_s', 32: 'nop' },
};

/** dst = the low `from` bits of src, sign-extended to `bits`. */
export function lowerMovsx(f: FunctionContext, insn: Insn, from: 8 | 16 | 32, bits: Bits): void {
  if (bits === 64) {
    f.regs.push64(insn.src);
    f.code.op(OP[SIGN_EXTEND[64][from]]);
    f.regs.set64(insn.dst);
  } else {
    f.regs.push32(insn.src);
    f.code.op(OP[SIGN_EXTEND[32][from]]);
    f.regs.set32(insn.dst);
  }
}
