import fc from 'fast-check';
import { AluOp, adjustScalarMinMaxVals } from './alu';
import { arbitraryCase, arbitraryU64, holds } from './fixtures/arbitrary-states';
import { maybeForkScalars } from './fork';
import { adjustPtrAdd, adjustPtrSub, linkedRegDelta } from './pointer-offset';
import { printScalar } from './print';
import { scalarIncludes } from './relations';
import { scalarConst, UNKNOWN } from './state';
import { withBounds } from './sync';

const u64 = (x: bigint) => BigInt.asUintN(64, x);

/** RFC 9669 §4.1 on the numbers themselves. */
const CONCRETE: readonly [name: string, op: AluOp, (x: bigint, y: bigint, bits: number) => bigint][] = [
  ['add', AluOp.ADD, (x, y) => x + y],
  ['sub', AluOp.SUB, (x, y) => x - y],
  ['mul', AluOp.MUL, (x, y) => x * y],
  ['div', AluOp.DIV, (x, y) => (y === 0n ? 0n : x / y)],
  ['mod', AluOp.MOD, (x, y) => (y === 0n ? x : x % y)],
  ['and', AluOp.AND, (x, y) => x & y],
  ['or', AluOp.OR, (x, y) => x | y],
  ['xor', AluOp.XOR, (x, y) => x ^ y],
  ['neg', AluOp.NEG, (x) => -x],
  ['lsh', AluOp.LSH, (x, y, bits) => x << (y % BigInt(bits))],
  ['rsh', AluOp.RSH, (x, y, bits) => x >> (y % BigInt(bits))],
  ['arsh', AluOp.ARSH, (x, y, bits) => BigInt.asIntN(bits, x) >> (y % BigInt(bits))],
];

const shiftCount = fc.bigInt({ min: 0n, max: 63n }).map((n) => ({ state: scalarConst(n), member: n }));

describe('adjustScalarMinMaxVals', () => {
  for (const bits of [64, 32]) {
    test.each(CONCRETE)(`%s at ${bits} bits holds the result of every pair`, (_name, op, concrete) => {
      fc.assert(
        fc.property(arbitraryCase, fc.oneof(arbitraryCase, shiftCount), (a, b) => {
          const result = adjustScalarMinMaxVals(op, bits === 32, a.state, b.state);
          const x = BigInt.asUintN(bits, a.member);
          const y = BigInt.asUintN(bits, b.member);
          expect(holds(result, BigInt.asUintN(bits, concrete(x, y, bits)))).toBe(true);
        }),
        { numRuns: 300 },
      );
    });
  }

  test('two constants give the constant', () => {
    fc.assert(
      fc.property(arbitraryU64, arbitraryU64, (x, y) => {
        for (const [, op, concrete] of CONCRETE) {
          const isUntracked = op === AluOp.DIV || op === AluOp.MOD;
          const isShift = op === AluOp.LSH || op === AluOp.RSH || op === AluOp.ARSH;
          if (isUntracked || (isShift && y > 63n)) continue;
          const result = adjustScalarMinMaxVals(op, false, scalarConst(x), scalarConst(y));
          expect(result).toEqual(scalarConst(u64(concrete(x, y, 64))));
        }
      }),
    );
  });

  const byte = withBounds(UNKNOWN, { umin: 0n, umax: 255n });
  const signed = withBounds(UNKNOWN, { smin: -4n, smax: 7n });

  test.each<[string, AluOp, boolean, typeof byte, typeof byte, string]>([
    [
      'a byte plus 1',
      AluOp.ADD,
      false,
      byte,
      scalarConst(1n),
      'scalar(smin=umin=smin32=umin32=1,smax=umax=smax32=umax32=256,var_off=(0x0; 0x1ff))',
    ],
    ['minus a byte', AluOp.NEG, false, byte, byte, 'scalar(smin=smin32=-255,smax=smax32=0)'],
    [
      'an unknown number masked',
      AluOp.AND,
      false,
      UNKNOWN,
      scalarConst(0xf0n),
      'scalar(smin=smin32=0,smax=umax=smax32=umax32=240,var_off=(0x0; 0xf0))',
    ],
    [
      'its 32-bit sum',
      AluOp.ADD,
      true,
      UNKNOWN,
      scalarConst(1n),
      'scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))',
    ],
    ['a division', AluOp.DIV, false, byte, scalarConst(2n), 'scalar()'],
    ['a shift by an unknown count', AluOp.LSH, false, byte, byte, 'scalar()'],
    ['a shift by the width', AluOp.LSH, true, byte, scalarConst(32n), 'scalar()'],
    [
      'the low half moved up',
      AluOp.LSH,
      false,
      signed,
      scalarConst(32n),
      'scalar(smin=0xfffffffc00000000,smax=0x700000000,umax=0xffffffff00000000,smin32=0,smax32=umax32=0,var_off=(0x0; 0xffffffff00000000))',
    ],
    ['a product', AluOp.MUL, false, signed, scalarConst(-3n), 'scalar(smin=smin32=-21,smax=smax32=12)'],
  ])('%s', (_name, op, alu32, dst, src, printed) => {
    expect(printScalar(adjustScalarMinMaxVals(op, alu32, dst, src))).toBe(printed);
  });
});

describe('maybeForkScalars', () => {
  const sign = adjustScalarMinMaxVals(AluOp.ARSH, false, UNKNOWN, scalarConst(63n));
  const sign32 = adjustScalarMinMaxVals(AluOp.ARSH, true, UNKNOWN, scalarConst(31n));

  test('splits 0 or -1 before a mask', () => {
    const forked = maybeForkScalars(AluOp.AND, sign, scalarConst(8n));
    expect(forked).toEqual({ minusOne: scalarConst(-1n), zero: scalarConst(0n) });
  });

  test('splits the low half of a 32-bit one', () => {
    const forked = maybeForkScalars(AluOp.OR, sign32, scalarConst(8n))!;
    expect([forked.minusOne.s32min, forked.minusOne.u32max, forked.zero.u32max]).toEqual([
      -1, 0xffff_ffff, 0,
    ]);
  });

  test.each([
    ['another operation', AluOp.ADD, sign, scalarConst(8n)],
    ['a variable mask', AluOp.AND, sign, UNKNOWN],
    ['another range', AluOp.AND, withBounds(UNKNOWN, { smin: -1n, smax: 1n }), scalarConst(8n)],
  ])('leaves %s alone', (_name, op, dst, src) => {
    expect(maybeForkScalars(op, dst, src)).toBeUndefined();
  });
});

describe('offsets', () => {
  test('sums and differences of offsets hold those of the numbers', () => {
    fc.assert(
      fc.property(
        arbitraryCase,
        arbitraryCase,
        fc.bigInt({ min: -(1n << 31n), max: 1n << 31n }),
        (a, b, delta) => {
          expect(holds(adjustPtrAdd(a.state, b.state), u64(a.member + b.member))).toBe(true);
          expect(holds(adjustPtrSub(a.state, b.state), u64(a.member - b.member))).toBe(true);
          expect(holds(linkedRegDelta(a.state, delta, false), u64(a.member + delta))).toBe(true);
          expect(holds(linkedRegDelta(a.state, delta, true), BigInt.asUintN(32, a.member + delta))).toBe(
            true,
          );
        },
      ),
    );
  });

  test('a pointer plus a byte stays within a byte', () => {
    const sum = adjustPtrAdd(scalarConst(0n), withBounds(UNKNOWN, { umax: 255n }));
    expect([sum.smin, sum.umax]).toEqual([0n, 255n]);
    expect(scalarIncludes(UNKNOWN, sum)).toBe(true);
  });
});
