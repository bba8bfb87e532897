import type { Btf } from '@probed/btf';
import type { MapInfo } from '@probed/spec';
import type { VerifierEnv } from '../env';
import type { RegState } from '../state/reg-state';
import { RegBase, typeIsPtrAllocObj } from '../state/reg-type';
import type { BtfRecord } from './btf-record';
import { type MapTypes, mapTypes } from './map-record';
import { structMetas } from './struct-metas';

/** What the kernel knows of the types of a map's values. */
export function typesOfMap(env: VerifierEnv, map: MapInfo): MapTypes {
  return mapTypes(map, env.options.objectBtf, env.facts.btf);
}

/** Special fields of a struct of the program (`btf_find_struct_meta`). */
export function structRecord(env: VerifierEnv, typeId: number): BtfRecord | undefined {
  const { objectBtf } = env.options;
  const metas = objectBtf && structMetas(objectBtf, env.facts.btf);
  return metas === undefined || typeof metas === 'string' ? undefined : metas.get(typeId);
}

/** Special fields of what a register points to (`reg_btf_record`). */
export function recordOf(env: VerifierEnv, reg: RegState): BtfRecord | undefined {
  if (reg.type === RegBase.PTR_TO_MAP_VALUE) return reg.map && typesOfMap(env, reg.map).record;
  return typeIsPtrAllocObj(reg.type) && reg.isLocalBtf ? structRecord(env, reg.btfId) : undefined;
}

/** The BTF that a register's type id is of (`reg->btf`). */
export function btfOf(env: VerifierEnv, reg: RegState): Btf {
  if (!reg.isLocalBtf) return env.facts.btf;
  const { objectBtf } = env.options;
  if (!objectBtf) throw new Error('a pointer to a type of the program, which has no BTF');
  return objectBtf;
}

/** Name of the struct that a register points to. */
export function structName(env: VerifierEnv, reg: RegState): string {
  const btf = btfOf(env, reg);
  return btf.has(reg.btfId) ? btf.type(reg.btfId).name : '';
}

/** Whether a map's values hold a lock, so that pointers to different values must be told apart. */
export function mapHasSpinLock(env: VerifierEnv, map: MapInfo): boolean {
  const { record } = typesOfMap(env, map);
  return record !== undefined && (record.has('SPIN_LOCK') || record.has('RES_SPIN_LOCK'));
}
