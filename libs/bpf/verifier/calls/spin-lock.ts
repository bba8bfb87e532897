import type { VerifierEnv } from '../env';
import { btfOf, recordOf, typesOfMap } from '../records/of-register';
import { isConst } from '../scalar';
import { acquireLock, findLock, invalidateNonOwningRefs, releaseLock } from '../state/locks';
import type { RegState } from '../state/reg-state';
import { RegBase } from '../state/reg-type';
import { RefType } from '../state/verifier-state';

/** What a function does to a lock (PROCESS_SPIN_LOCK and the like). */
export interface LockOperation {
  readonly lock: boolean;
  /** `bpf_res_spin_lock`, which may fail and may be nested. */
  readonly resilient: boolean;
  /** Interrupts are switched with it. */
  readonly irq: boolean;
}

const RES_LOCKS = RefType.RES_LOCK | RefType.RES_LOCK_IRQ;

/** Locks and unlocks (`process_spin_lock`): the lock is at a known place of a map value or an allocated object. */
export function processSpinLock(env: VerifierEnv, regno: number, op: LockOperation): void {
  const reg = env.curRegs[regno];
  const name = op.resilient ? 'bpf_res_spin' : 'bpf_spin';
  checkLockPlace(env, regno, reg, op, name);
  const holder = reg.type === RegBase.PTR_TO_MAP_VALUE ? reg.map : btfOf(env, reg);
  if (op.lock) takeLock(env, reg, op, holder);
  else giveLockBack(env, reg, op, holder, name);
}

function checkLockPlace(
  env: VerifierEnv,
  regno: number,
  reg: RegState,
  op: LockOperation,
  name: string,
): void {
  if (!isConst(reg.v)) {
    env.reject(
      'EINVAL',
      `R${regno} doesn't have constant offset. ${name}_lock has to be at the constant offset`,
    );
  }
  const map = reg.type === RegBase.PTR_TO_MAP_VALUE ? reg.map : undefined;
  const mapName = map?.name.slice(0, 15);
  if (map && !typesOfMap(env, map).hasBtf) {
    env.reject('EINVAL', `map '${mapName}' has to have BTF in order to use ${name}_lock`);
  }
  const kind = op.resilient ? 'RES_SPIN_LOCK' : 'SPIN_LOCK';
  const record = recordOf(env, reg);
  if (!record?.has(kind)) {
    const what = map ? `map '${mapName}'` : "local 'kptr'";
    env.reject('EINVAL', `${what} has no valid ${name}_lock`);
  }
  const at = BigInt.asIntN(64, reg.v.value + BigInt(reg.off));
  const place = record.offsetOf(kind);
  if (at !== BigInt(place)) {
    env.reject('EINVAL', `off ${at} doesn't point to 'struct ${name}_lock' that is at ${place}`);
  }
}

function refType(op: LockOperation): RefType {
  if (!op.resilient) return RefType.LOCK;
  return op.irq ? RefType.RES_LOCK_IRQ : RefType.RES_LOCK;
}

function takeLock(env: VerifierEnv, reg: RegState, op: LockOperation, holder: unknown): void {
  if (op.resilient && findLock(env, RES_LOCKS, reg.id, holder)) {
    env.reject('EINVAL', 'Acquiring the same lock again, AA deadlock detected');
  }
  acquireLock(env, refType(op), reg.id, holder);
}

function giveLockBack(
  env: VerifierEnv,
  reg: RegState,
  op: LockOperation,
  holder: unknown,
  name: string,
): void {
  const { refs } = env.cur;
  if (refs.activeLocks === 0) env.reject('EINVAL', `${name}_unlock without taking a lock`);
  const held = findLock(env, refType(op), reg.id, holder);
  if (!held) env.reject('EINVAL', `${name}_unlock of different lock`);
  if (reg.id !== refs.activeLockId || holder !== refs.activeLockPtr) {
    env.reject('EINVAL', `${name}_unlock cannot be out of order`);
  }
  releaseLock(env, held);
  invalidateNonOwningRefs(env);
}
