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

/** A word that may be loaded in part from its first byte on, and from there only. */
function lowBytes(name: string, offset: number): readonly Row[] {
  return [1, 2, 4].map((size): Row => [size === 4 ? name : `${name}:${size}`, offset, size, 'whole']);
}

/** `struct bpf_sock` (include/uapi/linux/bpf.h); net/core/filter.c: bpf_sock_is_valid_access. */
const BPF_SOCK: readonly Row[] = [
  ['bound_dev_if', 0, 4, 'whole'],
  ...lowBytes('family', 4),
  ...lowBytes('type', 8),
  ...lowBytes('protocol', 12),
  ['mark', 16, 4, 'whole'],
  ['priority', 20, 4, 'whole'],
  ['src_ip4', 24, 4, 'narrow'],
  ['src_ip6[0]', 28, 4, 'narrow'],
  ['src_ip6[1]', 32, 4, 'narrow'],
  ['src_ip6[2]', 36, 4, 'narrow'],
  ['src_ip6[3]', 40, 4, 'narrow'],
  ...lowBytes('src_port', 44),
  ['dst_port', 48, 2, 'narrow'],
  // Programs compiled when the port was a word still load it as one.
  ['dst_port as a word', 48, 4, 'whole'],
  ['dst_ip4', 52, 4, 'narrow'],
  ['dst_ip6[0]', 56, 4, 'narrow'],
  ['dst_ip6[1]', 60, 4, 'narrow'],
  ['dst_ip6[2]', 64, 4, 'narrow'],
  ['dst_ip6[3]', 68, 4, 'narrow'],
  ...lowBytes('state', 72),
  ...lowBytes('rx_queue_mapping', 76),
];

/** net/core/filter.c: bpf_sock_common_is_valid_access. */
const NOT_IN_COMMON: ReadonlySet<string> = new Set(['type', 'protocol', 'mark', 'priority']);

/** Offsets of the 8-byte counters of `struct bpf_tcp_sock`. */
const BYTES_RECEIVED = 80;
const BYTES_ACKED = 88;

const VIEWS: Readonly<Partial<Record<RegBase, ContextView>>> = {
  [RegBase.PTR_TO_SOCKET]: viewOf('bpf_sock', 80, BPF_SOCK),
  [RegBase.PTR_TO_SOCK_COMMON]: viewOf(
    'bpf_sock',
    80,
    BPF_SOCK.filter(([name]) => !NOT_IN_COMMON.has(name.split(':')[0])),
  ),
  /** `struct bpf_tcp_sock`; bpf_tcp_sock_is_valid_access: two 8-byte counters, the rest words. */
  [RegBase.PTR_TO_TCP_SOCK]: viewOf('bpf_tcp_sock', 112, [
    ...Array.from({ length: 28 }, (_, i): Row => [`word${i}`, 4 * i, 4, 'whole']).filter(
      ([, offset]) => offset < BYTES_RECEIVED || offset >= BYTES_ACKED + 8,
    ),
    ['bytes_received', BYTES_RECEIVED, 8, 'whole'],
    ['bytes_acked', BYTES_ACKED, 8, 'whole'],
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
  const upperHalf = off === BYTES_RECEIVED + 4 || off === BYTES_ACKED + 4;
  if (baseType(reg.type) === RegBase.PTR_TO_TCP_SOCK && size === 4 && upperHalf) {
    // Linux lets the access pass and then finds that it can't convert it.
    env.reject('EFAULT', 'verifier bug: error during ctx access conversion (0)');
  }
  env.reject('EACCES', `R${regno} invalid ${regTypeStr(reg.type)} access off=${off} size=${size}`);
}
