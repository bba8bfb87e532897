import fc from 'fast-check';
import { isScalarBranchTaken } from './branch-taken';
import { regSetMinMax } from './cond';
import { arbitraryCase, holds } from './fixtures/arbitrary-states';
import { JmpOp } from './jmp-op';
import { printScalar } from './print';
import { type ScalarState, scalarConst, UNKNOWN } from './state';
import { withBounds } from './sync';

type Compare = (x: bigint, y: bigint, bits: number) => boolean;

const signed = (compare: (x: bigint, y: bigint) => boolean): Compare => {
  return (x, y, bits) => compare(BigInt.asIntN(bits, x), BigInt.asIntN(bits, y));
};

/** RFC 9669 §4.3. */
const CONCRETE: readonly [name: string, op: JmpOp, Compare][] = [
  ['==', JmpOp.JEQ, (x, y) => x === y],
  ['!=', JmpOp.JNE, (x, y) => x !== y],
  ['&', JmpOp.JSET, (x, y) => (x & y) !== 0n],
  ['>', JmpOp.JGT, (x, y) => x > y],
  ['>=', JmpOp.JGE, (x, y) => x >= y],
  ['<', JmpOp.JLT, (x, y) => x < y],
  ['<=', JmpOp.JLE, (x, y) => x <= y],
  ['s>', JmpOp.JSGT, signed((x, y) => x > y)],
  ['s>=', JmpOp.JSGE, signed((x, y) => x >= y)],
  ['s<', JmpOp.JSLT, signed((x, y) => x < y)],
  ['s<=', JmpOp.JSLE, signed((x, y) => x <= y)],
];

describe('conditional jumps', () => {
  for (const bits of [64, 32]) {
    test.each(CONCRETE)(`%s at ${bits} bits decides and refines soundly`, (_name, op, compare) => {
      fc.assert(
        fc.property(arbitraryCase, arbitraryCase, (a, b) => {
          const isTaken = compare(BigInt.asUintN(bits, a.member), BigInt.asUintN(bits, b.member), bits);
          const decision = isScalarBranchTaken(a.state, b.state, op, bits === 32);
          if (decision >= 0) expect(decision).toBe(isTaken ? 1 : 0);
          const sides = regSetMinMax(a.state, b.state, op, bits === 32);
          expect(holds(isTaken ? sides.takenDst : sides.fallDst, a.member)).toBe(true);
          expect(holds(isTaken ? sides.takenSrc : sides.fallSrc, b.member)).toBe(true);
        }),
        { numRuns: 300 },
      );
    });

    test.each(CONCRETE)(`%s at ${bits} bits of a register with itself`, (_name, op, compare) => {
      fc.assert(
        fc.property(arbitraryCase, ({ state, member }) => {
          const low = BigInt.asUintN(bits, member);
          const isTaken = compare(low, low, bits);
          const decision = isScalarBranchTaken(state, state, op, bits === 32);
          if (decision >= 0) expect(decision).toBe(isTaken ? 1 : 0);
        }),
      );
    });
  }

  const print = (s: ScalarState) => printScalar(s);
  const small = withBounds(UNKNOWN, { umin: 4n, umax: 9n });

  test.each<[string, JmpOp, boolean, ScalarState, ScalarState, string, string]>([
    [
      'r < 10',
      JmpOp.JLT,
      false,
      UNKNOWN,
      scalarConst(10n),
      'scalar(smin=smin32=0,smax=umax=smax32=umax32=9,var_off=(0x0; 0xf))',
      'scalar(umin=10)',
    ],
    [
      'r & 8',
      JmpOp.JSET,
      false,
      UNKNOWN,
      scalarConst(8n),
      'scalar(smin=0x8000000000000008,umin=umin32=8,smin32=0x80000008,var_off=(0x8; 0xfffffffffffffff7))',
      'scalar(smax=0x7ffffffffffffff7,umax=0xfffffffffffffff7,smax32=0x7ffffff7,umax32=0xfffffff7,var_off=(0x0; 0xfffffffffffffff7))',
    ],
    [
      'an edge cut off',
      JmpOp.JNE,
      false,
      small,
      scalarConst(9n),
      'scalar(smin=umin=smin32=umin32=4,smax=umax=smax32=umax32=8,var_off=(0x0; 0xf))',
      '9',
    ],
    [
      'w s> -1',
      JmpOp.JSGT,
      true,
      UNKNOWN,
      scalarConst(-1n),
      'scalar(smax=0x7fffffff7fffffff,umax=0xffffffff7fffffff,smin32=0,umax32=0x7fffffff,var_off=(0x0; 0xffffffff7fffffff))',
      'scalar(smin=0x8000000080000000,umin=umin32=0x80000000,smax32=-1,var_off=(0x80000000; 0xffffffff7fffffff))',
    ],
  ])('%s', (_name, op, jmp32, dst, src, taken, fall) => {
    const sides = regSetMinMax(dst, src, op, jmp32);
    expect([print(sides.takenDst), print(sides.fallDst)]).toEqual([taken, fall]);
  });

  test.each<[string, JmpOp, boolean, ScalarState, ScalarState, number]>([
    ['apart', JmpOp.JEQ, false, small, scalarConst(10n), 0],
    ['within', JmpOp.JEQ, false, small, scalarConst(5n), -1],
    ['below', JmpOp.JLT, false, small, scalarConst(10n), 1],
    ['known bit', JmpOp.JSET, false, scalarConst(6n), scalarConst(2n), 1],
    ['absent bit', JmpOp.JSET, false, small, scalarConst(16n), 0],
    ['another operation', 0x00 as JmpOp, false, small, small, -1],
  ])('decision: %s', (_name, op, jmp32, dst, src, decision) => {
    expect(isScalarBranchTaken(dst, src, op, jmp32)).toBe(decision);
  });
});
