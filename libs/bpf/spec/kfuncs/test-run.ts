import { type KfuncRow, kfuncs } from './kfunc-row';

/** Functions of the test harness of BPF, and functions whose return value programs may change. */
export const TEST_KFUNCS: readonly KfuncRow[] = [
  // net/bpf/test_run.c
  ...kfuncs(['fmodret'], {
    bpf_fentry_test1: 'SLEEPABLE',
    bpf_modify_return_test: '',
    bpf_modify_return_test2: '',
  }),
  // net/bpf/test_run.c
  ...kfuncs(['tc', 'tracing', 'syscall'], {
    bpf_kfunc_call_memb_release: 'RELEASE',
    bpf_kfunc_call_test_release: 'RELEASE',
  }),
  // net/bpf/test_run.c
  ...kfuncs(['common', 'fmodret'], {
    bpf_modify_return_test_tp: '',
  }),
  // net/mptcp/bpf.c
  ...kfuncs(['fmodret'], {
    update_socket_protocol: '',
  }),
];
