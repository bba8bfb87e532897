import { COMMON, type KfuncRow, kfuncs } from './kfunc-row';

/** Sections, locks and deferred work. */
export const REGION_KFUNCS: readonly KfuncRow[] = [
  // kernel/bpf/helpers.c
  ...kfuncs(COMMON, {
    bpf_local_irq_restore: '',
    bpf_local_irq_save: '',
    bpf_preempt_disable: '',
    bpf_preempt_enable: '',
    bpf_rcu_read_lock: '',
    bpf_rcu_read_unlock: '',
    bpf_task_work_schedule_resume_impl: 'TRUSTED_ARGS',
    bpf_task_work_schedule_signal_impl: 'TRUSTED_ARGS',
    bpf_wq_init: '',
    bpf_wq_set_callback_impl: '',
    bpf_wq_start: '',
  }),
  // kernel/bpf/rqspinlock.c
  ...kfuncs(COMMON, {
    bpf_res_spin_lock: 'RET_NULL',
    bpf_res_spin_lock_irqsave: 'RET_NULL',
    bpf_res_spin_unlock: '',
    bpf_res_spin_unlock_irqrestore: '',
  }),
];
