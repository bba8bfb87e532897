import { AttachType, ProgType } from '../uapi-enums';
import { KFUNCS, kfuncByName, kfuncFor } from './index';

test('names are unique and found', () => {
  const names = KFUNCS.map((row) => row.name);
  expect(new Set(names).size).toBe(names.length);
  for (const row of KFUNCS) expect(kfuncByName(row.name)).toBe(row);
});

test('every row is registered for something and has no flag twice', () => {
  for (const { hooks, flags } of KFUNCS) {
    expect(hooks.length).toBeGreaterThan(0);
    expect(new Set(flags).size).toBe(flags.length);
  }
});

test('an iterator has all three functions, and only its next may give NULL', () => {
  const iterators = KFUNCS.filter((row) => row.flags.includes('ITER_NEW')).map((row) =>
    row.name.slice(0, -4),
  );
  expect(iterators).toHaveLength(8);
  for (const iterator of iterators) {
    expect(kfuncByName(`${iterator}_next`)?.flags).toEqual(expect.arrayContaining(['RET_NULL', 'ITER_NEXT']));
    expect(kfuncByName(`${iterator}_destroy`)?.flags).toContain('ITER_DESTROY');
  }
});

/** As Linux 6.18.44 answers programs that call the function. */
test.each<[name: string, type: number, attachType: number, allowed: boolean]>([
  ['bpf_iter_num_new', ProgType.SOCKET_FILTER, 0, true],
  ['bpf_iter_num_new', ProgType.SK_LOOKUP, 0, true],
  ['bpf_task_from_pid', ProgType.SCHED_CLS, 0, true],
  ['bpf_task_from_pid', ProgType.RAW_TRACEPOINT, 0, false],
  ['bpf_task_from_pid', ProgType.TRACEPOINT, 0, true],
  ['bpf_task_from_pid', ProgType.KPROBE, 0, false],
  ['bpf_cpumask_create', ProgType.SCHED_CLS, 0, false],
  ['bpf_cpumask_create', ProgType.SYSCALL, 0, true],
  ['bpf_dynptr_from_skb', ProgType.CGROUP_SKB, 0, true],
  ['bpf_dynptr_from_skb', ProgType.XDP, 0, false],
  ['bpf_dynptr_from_xdp', ProgType.XDP, 0, true],
  ['bpf_session_cookie', ProgType.KPROBE, 0, false],
  ['bpf_session_cookie', ProgType.KPROBE, AttachType.TRACE_KPROBE_SESSION, true],
  ['bpf_get_file_xattr', ProgType.TRACING, AttachType.TRACE_RAW_TP, false],
  ['bpf_get_file_xattr', ProgType.LSM, AttachType.LSM_MAC, true],
  ['bpf_sock_destroy', ProgType.TRACING, AttachType.TRACE_ITER, true],
  ['bpf_sock_destroy', ProgType.TRACING, AttachType.TRACE_RAW_TP, false],
  ['cubictcp_init', ProgType.STRUCT_OPS, 0, true],
  ['do_exit', ProgType.TRACING, 0, false],
])('%s for type %i, attach type %i: %s', (name, type, attachType, allowed) => {
  expect(kfuncFor(type, attachType, name) !== undefined).toBe(allowed);
});
