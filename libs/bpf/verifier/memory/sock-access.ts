import { type ContextView, contextAccess } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { baseType, RegBase, regTypeStr } from '../state/reg-type';

type Row = readonly [name: string, offset: number, size: number, rule: 'whole' | 'narrow'];

function viewOf(struct: string, size: number, rows: readonly Row[]): ContextView {
  const fields = rows.map(([name, offset, bytes, rule]) => ({
    name,
    offset,
    size: bytes,
    rule,
    kind: 'scalar' as const,
  }));
  return { layout: { struct, size, fields }, read: new Set(fields.map((f) => f.name)), write: new Set() };
}

/** `struct bpf_sock` (include/uapi/linux/bpf.h); net/core/filter.c: bpf_sock_is_valid_access. */
const BPF_SOCK: readonly Row[] = [
  ['bound_dev_if', 0, 4, 'whole'],
  ['family', 4, 4, 'narrow'],
  ['type', 8, 4, 'narrow'],
  ['protocol', 12, 4, 'narrow'],
  ['mark', 16, 4, 'whole'],
  ['priority', 20, 4, 'whole'],
  ['src_ip4', 24, 4, 'narrow'],
  ['src_ip6[0]', 28, 4, 'narrow'],
  ['src_ip6[1]', 32, 4, 'narrow'],
  ['src_ip6[2]', 36, 4, 'narrow'],
  ['src_ip6[3]', 40, 4, 'narrow'],
  ['src_port', 44, 4, 'narrow'],
  ['dst_port', 48, 2, 'narrow'],
  ['dst_ip4', 52, 4, 'narrow'],
  ['dst_ip6[0]', 56, 4, 'narrow'],
  ['dst_ip6[1]', 60, 4, 'narrow'],
  ['dst_ip6[2]', 64, 4, 'narrow'],
  ['dst_ip6[3]', 68, 4, 'narrow'],
  ['state', 72, 4, 'narrow'],
  ['rx_queue_mapping', 76, 4, 'narrow'],
];

/** net/core/filter.c: bpf_sock_common_is_valid_access. */
const NOT_IN_COMMON: ReadonlySet<string> = new Set(['type', 'protocol', 'mark', 'priority', 'bound_dev_if']);

const VIEWS: Readonly<Partial<Record<RegBase, ContextView>>> = {
  [RegBase.PTR_TO_SOCKET]: viewOf('bpf_sock', 80, BPF_SOCK),
  [RegBase.PTR_TO_SOCK_COMMON]: viewOf(
    'bpf_sock',
    80,
    BPF_SOCK.filter(([name]) => !NOT_IN_COMMON.has(name)),
  ),
  /** `struct bpf_tcp_sock`; bpf_tcp_sock_is_valid_access: two 8-byte counters, the rest words. */
  [RegBase.PTR_TO_TCP_SOCK]: viewOf('bpf_tcp_sock', 96, [
    ...Array.from({ length: 18 }, (_, i): Row => [`word${i}`, 4 * i, 4, 'whole']),
    ['bytes_received', 72, 8, 'whole'],
    ['bytes_acked', 80, 8, 'whole'],
    ['dsack_dups', 88, 4, 'whole'],
    ['delivered', 92, 4, 'whole'],
  ]),
  [RegBase.PTR_TO_XDP_SOCK]: viewOf('bpf_xdp_sock', 4, [['queue_id', 0, 4, 'whole']]),
};

/** `check_sock_access`: fields of the socket structs programs see. */
export function checkSockAccess(env: VerifierEnv, regno: number, off: number, size: number): void {
  const reg = env.curRegs[regno];
  if (reg.v.smin < 0n) {
    env.reject(
      'EACCES',
      `R${regno} min value is negative, either use unsigned index or do a if (index >=0) check.`,
    );
  }
  const view = VIEWS[baseType(reg.type)];
  if (view && contextAccess(view, off, size, false)) return;
  env.reject('EACCES', `R${regno} invalid ${regTypeStr(reg.type)} access off=${off} size=${size}`);
}
