import type { HelperFamily, HelperMaker } from '../helper-context';

/** One thread alone runs programs, and nothing interrupts one: entering and leaving is all that there is to it. */
const nothing: HelperMaker = () => () => 0;

/** RCU, preemption, interrupts, casts (kernel/bpf/helpers.c), sessions of probes (kernel/trace/bpf_trace.c). */
export const REGION_KFUNCS: HelperFamily = {
  bpf_rcu_read_lock: nothing,
  bpf_rcu_read_unlock: nothing,
  bpf_preempt_disable: nothing,
  bpf_preempt_enable: nothing,
  // X86_EFLAGS_IF: interrupts were on.
  bpf_local_irq_save: (c) => (at) => {
    c.memory.view.setBigUint64(at, 0x200n, true);
    return 0;
  },
  bpf_local_irq_restore: nothing,
  bpf_session_is_return: (c) => () => (c.services.run().session?.isReturn ? 1 : 0),
  bpf_session_cookie: (c) => () => c.services.run().session?.cookie ?? 0,
  bpf_rdonly_cast: (c) => (lo, hi) => c.u64(lo, hi),
};
