import type { VerifierEnv } from '../env';
import { type FuncState, SlotType } from '../state/func-state';

/** `destroy_if_dynptr_stack_slot`: a write over a dynptr; one that holds a reference can't be lost so. */
export function destroyDynptrSlot(env: VerifierEnv, func: FuncState, spi: number): void {
  if (func.slotType[spi * 8 + 7] !== SlotType.DYNPTR) return;
  const first = func.spilled[spi].dynptrFirstSlot ? spi : spi + 1;
  if (func.spilled[first].refObjId !== 0) env.reject('EINVAL', 'cannot overwrite referenced dynptr');
  for (const slot of [first, first - 1]) {
    func.slotType.fill(SlotType.INVALID, slot * 8, slot * 8 + 8);
    func.spilled[slot].markNotInit();
  }
}
