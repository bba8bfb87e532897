import type { VerifierEnv } from '../../env';
import { pushStack } from '../../exec/path-stack';
import { withBounds, ZERO } from '../../scalar';
import { MEM_ALLOC, RegBase } from '../../state/reg-type';
import { processSpinLock } from '../spin-lock';
import type { KfuncArg, KfuncMeta } from './kfunc-meta';
import type { SpecialKfunc } from './special';

/** Locks that may fail: the path of a failure is walked on its own. */
const LOCK: SpecialKfunc = {
  spinAllowed: true,
  before: pushFailure,
  scalarResult(env, _meta, r0) {
    r0.markScalar(ZERO);
    r0.precise = !env.bpfCapable;
  },
};
const UNLOCK: SpecialKfunc = { spinAllowed: true };

export const RES_LOCK_KFUNCS: Readonly<Record<string, SpecialKfunc>> = {
  bpf_res_spin_lock: LOCK,
  bpf_res_spin_lock_irqsave: LOCK,
  bpf_res_spin_unlock: UNLOCK,
  bpf_res_spin_unlock_irqrestore: UNLOCK,
};

/** The lock of a map value or of an allocated object (KF_ARG_PTR_TO_RES_SPIN_LOCK). */
export function checkResLockArg(
  env: VerifierEnv,
  { index, regno, reg }: KfuncArg,
  { name }: KfuncMeta,
): void {
  if (reg.type !== RegBase.PTR_TO_MAP_VALUE && reg.type !== (RegBase.PTR_TO_BTF_ID | MEM_ALLOC)) {
    env.reject('EINVAL', `arg#${index} doesn't point to map value or allocated object`);
  }
  processSpinLock(env, regno, {
    lock: name.includes('_lock'),
    resilient: true,
    irq: name.includes('_irq'),
  });
}

const MAX_ERRNO = 4095;

function pushFailure(env: VerifierEnv): void {
  const { regs } = pushStack(env, env.insnIdx + 1, env.insnIdx, false, 'ENOMEM').curFunc;
  for (let i = 0; i <= 5; i++) regs[i].markNotInit();
  regs[0].markUnknown(!env.bpfCapable);
  regs[0].v = withBounds(regs[0].v, {
    smin: BigInt(-MAX_ERRNO),
    smax: -1n,
    s32min: -MAX_ERRNO,
    s32max: -1,
  });
}
