import { AttachType, ProgType } from '@probed/spec';
import { type Case, run } from '../fixtures/run-case';

const EXIT = 'r0 = 1\nexit';
const EPERM = 1;
const E2BIG = 7;
const EINVAL = 22;

function answer(test: Partial<Case>): number {
  const result = run({ asm: EXIT, ...test });
  return result.ok ? 0 : result.error.errno;
}

describe('capabilities', () => {
  test.each<[type: keyof typeof ProgType, caps: readonly string[], errno: number]>([
    ['SOCKET_FILTER', [], 0],
    ['CGROUP_SKB', [], 0],
    ['SK_REUSEPORT', [], EPERM],
    ['SK_REUSEPORT', ['CAP_BPF'], 0],
    ['XDP', ['CAP_BPF'], EPERM],
    ['XDP', ['CAP_NET_ADMIN'], EPERM],
    ['XDP', ['CAP_BPF', 'CAP_NET_ADMIN'], 0],
    ['KPROBE', ['CAP_BPF', 'CAP_NET_ADMIN'], EPERM],
    ['KPROBE', ['CAP_BPF', 'CAP_PERFMON'], 0],
    ['KPROBE', ['CAP_SYS_ADMIN'], 0],
  ])('%s with %j: errno %d', (type, caps, errno) => {
    const attach = type === 'SK_REUSEPORT' ? AttachType.SK_REUSEPORT_SELECT : 0;
    expect(answer({ type: ProgType[type], caps, expectedAttachType: attach })).toBe(errno);
  });

  test('a program without CAP_BPF has 4,096 instructions at most', () => {
    const long = (count: number) => `${'r0 = 0\n'.repeat(count - 1)}exit`;
    expect(answer({ asm: long(4096), type: ProgType.SOCKET_FILTER, caps: [] })).toBe(0);
    expect(answer({ asm: long(4097), type: ProgType.SOCKET_FILTER, caps: [] })).toBe(E2BIG);
    expect(answer({ asm: long(4097), type: ProgType.SOCKET_FILTER })).toBe(0);
  });
});

test.each([
  [0, 0],
  [1 << 7, 0],
  [1 << 8, EINVAL],
  [1 << 20, EINVAL],
])('program flags 0x%x: errno %d', (flags, errno) => {
  expect(answer({ type: ProgType.XDP, flags })).toBe(errno);
});

test.each<[type: keyof typeof ProgType, attach: keyof typeof AttachType, errno: number]>([
  ['CGROUP_SKB', 'CGROUP_INET_EGRESS', 0],
  ['CGROUP_SKB', 'CGROUP_SOCK_OPS', EINVAL],
  ['CGROUP_SOCK', 'CGROUP_INET4_POST_BIND', 0],
  ['CGROUP_SOCK', 'CGROUP_INET4_BIND', EINVAL],
  ['CGROUP_SOCK_ADDR', 'CGROUP_UNIX_CONNECT', 0],
  ['SK_LOOKUP', 'SK_LOOKUP', 0],
  ['SK_LOOKUP', 'CGROUP_INET_INGRESS', EINVAL],
  ['NETFILTER', 'NETFILTER', 0],
  ['XDP', 'CGROUP_SOCK_OPS', 0],
])('%s takes attach type %s: errno %d', (type, attach, errno) => {
  expect(answer({ type: ProgType[type], expectedAttachType: AttachType[attach] })).toBe(errno);
});

test('attach type 0 stands for the first of old program types', () => {
  expect(answer({ type: ProgType.CGROUP_SOCK })).toBe(0);
  expect(answer({ type: ProgType.SK_REUSEPORT })).toBe(0);
});
