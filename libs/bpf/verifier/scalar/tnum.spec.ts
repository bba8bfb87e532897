import fc from 'fast-check';
import { arbitraryCase, arbitraryU64 } from './fixtures/arbitrary-states';
import {
  tnumAdd,
  tnumAnd,
  tnumArshift32,
  tnumArshift64,
  tnumByteSwap,
  tnumIntersect,
  tnumOr,
  tnumOverlap,
  tnumRange,
  tnumStep,
  tnumSub,
  tnumUnion,
  tnumXor,
} from './tnum';
import { tnumMul } from './tnum-mul';
import { DST, SRC, setBig, TO_MASK, UMAX, UMIN, unsignedBig, W } from './words';

/** Known ones and unknown bits. */
interface Tnum {
  readonly value: bigint;
  readonly mask: bigint;
}

function write(t: number, { value, mask }: Tnum): void {
  setBig(t, value);
  setBig(t + TO_MASK, mask);
}

const big = (slot: number) => unsignedBig(W[slot], W[slot + 1]);
const read = (t: number): Tnum => ({ value: big(t), mask: big(t + TO_MASK) });

type Binary = (to: number, a: number, b: number) => void;

/** Runs an operation of two tnums, of which one is overwritten. */
function run(operation: Binary, a: Tnum, b: Tnum): Tnum {
  write(DST, a);
  write(SRC, b);
  operation(DST, DST, SRC);
  return read(DST);
}

function runInPlace(operation: (t: number, by: number) => void, a: Tnum, by: number): Tnum {
  write(DST, a);
  operation(DST, by);
  return read(DST);
}

const U64 = 0xffff_ffff_ffff_ffffn;
const u64 = (x: bigint) => BigInt.asUintN(64, x);
const isMember = (t: Tnum, x: bigint) => (x & ~t.mask & U64) === t.value;
const isWellFormed = (t: Tnum) => (t.value & t.mask) === 0n && t.value <= U64 && t.mask <= U64;

/** All numbers of a tnum that has few unknown bits. */
function members(t: Tnum): bigint[] {
  const out: bigint[] = [];
  for (let bits = t.mask; ; bits = (bits - 1n) & t.mask) {
    out.push(t.value | bits);
    if (bits === 0n) return out.reverse();
  }
}

const smallTnum = fc
  .tuple(fc.bigInt({ min: 0n, max: 63n }), fc.bigInt({ min: 0n, max: 63n }), fc.integer({ min: 0, max: 58 }))
  .map(([value, mask, shift]) => ({
    value: (value & ~mask) << BigInt(shift),
    mask: mask << BigInt(shift),
  }));

describe('tnum', () => {
  test.each<[string, Binary, (x: bigint, y: bigint) => bigint]>([
    ['add', tnumAdd, (x, y) => x + y],
    ['sub', tnumSub, (x, y) => x - y],
    ['mul', tnumMul, (x, y) => x * y],
    ['and', tnumAnd, (x, y) => x & y],
    ['or', tnumOr, (x, y) => x | y],
    ['xor', tnumXor, (x, y) => x ^ y],
  ])('%s holds the result of every pair', (_name, abstract, concrete) => {
    fc.assert(
      fc.property(arbitraryCase, arbitraryCase, (a, b) => {
        const result = run(abstract, a.state, b.state);
        expect(isWellFormed(result)).toBe(true);
        expect(isMember(result, u64(concrete(a.member, b.member)))).toBe(true);
      }),
    );
  });

  test('arithmetic shift repeats the sign bit, known or not', () => {
    fc.assert(
      fc.property(arbitraryCase, fc.integer({ min: 0, max: 63 }), ({ state, member }, count) => {
        const wide = runInPlace(tnumArshift64, state, count);
        expect(isMember(wide, u64(BigInt.asIntN(64, member) >> BigInt(count)))).toBe(true);
        const narrow = runInPlace(tnumArshift32, state, count & 31);
        const low = BigInt.asIntN(32, member) >> BigInt(count & 31);
        expect(isMember(narrow, BigInt.asUintN(32, low))).toBe(true);
      }),
    );
  });

  test('a range lies in its tnum, which has no larger common prefix', () => {
    fc.assert(
      fc.property(arbitraryU64, arbitraryU64, (a, b) => {
        const [min, max] = a < b ? [a, b] : [b, a];
        setBig(DST + UMIN, min);
        setBig(DST + UMAX, max);
        tnumRange(DST, DST + UMIN, DST + UMAX);
        const range = read(DST);
        expect(isMember(range, min) && isMember(range, max)).toBe(true);
        expect((range.mask & (range.mask + 1n)) === 0n).toBe(true);
        if (min !== max) expect(range.mask >> 1n < (min ^ max)).toBe(true);
      }),
    );
  });

  test('step gives the next member', () => {
    fc.assert(
      fc.property(smallTnum, arbitraryU64, (t, any) => {
        const all = members(t);
        const around = all.flatMap((m) => [m, u64(m + 1n), u64(m - 1n)]);
        for (const z of [...around, any]) {
          write(DST, t);
          setBig(SRC, z);
          tnumStep(SRC, DST, SRC);
          expect(big(SRC)).toBe(all.find((m) => m > z) ?? all[all.length - 1]);
        }
      }),
    );
  });

  test('overlap is that of the members', () => {
    fc.assert(
      fc.property(smallTnum, smallTnum, (a, b) => {
        write(DST, a);
        write(SRC, b);
        expect(tnumOverlap(DST, SRC)).toBe(members(b).some((m) => isMember(a, m)));
      }),
    );
  });

  test('union holds both, intersection what is common', () => {
    fc.assert(
      fc.property(smallTnum, smallTnum, (a, b) => {
        const union = run(tnumUnion, a, b);
        expect([...members(a), ...members(b)].every((m) => isMember(union, m))).toBe(true);
        expect(run(tnumUnion, a, a)).toEqual(a);
        const common = members(a).filter((m) => isMember(b, m));
        if (common.length) expect(members(run(tnumIntersect, a, b))).toEqual(common);
      }),
    );
  });

  test.each([
    [2, 0x1122n, 0x2211n],
    [4, 0x1122_3344n, 0x4433_2211n],
    [8, 0x1122_3344_5566_7788n, 0x8877_6655_4433_2211n],
  ])('byte swap of %d bytes', (bytes, value, swapped) => {
    expect(runInPlace(tnumByteSwap, { value, mask: 0n }, bytes)).toEqual({ value: swapped, mask: 0n });
    expect(runInPlace(tnumByteSwap, { value: 0n, mask: value }, bytes).mask).toBe(swapped);
  });

  test('a product with an unknown multiple of a constant keeps its alignment', () => {
    expect(run(tnumMul, { value: 0n, mask: U64 }, { value: 24n, mask: 0n })).toEqual({
      value: 0n,
      mask: U64 & ~7n,
    });
  });
});
