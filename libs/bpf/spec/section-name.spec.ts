import { SECTION_DEFS } from './section-defs';
import { BPF_F_SLEEPABLE, BPF_F_XDP_HAS_FRAGS, parseSectionName } from './section-name';
import { AttachType, ProgType } from './uapi-enums';

function parsed(section: string) {
  const result = parseSectionName(section);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

describe('parseSectionName', () => {
  test.each([
    ['tracepoint/sched/sched_process_exec', 'tracepoint', ProgType.TRACEPOINT, 0, 'sched/sched_process_exec'],
    ['tp/syscalls/sys_enter_openat', 'tracepoint', ProgType.TRACEPOINT, 0, 'syscalls/sys_enter_openat'],
    ['raw_tp/sys_enter', 'raw_tracepoint', ProgType.RAW_TRACEPOINT, 0, 'sys_enter'],
    [
      'raw_tracepoint.w/nbd_send_request',
      'raw_tracepoint',
      ProgType.RAW_TRACEPOINT_WRITABLE,
      0,
      'nbd_send_request',
    ],
    ['kprobe/tcp_v4_connect', 'kprobe', ProgType.KPROBE, 0, 'tcp_v4_connect'],
    ['kprobe', 'kprobe', ProgType.KPROBE, 0, ''],
    ['kretprobe/x+0x10', 'kretprobe', ProgType.KPROBE, 0, 'x+0x10'],
    ['kprobe.multi/tcp_*', 'kprobe.multi', ProgType.KPROBE, AttachType.TRACE_KPROBE_MULTI, 'tcp_*'],
    ['kprobe.session/tcp_*', 'kprobe.session', ProgType.KPROBE, AttachType.TRACE_KPROBE_SESSION, 'tcp_*'],
    ['uretprobe//bin/bash:readline', 'uretprobe', ProgType.KPROBE, 0, '/bin/bash:readline'],
    ['usdt/libc.so.6:libc:setjmp', 'usdt', ProgType.KPROBE, 0, 'libc.so.6:libc:setjmp'],
    ['ksyscall/openat', 'ksyscall', ProgType.KPROBE, 0, 'openat'],
    ['fentry/vfs_read', 'fentry', ProgType.TRACING, AttachType.TRACE_FENTRY, 'vfs_read'],
    ['lsm/bprm_check_security', 'lsm', ProgType.LSM, AttachType.LSM_MAC, 'bprm_check_security'],
    ['iter/task', 'iter', ProgType.TRACING, AttachType.TRACE_ITER, 'task'],
    ['perf_event', 'perf_event', ProgType.PERF_EVENT, 0, ''],
    ['xdp', 'xdp', ProgType.XDP, AttachType.XDP, ''],
    ['tcx/ingress', 'tc', ProgType.SCHED_CLS, AttachType.TCX_INGRESS, ''],
    ['cgroup/connect4', 'cgroup', ProgType.CGROUP_SOCK_ADDR, AttachType.CGROUP_INET4_CONNECT, ''],
    ['cgroup_skb/egress', 'cgroup', ProgType.CGROUP_SKB, AttachType.CGROUP_INET_EGRESS, ''],
  ])('%s', (section, kind, type, expectedAttachType, attachTo) => {
    expect(parsed(section)).toMatchObject({
      section,
      kind,
      type,
      expectedAttachType,
      attachTo,
      optional: false,
      sleepable: false,
      flags: 0,
    });
  });

  test('flags, options, BTF targets', () => {
    expect(parsed('?fentry.s/vfs_read')).toMatchObject({
      optional: true,
      sleepable: true,
      flags: BPF_F_SLEEPABLE,
      attachTo: 'vfs_read',
      attachBtf: { prefix: '', kind: 'func' },
    });
    expect(parsed('xdp.frags').flags).toBe(BPF_F_XDP_HAS_FRAGS);
    expect(parsed('tp_btf/sched_switch').attachBtf).toEqual({ prefix: 'btf_trace_', kind: 'typedef' });
  });

  test.each([
    ['tracepont/sched/sched_switch', 'tracepoint/…'],
    ['kprobes/tcp_v4_connect', 'kprobe/…'],
    ['xdp/whatever', 'before 1.0 took it as SEC("xdp")'],
    ['xdp_prog1', 'SEC("xdp")'],
    ['socket_filter/x', 'SEC("socket")'],
    ['xdp_devmap/map_prog', 'SEC("xdp/devmap")'],
    ['cgroup/skb/x', 'SEC("cgroup/skb")'],
    ['sk_reuseport/migrate_x', 'SEC("sk_reuseport/migrate")'],
    ['kprobe_x', 'kprobe/…'],
    ['uprobe.x/a:b', 'uprobe.s/…'],
    ['socket1', 'SEC("socket")'],
    ['', 'tc'],
  ])('%j is unknown, the hint says %s', (section, nearest) => {
    const result = parseSectionName(section);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.error).toMatchObject({ code: 'section-unknown', errno: 3 });
    expect(result.error.hint).toContain(nearest);
  });

  test('a hostile name costs little', () => {
    const result = parseSectionName('a'.repeat(1_000_000));
    expect(!result.ok && result.error.message.length).toBeLessThan(200);
  });
});

test('no row hides another', () => {
  for (const def of SECTION_DEFS) {
    expect(parsed(def.name)).toMatchObject({
      type: def.type,
      expectedAttachType: def.expectedAttachType,
      sleepable: def.sleepable,
    });
  }
});
