import { type MapInfo, MapType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { byteIndex, isSpilledScalar, slotOf } from '../memory/stack-slots';
import { markSlotPrecision } from '../pruning/precision';
import { isConst } from '../scalar';
import { SlotType } from '../state/func-state';
import { RegBase } from '../state/reg-type';

/** `can_elide_value_nullness`: every index below max_entries has a value. */
export function canElideNull(map: MapInfo): boolean {
  return map.type === MapType.ARRAY || map.type === MapType.PERCPU_ARRAY;
}

/** The constant key that a register points at on the stack (`get_constant_map_key`); -1 when there is none. */
export function constantMapKey(env: VerifierEnv, regno: number, keySize: number): bigint {
  const key = env.curRegs[regno];
  if (!env.bpfCapable || key.type !== RegBase.PTR_TO_STACK || !isConst(key.v)) return -1n;
  const func = env.cur.frame[key.frameno];
  const off = key.off + Number(key.v.smin);
  const spi = slotOf(off);
  const top = byteIndex(off);
  if (runOf(func.slotType, top, spi, SlotType.ZERO) >= keySize) return 0n;
  if (!isSpilledScalar(func, spi)) return -1n;
  if (runOf(func.slotType, top, spi, SlotType.SPILL) !== keySize) return -1n;
  const { v } = func.spilled[spi];
  if (!isConst(v)) return -1n;
  markSlotPrecision(env, key.frameno, spi);
  return v.value;
}

/** Bytes of one type from an address upwards, inside the slot. */
function runOf(types: Uint8Array, top: number, spi: number, type: SlotType): number {
  let n = 0;
  for (let i = top; i >= spi * 8 && types[i] === type; i--) n++;
  return n;
}
