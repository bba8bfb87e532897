import type { VerifierEnv } from '../env';
import { isConst } from '../scalar';
import { type FuncState, SlotType } from '../state/func-state';
import { BPF_ADD_CONST, type RegState } from '../state/reg-state';
import { baseType, RegBase } from '../state/reg-type';

/** Slot that holds the byte at a (negative) frame offset. */
export function slotOf(off: number): number {
  return (-off - 1) >> 3;
}

/** Index into `slotType` of the byte at a (negative) frame offset: bytes run downwards, as in Linux. */
export function byteIndex(off: number): number {
  return -off - 1;
}

/** `is_spillable_regtype`. */
export function isSpillableType(type: number): boolean {
  switch (baseType(type)) {
    case RegBase.NOT_INIT:
    case RegBase.SCALAR_VALUE:
      return false;
    default:
      return true;
  }
}

/** `get_reg_width`: bits that the largest unsigned value needs. */
export function regWidth(reg: RegState): number {
  const { umax } = reg.v;
  if (umax <= 0xffff_ffffn) return 32 - Math.clz32(Number(umax));
  return 64 - Math.clz32(Number(umax >> 32n));
}

/** `is_spilled_scalar_reg`. */
export function isSpilledScalar(func: FuncState, spi: number): boolean {
  return func.isSpilled(spi) && func.spilled[spi].type === RegBase.SCALAR_VALUE;
}

/** `is_stack_slot_special`: the slot holds more than bytes. */
function isSpecialSlot(func: FuncState, spi: number): boolean {
  const top = func.slotType[spi * 8 + 7];
  return top === SlotType.SPILL || top >= SlotType.DYNPTR;
}

/** `scrub_spilled_slot` on all eight bytes: what was spilled is now mere bytes. */
export function scrubSlot(func: FuncState, spi: number): void {
  const { slotType } = func;
  for (let i = spi * 8; i < spi * 8 + 8; i++)
    if (slotType[i] !== SlotType.INVALID) slotType[i] = SlotType.MISC;
}

/** `scrub_special_slot`: a write of data ends whatever register, dynptr or iterator the slot held. */
export function scrubSpecialSlot(func: FuncState, spi: number): void {
  func.spilled[spi].type = RegBase.NOT_INIT;
  if (isSpecialSlot(func, spi)) scrubSlot(func, spi);
}

/** `assign_scalar_id_before_mov`: gives a non-constant scalar an id, so that its copies stay linked to it. */
export function assignScalarIdBeforeMov(env: VerifierEnv, reg: RegState): void {
  if (reg.type !== RegBase.SCALAR_VALUE) return;
  // A copy of a register that is another plus a constant starts anew.
  if ((reg.id & BPF_ADD_CONST) !== 0) {
    reg.id = 0;
    reg.off = 0;
  }
  if (reg.id === 0 && !isConst(reg.v)) reg.id = env.nextId();
}

/** `save_register_state`: spills the low `size` bytes of a register. */
export function saveRegisterState(func: FuncState, spi: number, reg: RegState, size: number): void {
  func.spilled[spi].copyFrom(reg);
  const { slotType } = func;
  const base = spi * 8;
  let i = 8;
  for (; i > 8 - size; i--) slotType[base + i - 1] = SlotType.SPILL;
  for (; i > 0; i--) {
    const type = slotType[base + i - 1];
    if (type === SlotType.ZERO || type === SlotType.INVALID) continue;
    slotType[base + i - 1] = SlotType.MISC;
  }
}

/** Makes room in a frame's stack and notes the deepest use of its function (`grow_stack_state`). */
export function growStack(env: VerifierEnv, func: FuncState, bytes: number): void {
  if (bytes <= func.allocatedStack) return;
  func.growStack(bytes);
  const sub = env.subprogs[func.subprogno];
  if (sub.stackDepth < func.allocatedStack) sub.stackDepth = func.allocatedStack;
}
