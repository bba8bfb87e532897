import type { VerifierEnv } from '../env';
import { SlotType } from '../state/func-state';
import { acquireReference, releaseReference } from '../state/references';
import { IterState, type RegState } from '../state/reg-state';
import { MEM_RCU, PTR_UNTRUSTED, RegBase } from '../state/reg-type';
import { areSlots, clearObject, type ObjectPlace, stackObjectSpi } from './stack-object';

/** Kind of an iterator: its struct, and the slots that it takes. */
export interface IterKind {
  readonly btfId: number;
  readonly slots: number;
}

/** `iter_get_spi`. */
function iterSpi(env: VerifierEnv, reg: RegState, slots: number): ObjectPlace {
  return stackObjectSpi(env, reg, 'iter', slots);
}

/** `is_iter_reg_valid_uninit`: no iterator lies there yet. */
export function isIterUninit(env: VerifierEnv, reg: RegState, slots: number): boolean {
  const spi = iterSpi(env, reg, slots);
  if (typeof spi !== 'number') return spi === 'range';
  const { slotType } = env.cur.frame[reg.frameno];
  return !slotType.subarray((spi - slots + 1) * 8, (spi + 1) * 8).includes(SlotType.ITER);
}

/** `mark_stack_slots_iter`. @param rcuProtected the iterator is valid inside one RCU section only */
export function makeIter(env: VerifierEnv, reg: RegState, kind: IterKind, rcuProtected: boolean): void {
  const spi = iterSpi(env, reg, kind.slots);
  if (typeof spi !== 'number') env.fail('EINVAL');
  const func = env.cur.frame[reg.frameno];
  const id = acquireReference(env, env.insnIdx);
  const protection = env.inRcuCs ? MEM_RCU : PTR_UNTRUSTED;
  for (let i = 0; i < kind.slots; i++) {
    const slot = func.spilled[spi - i];
    slot.markPointer(RegBase.PTR_TO_STACK | (rcuProtected ? protection : 0));
    slot.refObjId = i === 0 ? id : 0;
    slot.btfId = kind.btfId;
    slot.iterState = IterState.ACTIVE;
    func.slotType.fill(SlotType.ITER, (spi - i) * 8, (spi - i) * 8 + 8);
    env.touched.slot(spi - i);
    env.liveness.markStackWrite(func.frameno, spi - i);
  }
}

/** Slot of the initialised iterator that a register points to (`is_iter_reg_valid_init`), or why it is none. */
export function findIter(env: VerifierEnv, reg: RegState, kind: IterKind): number | 'none' | 'rcu' {
  const spi = iterSpi(env, reg, kind.slots);
  if (typeof spi !== 'number') return 'none';
  const func = env.cur.frame[reg.frameno];
  for (let i = 0; i < kind.slots; i++) {
    const slot = func.spilled[spi - i];
    if ((slot.type & PTR_UNTRUSTED) !== 0) return 'rcu';
    if ((i === 0) !== (slot.refObjId !== 0) || slot.btfId !== kind.btfId) return 'none';
    if (!areSlots(func, spi - i, 1, SlotType.ITER)) return 'none';
  }
  return spi;
}

/** `unmark_stack_slots_iter`. */
export function destroyIter(env: VerifierEnv, reg: RegState, spi: number, slots: number): void {
  const func = env.cur.frame[reg.frameno];
  releaseReference(env, func.spilled[spi].refObjId);
  clearObject(env, func, spi, slots);
}
