import type { VerifierEnv } from '../env';
import { isConst } from '../scalar';
import { type FuncState, SlotType } from '../state/func-state';
import type { RegState } from '../state/reg-state';

/** Highest slot of an object on the stack, or why there is none: `range` when no such stack is in use yet. */
export type ObjectPlace = number | 'bad' | 'range';

/** `stack_slot_obj_get_spi`: where the object of `slots` slots lies that a stack pointer points to. @param what for the complaint */
export function stackObjectSpi(env: VerifierEnv, reg: RegState, what: string, slots: number): ObjectPlace {
  if (!isConst(reg.v)) {
    env.complain(`${what} has to be at a constant offset`);
    return 'bad';
  }
  const off = reg.off + Number(BigInt.asIntN(64, reg.v.value));
  // Rounds towards 0, so that the place just above the stack counts as its first slot.
  const spi = Math.trunc((-off - 1) / 8);
  if (off % 8 !== 0 || spi + 1 < slots) {
    env.complain(`cannot pass in ${what} at an offset=${off}`);
    return 'bad';
  }
  const func = env.cur.frame[reg.frameno];
  return spi < func.slots ? spi : 'range';
}

/** Whether all bytes of `slots` slots from `spi` down are of one type. */
export function areSlots(func: FuncState, spi: number, slots: number, type: SlotType): boolean {
  for (let i = (spi - slots + 1) * 8; i < (spi + 1) * 8; i++) if (func.slotType[i] !== type) return false;
  return true;
}

/** The instruction in hand reads the object (`mark_stack_slot_obj_read`). */
export function markObjectRead(env: VerifierEnv, reg: RegState, spi: number, slots: number): void {
  for (let i = 0; i < slots; i++) {
    env.liveness.markStackRead(reg.frameno, env.insnIdx, spi - i);
    env.touched.slot(spi - i);
  }
}

/** Nothing is left in the slots of an object. */
export function clearObject(env: VerifierEnv, func: FuncState, spi: number, slots: number): void {
  for (let i = 0; i < slots; i++) {
    func.slotType.fill(SlotType.INVALID, (spi - i) * 8, (spi - i) * 8 + 8);
    func.spilled[spi - i].markNotInit();
    env.touched.slot(spi - i);
    env.liveness.markStackWrite(func.frameno, spi - i);
  }
}
