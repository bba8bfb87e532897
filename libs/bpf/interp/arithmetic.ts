import type { AluOp } from '@probed/isa';

/**
 * One operation on operands given as unsigned numbers of `bits` bits; the caller cuts the result to `bits`. A shift
 * count is taken modulo `bits`, division by zero gives 0, modulo by zero the dividend (RFC 9669 §4.1).
 */
type Operation = (a: bigint, b: bigint, bits: number) => bigint;

const OPERATIONS: Readonly<Record<AluOp, Operation>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (b === 0n ? 0n : a / b),
  sdiv: (a, b, bits) => (b === 0n ? 0n : BigInt.asIntN(bits, a) / BigInt.asIntN(bits, b)),
  mod: (a, b) => (b === 0n ? a : a % b),
  smod: (a, b, bits) => (b === 0n ? a : BigInt.asIntN(bits, a) % BigInt.asIntN(bits, b)),
  or: (a, b) => a | b,
  and: (a, b) => a & b,
  xor: (a, b) => a ^ b,
  lsh: (a, b, bits) => a << shiftCount(b, bits),
  rsh: (a, b, bits) => a >> shiftCount(b, bits),
  arsh: (a, b, bits) => BigInt.asIntN(bits, a) >> shiftCount(b, bits),
  mov: (_a, b) => b,
};

function shiftCount(count: bigint, bits: number): bigint {
  return count & BigInt(bits - 1);
}

/** dst op operand at 32 or 64 bits; a 32-bit result is zero-extended. Operands of any width, result unsigned. */
export function alu(op: AluOp, dst: bigint, operand: bigint, bits: number): bigint {
  const result = OPERATIONS[op](BigInt.asUintN(bits, dst), BigInt.asUintN(bits, operand), bits);
  return BigInt.asUintN(bits, result);
}

/** The low `from` bits sign-extended to `bits`, zero-extended to 64. */
export function signExtend(value: bigint, from: number, bits: number): bigint {
  return BigInt.asUintN(bits, BigInt.asIntN(from, value));
}

/** The low `bits` bits with their bytes in reverse order, zero-extended. */
export function reverseBytes(value: bigint, bits: number): bigint {
  let reversed = 0n;
  for (let bit = 0; bit < bits; bit += 8) reversed = (reversed << 8n) | ((value >> BigInt(bit)) & 0xffn);
  return reversed;
}
