import type { HelperFamily, HelperMaker } from '../helper-context';

/** One thread alone runs programs, and nothing interrupts one: entering and leaving is all that there is to it. */
const nothing: HelperMaker = () => () => 0;

/** RCU, preemption and interrupts (kernel/bpf/helpers.c). */
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
  bpf_rdonly_cast: (c) => (lo, hi) => c.u64(lo, hi),
};
