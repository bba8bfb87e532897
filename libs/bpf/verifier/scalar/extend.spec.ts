import fc from 'fast-check';
import { AluOp, adjustScalarMinMaxVals } from './alu';
import {
  coerceRegToSize,
  coerceRegToSizeSx,
  coerceSubregToSizeSx,
  loadedScalar,
  scalarByteSwap,
  zext32To64,
} from './extend';
import { arbitraryCase, holds } from './fixtures/arbitrary-states';
import { printScalar } from './print';
import { rangeWithin, scalarEquals, scalarIncludes, tnumIn } from './relations';
import { isConst, isSubregConst, scalarConst, UNKNOWN } from './state';
import { withBounds } from './sync';

const u64 = (x: bigint) => BigInt.asUintN(64, x);

describe('truncation and extension', () => {
  test('hold the number they make', () => {
    fc.assert(
      fc.property(arbitraryCase, ({ state, member }) => {
        expect(holds(zext32To64(state), BigInt.asUintN(32, member))).toBe(true);
        for (const size of [1, 2, 4]) {
          const bits = size * 8;
          expect(holds(coerceRegToSize(state, size), BigInt.asUintN(bits, member))).toBe(true);
          expect(holds(coerceRegToSizeSx(state, size), u64(BigInt.asIntN(bits, member)))).toBe(true);
        }
        for (const size of [1, 2]) {
          const extended = BigInt.asUintN(32, BigInt.asIntN(size * 8, member));
          expect(holds(coerceSubregToSizeSx(state, size), extended)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('byte swaps hold the swapped number', () => {
    fc.assert(
      fc.property(arbitraryCase, fc.constantFrom(16, 32, 64), ({ state, member }, bits) => {
        const low = BigInt.asUintN(bits, member);
        const hex = low.toString(16).padStart(bits / 4, '0');
        const swapped = BigInt(`0x${hex.match(/../g)!.reverse().join('')}`);
        expect(holds(scalarByteSwap(state, bits, true), swapped)).toBe(true);
        expect(holds(scalarByteSwap(state, bits, false), low)).toBe(true);
      }),
    );
  });

  test.each([
    [1, false, 'scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))'],
    [2, false, 'scalar(smin=smin32=0,smax=umax=smax32=umax32=0xffff,var_off=(0x0; 0xffff))'],
    [4, false, 'scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))'],
    [8, false, 'scalar()'],
    [1, true, 'scalar(smin=smin32=-128,smax=smax32=127)'],
    [2, true, 'scalar(smin=smin32=-32768,smax=smax32=32767)'],
    [4, true, 'scalar(smin=0xffffffff80000000,smax=0x7fffffff)'],
  ])('a load of %d bytes, signed %s', (size, isSigned, printed) => {
    expect(printScalar(loadedScalar(size, isSigned))).toBe(printed);
  });
});

describe('prints', () => {
  test.each([
    [scalarConst(5n), {}, '5'],
    [scalarConst(-1n), { precise: true }, 'P-1'],
    [scalarConst(0x8000n), {}, '0x8000'],
    [scalarConst(-0x8001n), {}, '0xffffffffffff7fff'],
    [UNKNOWN, { id: 3 }, 'scalar(id=3)'],
    [
      loadedScalar(1),
      { id: 1, delta: 8 },
      'scalar(id=1+8,smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))',
    ],
    [UNKNOWN, { id: 1, delta: -8 }, 'scalar(id=1-8)'],
    [
      withBounds(UNKNOWN, { smin: -0x2_0000n, smax: 5n }),
      {},
      'scalar(smin=0xfffffffffffe0000,smax=smax32=5,smin32=0xfffe0000)',
    ],
  ])('%#', (state, label, printed) => {
    expect(printScalar(state, label)).toBe(printed);
  });
});

describe('relations', () => {
  test('what includes another holds its members', () => {
    fc.assert(
      fc.property(arbitraryCase, arbitraryCase, (a, b) => {
        expect(scalarIncludes(UNKNOWN, a.state) && scalarIncludes(a.state, a.state)).toBe(true);
        if (scalarIncludes(a.state, b.state)) expect(holds(a.state, b.member)).toBe(true);
        expect(scalarEquals(a.state, b.state)).toBe(
          scalarIncludes(a.state, b.state) && scalarIncludes(b.state, a.state),
        );
      }),
    );
  });

  test('ranges and bits are compared apart', () => {
    const byte = loadedScalar(1);
    const even = coerceRegToSize(adjustScalarMinMaxVals(AluOp.AND, false, byte, scalarConst(0xfen)), 1);
    expect([
      rangeWithin(byte, even),
      tnumIn(byte, even),
      tnumIn(even, byte),
      scalarIncludes(even, byte),
    ]).toEqual([true, true, false, false]);
  });

  test('known halves', () => {
    expect([isConst(UNKNOWN), isSubregConst(UNKNOWN)]).toEqual([false, false]);
    expect(isSubregConst(adjustScalarMinMaxVals(AluOp.LSH, false, UNKNOWN, scalarConst(32n)))).toBe(true);
  });
});
