import type { VerifierEnv } from '../../env';
import { MEM_RCU, PTR_MAYBE_NULL, PTR_UNTRUSTED } from '../../state/reg-type';
import { inRbtreeCallback } from './graph-rules';
import type { KfuncMeta } from './kfunc-meta';
import type { SpecialKfunc } from './special';

/** Functions that begin and end sections: RCU read side, preemption disabled. */
export const SECTION_KFUNCS: Readonly<Record<string, SpecialKfunc>> = {
  bpf_rcu_read_lock: { afterArgs: rcuLock },
  bpf_rcu_read_unlock: { afterArgs: rcuUnlock },
  bpf_preempt_disable: {
    afterArgs(env) {
      env.cur.refs.activePreemptLocks++;
    },
  },
  bpf_preempt_enable: {
    afterArgs(env, { name }) {
      const { refs } = env.cur;
      if (refs.activePreemptLocks === 0) {
        env.reject('EINVAL', `unmatched attempt to enable preemption (kernel function ${name})`);
      }
      refs.activePreemptLocks--;
    },
  },
};

function rcuLock(env: VerifierEnv, { name }: KfuncMeta): void {
  const { refs } = env.cur;
  if (refs.activeRcuLocks > 0) {
    checkNotInTree(env);
    env.reject('EINVAL', `nested rcu read lock (kernel function ${name})`);
  }
  refs.activeRcuLocks = 1;
}

function rcuUnlock(env: VerifierEnv, { name }: KfuncMeta): void {
  const { refs } = env.cur;
  if (refs.activeRcuLocks === 0) env.reject('EINVAL', `unmatched rcu read unlock (kernel function ${name})`);
  checkNotInTree(env);
  env.cur.forEachRegAndIter((reg) => {
    if ((reg.type & MEM_RCU) !== 0) reg.type = (reg.type & ~(MEM_RCU | PTR_MAYBE_NULL)) | PTR_UNTRUSTED;
  });
  refs.activeRcuLocks = 0;
}

function checkNotInTree(env: VerifierEnv): void {
  if (!inRbtreeCallback(env)) return;
  env.reject('EACCES', 'Calling bpf_rcu_read_{lock,unlock} in unnecessary rbtree callback');
}
