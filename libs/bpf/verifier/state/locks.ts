import type { VerifierEnv } from '../env';
import { invalidateReg } from './references';
import { typeIsNonOwningRef } from './reg-type';
import { LOCK_MASK, type Reference, RefType } from './verifier-state';

/** The held lock of one of some types, of one object (`find_lock_state`). */
export function findLock(env: VerifierEnv, types: number, id: number, ptr: unknown): Reference | undefined {
  return env.cur.refs.items.find((r) => (r.type & types) !== 0 && r.id === id && r.ptr === ptr);
}

/** `acquire_lock_state`. @param ptr the map, or the BTF of the allocated object, that holds the lock */
export function acquireLock(env: VerifierEnv, type: RefType, id: number, ptr: unknown): void {
  const { refs } = env.cur;
  refs.items.push({ type, id, insn: env.insnIdx, ptr });
  refs.activeLocks++;
  refs.activeLockId = id;
  refs.activeLockPtr = ptr;
}

/** `release_lock_state`: the lock taken before it is the innermost now. */
export function releaseLock(env: VerifierEnv, lock: Reference): void {
  const { refs } = env.cur;
  const at = refs.items.indexOf(lock);
  const outer = refs.items.slice(0, at).findLast((r) => (r.type & LOCK_MASK) !== 0);
  refs.items.splice(at, 1);
  refs.activeLocks--;
  refs.activeLockId = outer?.id ?? 0;
  refs.activeLockPtr = outer?.ptr;
}

/** `invalidate_non_owning_refs`: what a lock protected may be freed once it is given back. */
export function invalidateNonOwningRefs(env: VerifierEnv): void {
  env.cur.forEachReg((reg) => {
    if (typeIsNonOwningRef(reg.type)) invalidateReg(env, reg);
  });
}

/** Interrupts are off from here (`acquire_irq_state`); its id. */
export function acquireIrq(env: VerifierEnv): number {
  const { refs } = env.cur;
  const id = env.nextId();
  refs.items.push({ type: RefType.IRQ, id, insn: env.insnIdx });
  refs.activeIrqId = id;
  return id;
}

/** `release_irq_state`: false when another region was entered since. */
export function releaseIrq(env: VerifierEnv, id: number): boolean {
  const { refs } = env.cur;
  if (id !== refs.activeIrqId) return false;
  const at = refs.items.findIndex((r) => r.type === RefType.IRQ && r.id === id);
  refs.activeIrqId = refs.items.slice(0, at).findLast((r) => r.type === RefType.IRQ)?.id ?? 0;
  refs.items.splice(at, 1);
  return true;
}
