import type { Condition } from '@probed/isa';

/** Comparison of two unsigned numbers of `bits` bits. */
type Comparison = (a: bigint, b: bigint, bits: number) => boolean;

const COMPARISONS: Readonly<Record<Condition, Comparison>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  sgt: (a, b, bits) => BigInt.asIntN(bits, a) > BigInt.asIntN(bits, b),
  sge: (a, b, bits) => BigInt.asIntN(bits, a) >= BigInt.asIntN(bits, b),
  slt: (a, b, bits) => BigInt.asIntN(bits, a) < BigInt.asIntN(bits, b),
  sle: (a, b, bits) => BigInt.asIntN(bits, a) <= BigInt.asIntN(bits, b),
  set: (a, b) => (a & b) !== 0n,
};

/** Does the low `bits` of dst compare so with the operand's? */
export function holds(cond: Condition, dst: bigint, operand: bigint, bits: number): boolean {
  return COMPARISONS[cond](BigInt.asUintN(bits, dst), BigInt.asUintN(bits, operand), bits);
}
