import { rangeWithin, scalarEquals, tnumIn } from '../scalar';
import { BPF_ADD_CONST, type RegState } from '../state/reg-state';
import { baseType, RegBase } from '../state/reg-type';
import type { IdMap } from './id-map';

/** `enum exact_level`. */
export enum Exact {
  /** Scalars that are not precise may differ. */
  NOT_EXACT,
  /** All must be the same. */
  EXACT,
  /** All scalars must lie in the explored ranges, precise or not. */
  RANGE_WITHIN,
}

/** The fields before `var_off` in the kernel's struct: type, fixed offset and what the type adds. */
function sameShape(a: RegState, b: RegState): boolean {
  return (
    a.type === b.type &&
    a.off === b.off &&
    a.range === b.range &&
    a.map === b.map &&
    a.mapUid === b.mapUid &&
    a.btfId === b.btfId &&
    a.isLocalBtf === b.isLocalBtf &&
    a.memSize === b.memSize &&
    a.dynptrId === b.dynptrId &&
    a.dynptrType === b.dynptrType &&
    a.dynptrFirstSlot === b.dynptrFirstSlot &&
    a.subprogno === b.subprogno
  );
}

/** Bit-wise equality up to the ids. */
export function sameUpToIds(a: RegState, b: RegState): boolean {
  return sameShape(a, b) && scalarEquals(a.v, b.v);
}

/** `regs_exact`. */
export function regsExact(old: RegState, cur: RegState, ids: IdMap): boolean {
  return sameUpToIds(old, cur) && ids.checkIds(old.id, cur.id) && ids.checkIds(old.refObjId, cur.refObjId);
}

/** Whether what was safe with `old` is safe with `cur` (`regsafe`). */
export function regsafe(old: RegState, cur: RegState, ids: IdMap, exact: Exact): boolean {
  if (exact === Exact.EXACT) return regsExact(old, cur, ids);
  if (old.type === RegBase.NOT_INIT && (exact === Exact.NOT_EXACT || cur.type === RegBase.NOT_INIT))
    return true;
  if (old.type !== cur.type) return false;
  switch (baseType(old.type)) {
    case RegBase.SCALAR_VALUE:
      return scalarSafe(old, cur, ids, exact);
    case RegBase.PTR_TO_MAP_KEY:
    case RegBase.PTR_TO_MAP_VALUE:
    case RegBase.PTR_TO_MEM:
    case RegBase.PTR_TO_BUF:
    case RegBase.PTR_TO_TP_BUFFER:
      return (
        sameShape(old, cur) &&
        rangeWithin(old.v, cur.v) &&
        tnumIn(old.v, cur.v) &&
        ids.checkIds(old.id, cur.id) &&
        ids.checkIds(old.refObjId, cur.refObjId)
      );
    case RegBase.PTR_TO_PACKET_META:
    case RegBase.PTR_TO_PACKET:
      return packetSafe(old, cur, ids);
    case RegBase.PTR_TO_STACK:
      return regsExact(old, cur, ids) && old.frameno === cur.frameno;
    case RegBase.PTR_TO_ARENA:
      return true;
    default:
      return regsExact(old, cur, ids);
  }
}

function scalarSafe(old: RegState, cur: RegState, ids: IdMap, exact: Exact): boolean {
  if (ids.exactScalars) return sameUpToIds(old, cur) && ids.checkScalarIds(old.id, cur.id);
  if (!old.precise && exact === Exact.NOT_EXACT) return true;
  if (old.id !== 0 && (old.id & BPF_ADD_CONST) !== (cur.id & BPF_ADD_CONST)) return false;
  if ((old.id & BPF_ADD_CONST) !== 0 && old.off !== cur.off) return false;
  return rangeWithin(old.v, cur.v) && tnumIn(old.v, cur.v) && ids.checkScalarIds(old.id, cur.id);
}

function packetSafe(old: RegState, cur: RegState, ids: IdMap): boolean {
  if (old.range < 0 || cur.range < 0) {
    if (old.range !== cur.range) return false;
  } else if (old.range > cur.range) {
    return false;
  }
  if (old.off !== cur.off || !ids.checkIds(old.id, cur.id)) return false;
  return rangeWithin(old.v, cur.v) && tnumIn(old.v, cur.v);
}
