import { coerceRegToSize, scalarConst, UNKNOWN, withBounds } from '../scalar';
import { FuncState, SlotType } from '../state/func-state';
import { RegBase } from '../state/reg-type';
import { type ConcreteState, misfits } from './contains';

const FP = 0xffff_8880_0000_1000n;
const CTX = 0xffff_8880_0000_2000n;
const VALUE = 0xffff_8880_0000_3000n;

function moment(regs: Partial<Record<number, bigint>>, memory = 0n): ConcreteState {
  return {
    regs: Array.from({ length: 11 }, (_, i) => (i === 10 ? FP : (regs[i] ?? 0n))),
    framePointers: [FP],
    ctx: CTX,
    packet: { data: 0x100n, end: 0x140n },
    values: new Map([['m', new Set([VALUE])]]),
    read: () => memory,
  };
}

function frame(): FuncState {
  const func = FuncState.initial(-1, 0, 0);
  func.regs[10].markPointer(RegBase.PTR_TO_STACK);
  return func;
}

test.each([
  ['a constant', scalarConst(5n), 5n, true],
  ['another constant', scalarConst(5n), 6n, false],
  ['a byte', coerceRegToSize(UNKNOWN, 1), 255n, true],
  ['more than a byte', coerceRegToSize(UNKNOWN, 1), 256n, false],
  ['a signed range', withBounds(UNKNOWN, { smin: -4n, smax: -1n }), (1n << 64n) - 2n, true],
  ['below a signed range', withBounds(UNKNOWN, { smin: -4n, smax: 3n }), (1n << 64n) - 5n, false],
  ['a low half out of range', withBounds(UNKNOWN, { u32max: 7 }), 0x1_0000_0008n, false],
])('%s', (_, known, value, fits) => {
  const func = frame();
  func.regs[1].markScalar(known);
  expect(misfits({ depth: 0, func }, moment({ 1: value }))).toEqual(fits ? [] : ['r1']);
});

test('pointers point where they should', () => {
  const func = frame();
  func.regs[1].markPointer(RegBase.PTR_TO_CTX);
  func.regs[1].off = 8;
  func.regs[2].markPointer(RegBase.PTR_TO_PACKET);
  func.regs[2].range = 16;
  func.regs[3].markPointer(RegBase.PTR_TO_STACK);
  func.regs[3].off = -8;
  const right = { 1: CTX + 8n, 2: 0x100n, 3: FP - 8n };
  expect(misfits({ depth: 0, func }, moment(right))).toEqual([]);
  expect(misfits({ depth: 0, func }, moment({ ...right, 1: CTX }))).toEqual(['r1']);
  expect(misfits({ depth: 0, func }, moment({ ...right, 2: 0x101n, 3: FP }))).toEqual(['r2', 'r3']);
  expect(misfits({ depth: 1, func }, moment(right))).toEqual(['call depth']);
});

test('the stack holds what was spilled, and zeroes', () => {
  const func = frame();
  func.growStack(8);
  func.slotType.fill(SlotType.SPILL);
  func.spilled[0].markScalar(scalarConst(7n));
  expect(misfits({ depth: 0, func }, moment({}, 7n))).toEqual([]);
  expect(misfits({ depth: 0, func }, moment({}, 8n))).toEqual(['fp-8']);
  func.slotType.fill(SlotType.MISC);
  func.slotType.fill(SlotType.ZERO, 4, 8);
  expect(misfits({ depth: 0, func }, moment({}, 0x1111_1111_0000_0000n))).toEqual([]);
  expect(misfits({ depth: 0, func }, moment({}, 1n))).toEqual(['fp-8']);
});
