import { type MapInfo, MapType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import type { FieldKind, FieldMask } from '../records/field-kinds';
import { mapHasSpinLock, recordOf, typesOfMap } from '../records/of-register';
import { ZERO } from '../scalar';
import { isZero } from '../state/reg-ops';
import type { RegState } from '../state/reg-state';
import { baseType, MEM_RCU, PTR_MAYBE_NULL, RegBase, typeIsPtrAllocObj } from '../state/reg-type';
import type { VerifierState } from '../state/verifier-state';

/** Whether the pointer's identity matters beyond its null check (`reg_may_point_to_spin_lock`). */
export function mayPointToSpinLock(env: VerifierEnv, reg: RegState): boolean {
  if (reg.type === RegBase.PTR_TO_MAP_VALUE) return reg.map !== undefined && mapHasSpinLock(env, reg.map);
  const record = recordOf(env, reg);
  return record !== undefined && (record.has('SPIN_LOCK') || record.has('RES_SPIN_LOCK'));
}

/** Fields whose functions take the map that they are in. */
const DEFERRED: FieldMask = new Set<FieldKind>(['TIMER', 'WORKQUEUE', 'TASK_WORK']);

function keepsDeferredWork(env: VerifierEnv, map: MapInfo): boolean {
  return typesOfMap(env, map).record?.hasAny(DEFERRED) ?? false;
}

const templates = new WeakMap<MapInfo, MapInfo>();

/** What is known of all inner maps alike (`bpf_map_meta_alloc`): not their names. */
function templateOf(inner: MapInfo): MapInfo {
  let template = templates.get(inner);
  if (!template) {
    template = { ...inner, name: '' };
    templates.set(inner, template);
  }
  return template;
}

/** The pointer was found not to be NULL (`mark_ptr_not_null_reg`). */
export function markPtrNotNull(env: VerifierEnv, reg: RegState): void {
  if (baseType(reg.type) === RegBase.PTR_TO_MAP_VALUE && reg.map) {
    const { map } = reg;
    if (map.inner) {
      reg.type = RegBase.CONST_PTR_TO_MAP;
      reg.map = templateOf(map.inner);
      // Tells the inner maps of two look-ups apart, where a timer must go with its own map.
      if (keepsDeferredWork(env, map.inner)) reg.mapUid = reg.id;
    } else if (map.type === MapType.XSKMAP) {
      reg.type = RegBase.PTR_TO_XDP_SOCK;
    } else if (map.type === MapType.SOCKMAP || map.type === MapType.SOCKHASH) {
      reg.type = RegBase.PTR_TO_SOCKET;
    } else {
      reg.type = RegBase.PTR_TO_MAP_VALUE;
    }
    return;
  }
  reg.type &= ~PTR_MAYBE_NULL;
}

function markPtrOrNull(env: VerifierEnv, reg: RegState, id: number, isNull: boolean): void {
  if ((reg.type & PTR_MAYBE_NULL) === 0 || reg.id !== id) return;
  if (reg.id === 0 && (reg.type & MEM_RCU) === 0) return;
  if (!isZero(reg.v) || (reg.off !== 0 && !typeIsPtrAllocObj(reg.type))) return;
  if (isNull) {
    reg.markScalar(ZERO);
    return;
  }
  markPtrNotNull(env, reg);
  if (!mayPointToSpinLock(env, reg)) reg.id = 0;
}

/** After a test against NULL, all copies of the pointer are known (`mark_ptr_or_null_regs`). */
export function markPtrOrNullRegs(env: VerifierEnv, st: VerifierState, regno: number, isNull: boolean): void {
  const { id, refObjId } = st.curFunc.regs[regno];
  // Nothing was acquired when the pointer is NULL.
  if (refObjId !== 0 && refObjId === id && isNull) {
    st.refs.items = st.refs.items.filter((r) => r.id !== id);
  }
  st.forEachReg((reg) => markPtrOrNull(env, reg, id, isNull));
}
