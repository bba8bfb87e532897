import type { VerifierEnv } from '../env';
import { type FuncState, SlotType } from '../state/func-state';
import { acquireReference, invalidateReg, releaseReference } from '../state/references';
import { DynptrType, type RegState } from '../state/reg-state';
import { PTR_MAYBE_NULL, RegBase } from '../state/reg-type';
import { areSlots, clearObject, type ObjectPlace, stackObjectSpi } from './stack-object';

/** Slots of a `struct bpf_dynptr` (BPF_DYNPTR_NR_SLOTS). */
export const DYNPTR_SLOTS = 2;

/** `dynptr_get_spi`. */
export function dynptrSpi(env: VerifierEnv, reg: RegState): ObjectPlace {
  return stackObjectSpi(env, reg, 'dynptr', DYNPTR_SLOTS);
}

/** `dynptr_type_refcounted`: must be given back. */
function isRefcounted(type: DynptrType): boolean {
  return type === DynptrType.RINGBUF;
}

/** `__mark_dynptr_reg`. */
export function markDynptrReg(reg: RegState, type: DynptrType, first: boolean, id: number): void {
  reg.markPointer(RegBase.CONST_PTR_TO_DYNPTR);
  reg.id = id;
  reg.dynptrType = type;
  reg.dynptrFirstSlot = first;
}

/**
 * The register that tells of a dynptr argument: itself, or the first of the two slots it points to.
 * The argument was found initialised.
 */
export function dynptrReg(env: VerifierEnv, reg: RegState): RegState {
  if (reg.type === RegBase.CONST_PTR_TO_DYNPTR) return reg;
  const spi = dynptrSpi(env, reg);
  if (typeof spi !== 'number') throw new Error('a dynptr argument without a place');
  return env.cur.frame[reg.frameno].spilled[spi];
}

/** `mark_stack_slots_dynptr`: a new dynptr. @param cloneOf reference that a clone shares, 0 to acquire one */
export function makeDynptr(env: VerifierEnv, reg: RegState, type: DynptrType, cloneOf: number): void {
  const spi = dynptrSpi(env, reg);
  if (typeof spi !== 'number') env.fail('EINVAL');
  const func = env.cur.frame[reg.frameno];
  destroyDynptrSlot(env, func, spi);
  destroyDynptrSlot(env, func, spi - 1);
  func.slotType.fill(SlotType.DYNPTR, (spi - 1) * 8, (spi + 1) * 8);
  const first = func.spilled[spi];
  const second = func.spilled[spi - 1];
  const id = env.nextId();
  markDynptrReg(first, type, true, id);
  markDynptrReg(second, type, false, id);
  if (isRefcounted(type)) {
    const ref = cloneOf || acquireReference(env, env.insnIdx);
    first.refObjId = ref;
    second.refObjId = ref;
  }
  env.liveness.markStackWrite(func.frameno, spi);
  env.liveness.markStackWrite(func.frameno, spi - 1);
}

/** `is_dynptr_reg_valid_init`. */
export function isDynptrInit(env: VerifierEnv, reg: RegState): boolean {
  if (reg.type === RegBase.CONST_PTR_TO_DYNPTR) return true;
  const spi = dynptrSpi(env, reg);
  if (typeof spi !== 'number') return false;
  const func = env.cur.frame[reg.frameno];
  return func.spilled[spi].dynptrFirstSlot && areSlots(func, spi, DYNPTR_SLOTS, SlotType.DYNPTR);
}

/** `unmark_stack_slots_dynptr`: a dynptr is given back, its clones and slices with it. */
export function releaseDynptr(env: VerifierEnv, reg: RegState): void {
  const spi = dynptrSpi(env, reg);
  if (typeof spi !== 'number') env.fail('EINVAL');
  const func = env.cur.frame[reg.frameno];
  const { refObjId, dynptrType } = func.spilled[spi];
  if (!isRefcounted(dynptrType)) {
    clearObject(env, func, spi, DYNPTR_SLOTS);
    return;
  }
  releaseReference(env, refObjId);
  for (let i = 1; i < func.slots; i++) {
    const slot = func.spilled[i];
    if (func.slotType[i * 8] !== SlotType.DYNPTR || slot.refObjId !== refObjId) continue;
    if (slot.dynptrFirstSlot) clearObject(env, func, i, DYNPTR_SLOTS);
  }
}

/** `destroy_if_dynptr_stack_slot`: a write over a dynptr; one that holds a reference can't be lost so. */
export function destroyDynptrSlot(env: VerifierEnv, func: FuncState, spi: number): void {
  if (func.slotType[spi * 8 + 7] !== SlotType.DYNPTR) return;
  const first = func.spilled[spi].dynptrFirstSlot ? spi : spi + 1;
  const { id, dynptrType } = func.spilled[first];
  if (isRefcounted(dynptrType)) env.reject('EINVAL', 'cannot overwrite referenced dynptr');
  func.slotType.fill(SlotType.INVALID, (first - 1) * 8, (first + 1) * 8);
  env.cur.forEachReg((reg) => {
    const isMem = (reg.type & ~PTR_MAYBE_NULL) === RegBase.PTR_TO_MEM;
    if (isMem && reg.dynptrId === id) invalidateReg(env, reg);
  });
  clearObject(env, func, first, DYNPTR_SLOTS);
}
