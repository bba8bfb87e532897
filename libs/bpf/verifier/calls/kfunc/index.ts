/**
 * Calls of kernel functions (kernel/bpf/verifier.c: check_kfunc_call, check_kfunc_args).
 *
 * What is where:
 * - `@probed/spec` `kfuncs/`: name, KF_ flags, program types. Prototypes come from the kernel's BTF, by name.
 * - `fetch.ts`: call -> {@link KfuncDesc}, or nothing when the program may not call it.
 * - `arg-kind.ts`: what a pointer argument has to be, by the types and suffixes of the prototype.
 * - `args.ts`: the checks that all arguments share, then `ARG_CHECKS` of `arg-checks.ts`, one function a kind.
 * - `special.ts`: rules of single functions, as tables of {@link SpecialKfunc} by name, one table a family
 *   (`casts.ts`, `dynptr-kfuncs.ts`, …). To add a family: write its table, enter it in `FAMILIES`.
 *   To add a kind of argument: write its {@link KfuncArgCheck}, enter it in `ARG_CHECKS` in place of `notJudged`.
 * - `return-value.ts`: R0 by the prototype, unless `pointerResult` of the special rules makes it.
 *
 * Order of a call: permission; `before`; sleepable?; arguments; `afterArgs`; release of the reference passed;
 * `afterRelease`; R0–R5 forgotten; result (`scalarResult` or `pointerResult`, then NULL and acquired reference);
 * `afterResult`; packet pointers; for `next` of an iterator the two paths.
 */
import type { VerifierEnv } from '../../env';
import { clearAllPktPointers, releaseReference } from '../../state/references';
import { clearCallerSavedRegs } from '../../state/reg-ops';
import { checkKfuncArgs } from './args';
import { fetchKfunc, isForeignKfunc, kfuncId, kfuncName } from './fetch';
import { processIterNext } from './iter-next';
import { KfuncMeta } from './kfunc-meta';
import { setKfuncResult } from './return-value';
import { specialKfunc } from './special';

export { fetchKfunc, kfuncId, kfuncName } from './fetch';
export { specialKfunc } from './special';

/** A call of a kernel function at `env.insnIdx` (`check_kfunc_call`). */
export function checkKfuncCall(env: VerifierEnv): void {
  const slot = env.insnIdx;
  // Complained of after the walk, when it is known to be reached.
  if (kfuncId(env, slot) === 0) return;
  const desc = fetchKfunc(env, slot);
  if (!desc) {
    const name = kfuncName(env, slot) ?? '';
    if (isForeignKfunc(env, slot)) env.unsupported(`calling kernel function ${name}`);
    env.reject('EACCES', `calling kernel function ${name} is not allowed`);
  }
  const meta = new KfuncMeta(desc);
  const special = specialKfunc(desc.name);
  special.before?.(env, meta);
  if (meta.has('DESTRUCTIVE')) checkDestructive(env);
  if (meta.isSleepable && !env.cur.inSleepable) {
    env.reject('EACCES', `program must be sleepable to call sleepable kfunc ${desc.name}`);
  }
  checkKfuncArgs(env, meta);
  special.afterArgs?.(env, meta);
  checkRegions(env, meta);
  if (meta.releaseRegno !== 0 && !releaseReference(env, meta.refObjId)) {
    env.reject('EINVAL', `kfunc ${desc.name}#${desc.id} reference has not been acquired before`);
  }
  special.afterRelease?.(env, meta);
  clearCallerSavedRegs(env);
  setKfuncResult(env, meta);
  if (special.changesPktData) clearAllPktPointers(env);
  if (meta.has('ITER_NEXT')) processIterNext(env, meta);
}

function checkDestructive(env: VerifierEnv): void {
  const { caps } = env.options;
  if (!caps || caps.has('CAP_SYS_BOOT')) return;
  env.reject('EACCES', 'destructive kfunc calls require CAP_SYS_BOOT capability');
}

/** What sections of the program forbid. */
function checkRegions(env: VerifierEnv, meta: KfuncMeta): void {
  const { name, isSleepable } = meta;
  const { refs } = env.cur;
  if (isSleepable && refs.activeRcuLocks > 0) {
    env.reject('EACCES', `kernel func ${name} is sleepable within rcu_read_lock region`);
  }
  if (isSleepable && refs.activePreemptLocks > 0) {
    env.reject('EACCES', `kernel func ${name} is sleepable within non-preemptible region`);
  }
  if (isSleepable && refs.activeIrqId !== 0) {
    env.reject('EACCES', `kernel func ${name} is sleepable within IRQ-disabled region`);
  }
  if (meta.has('RCU_PROTECTED') && !env.inRcuCs) {
    env.reject('EACCES', `kernel func ${name} requires RCU critical section protection`);
  }
}
