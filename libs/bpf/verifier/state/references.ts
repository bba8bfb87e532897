import type { VerifierEnv } from '../env';
import { markRegUnknown } from './reg-ops';
import type { RegState } from './reg-state';
import {
  baseType,
  DYNPTR_TYPE_SKB,
  DYNPTR_TYPE_SKB_META,
  DYNPTR_TYPE_XDP,
  RegBase,
  typeIsPktPointer,
} from './reg-type';
import { RefType } from './verifier-state';

/** A helper returned something that must be given back (`acquire_reference`); its id. */
export function acquireReference(env: VerifierEnv, insn: number): number {
  const id = env.nextId();
  env.cur.refs.items.push({ type: RefType.PTR, id, insn });
  return id;
}

/** `release_reference`: gives it back and spoils all copies of the pointer; false when it was not held. */
export function releaseReference(env: VerifierEnv, refObjId: number): boolean {
  const { refs } = env.cur;
  const at = refs.items.findIndex((r) => r.type === RefType.PTR && r.id === refObjId);
  if (at < 0) return false;
  refs.items.splice(at, 1);
  env.cur.forEachReg((reg) => {
    if (reg.refObjId === refObjId) invalidateReg(env, reg);
  });
  return true;
}

/** `mark_reg_invalid`: whatever the register held is no longer valid. */
export function invalidateReg(env: VerifierEnv, reg: RegState): void {
  if (env.allowPtrLeaks) markRegUnknown(env, reg);
  else reg.markNotInit();
}

/** Slices of dynptrs that are packets (`reg_is_dynptr_slice_pkt`). */
const PKT_SLICE = DYNPTR_TYPE_SKB | DYNPTR_TYPE_XDP | DYNPTR_TYPE_SKB_META;

/** `clear_all_pkt_pointers`: the packet may have moved. */
export function clearAllPktPointers(env: VerifierEnv): void {
  env.cur.forEachReg((reg) => {
    const base = baseType(reg.type);
    const isSlice = base === RegBase.PTR_TO_MEM && (reg.type & PKT_SLICE) !== 0;
    if (typeIsPktPointer(base) || base === RegBase.PTR_TO_PACKET_END || isSlice) invalidateReg(env, reg);
  });
}

/** What ends a program from any frame at once. */
export const THROW = 'bpf_throw';

/**
 * `check_resource_leak`: nothing acquired or locked may be lost where the program may end.
 * @param what ends it, for the message
 */
export function checkResourceLeak(env: VerifierEnv, checkLock: boolean, what: string): void {
  const { refs } = env.cur;
  const region = (name: string): never =>
    env.reject('EINVAL', `${what} cannot be used inside ${name}-ed region`);
  if (checkLock && refs.activeLocks > 0) region('bpf_spin_lock');
  if (env.cur.curframe === 0 || what === THROW) {
    let leaks = false;
    for (const ref of refs.items) {
      if (ref.type !== RefType.PTR) continue;
      env.complain(`Unreleased reference id=${ref.id} alloc_insn=${ref.insn}`);
      leaks = true;
    }
    if (leaks) env.reject('EINVAL', `${what} would lead to reference leak`);
  }
  if (checkLock && refs.activeIrqId !== 0) region('bpf_local_irq_save');
  if (checkLock && refs.activeRcuLocks > 0) region('bpf_rcu_read_lock');
  if (checkLock && refs.activePreemptLocks > 0) region('bpf_preempt_disable');
}
