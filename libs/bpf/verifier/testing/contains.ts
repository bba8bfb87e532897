/** Whether what a run shows is among what the verifier holds possible. */
import { isConst, type ScalarState } from '../scalar';
import { type FuncState, SlotType } from '../state/func-state';
import type { RegState } from '../state/reg-state';
import { baseType, RegBase } from '../state/reg-type';
import type { AbstractVisit } from './collect-states';

/** One moment of a run. */
export interface ConcreteState {
  /** r0–r10 of the frame in hand, unsigned. */
  readonly regs: ArrayLike<bigint>;
  /** Frame pointers, the main program's first; the last one is the frame in hand. */
  readonly framePointers: readonly bigint[];
  readonly ctx: bigint;
  readonly packet: { readonly data: bigint; readonly end: bigint };
  /** Addresses at which values of a map began so far, by name of the map. */
  readonly values: ReadonlyMap<string, ReadonlySet<bigint>>;
  /** Eight bytes of memory as a number. */
  read(address: bigint): bigint;
}

/** A number is within both forms of knowledge, at both widths. */
function containsNumber(v: ScalarState, value: bigint): boolean {
  const signed = BigInt.asIntN(64, value);
  const low = Number(BigInt.asUintN(32, value));
  return (
    (value & ~v.mask) === v.value &&
    value >= v.umin &&
    value <= v.umax &&
    signed >= v.smin &&
    signed <= v.smax &&
    low >= v.u32min &&
    low <= v.u32max &&
    (low | 0) >= v.s32min &&
    (low | 0) <= v.s32max
  );
}

/** The variable part of a pointer: its low half's bounds are not tracked. */
function containsOffset(v: ScalarState, value: bigint): boolean {
  const signed = BigInt.asIntN(64, value);
  if (isConst(v)) return value === v.value;
  return (value & ~v.mask) === v.value && signed >= v.smin && signed <= v.smax;
}

const word = (value: bigint) => BigInt.asUintN(64, value);

function isFrom(reg: RegState, value: bigint, base: bigint): boolean {
  return containsOffset(reg.v, word(value - base - BigInt(reg.off)));
}

function containsPacket(reg: RegState, value: bigint, base: bigint, end: bigint): boolean {
  if (!isFrom(reg, value, base)) return false;
  return reg.range <= 0 || word(value - BigInt(reg.off)) + BigInt(reg.range) <= end;
}

/** What a register may hold; kinds of pointers that the run says nothing of hold anything. */
function containsReg(reg: RegState, value: bigint, at: ConcreteState): boolean {
  if (reg.mayBeNull && value === 0n) return true;
  switch (baseType(reg.type)) {
    case RegBase.SCALAR_VALUE:
      return containsNumber(reg.v, value);
    case RegBase.PTR_TO_CTX:
      return isFrom(reg, value, at.ctx);
    case RegBase.PTR_TO_STACK:
      return isFrom(reg, value, at.framePointers[reg.frameno]);
    case RegBase.PTR_TO_PACKET:
      return containsPacket(reg, value, at.packet.data, at.packet.end);
    case RegBase.PTR_TO_PACKET_END:
      return value === at.packet.end;
    case RegBase.PTR_TO_MAP_VALUE: {
      const bases = at.values.get(reg.map?.name ?? '');
      return bases !== undefined && [...bases].some((base) => isFrom(reg, value, base));
    }
    default:
      return true;
  }
}

function containsSlot(func: FuncState, spi: number, at: ConcreteState): boolean {
  const types = func.slotType.subarray(spi * 8, spi * 8 + 8);
  const address = word(at.framePointers[at.framePointers.length - 1] - BigInt(8 * (spi + 1)));
  if (types.every((type) => type === SlotType.SPILL)) {
    return containsReg(func.spilled[spi], at.read(address), at);
  }
  const memory = at.read(address);
  // Byte 7 of the types is the lowest address.
  return types.every((type, i) => type !== SlotType.ZERO || ((memory >> BigInt(8 * (7 - i))) & 0xffn) === 0n);
}

/** @returns the registers and slots that do not fit, as `r3`, `fp-8`; empty when all do */
export function misfits({ func, depth }: AbstractVisit, at: ConcreteState): string[] {
  if (depth !== at.framePointers.length - 1) return ['call depth'];
  const wrong: string[] = [];
  for (let i = 0; i < func.regs.length; i++) {
    if (!containsReg(func.regs[i], at.regs[i], at)) wrong.push(`r${i}`);
  }
  for (let spi = 0; spi < func.slots; spi++)
    if (!containsSlot(func, spi, at)) wrong.push(`fp${-8 * (spi + 1)}`);
  return wrong;
}
