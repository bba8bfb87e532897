import { type ContextLayout, type ContextView, field, lowBytes, view, words } from './layout';

/** `struct bpf_sock` (include/uapi/linux/bpf.h); net/core/filter.c: bpf_sock_is_valid_access. */
const BPF_SOCK: ContextLayout = {
  struct: 'bpf_sock',
  size: 80,
  fields: [
    field('bound_dev_if', 0, 4, 'whole'),
    ...lowBytes('family', 4),
    ...lowBytes('type', 8),
    ...lowBytes('protocol', 12),
    field('mark', 16, 4, 'whole'),
    field('priority', 20, 4, 'whole'),
    field('src_ip4', 24, 4, 'narrow'),
    ...words('src_ip6', 28, 'narrow'),
    ...lowBytes('src_port', 44),
    field('dst_port', 48, 2, 'narrow'),
    // Programs compiled when the port was a word still load it as one.
    field('dst_port as a word', 48, 4, 'whole'),
    field('dst_ip4', 52, 4, 'narrow'),
    ...words('dst_ip6', 56, 'narrow'),
    ...lowBytes('state', 72),
    ...lowBytes('rx_queue_mapping', 76),
  ],
};

/** A socket that a pointer names (PTR_TO_SOCKET): all fields, none writable. */
export const SOCKET_VIEW = view(BPF_SOCK);

const NOT_IN_COMMON: ReadonlySet<string> = new Set(['type', 'protocol', 'mark', 'priority']);

/** net/core/filter.c: bpf_sock_common_is_valid_access. */
export const SOCK_COMMON_VIEW = view(
  BPF_SOCK,
  BPF_SOCK.fields.map(({ name }) => name).filter((name) => NOT_IN_COMMON.has(name.split(':')[0])),
);

/** Offsets of the two 8-byte counters of `struct bpf_tcp_sock`; the rest are words. */
export const TCP_SOCK_COUNTERS = { bytesReceived: 80, bytesAcked: 88 } as const;

const TCP_SOCK_WORDS = 28;

/** `struct bpf_tcp_sock`; net/core/filter.c: bpf_tcp_sock_is_valid_access. */
export const TCP_SOCK_VIEW = view({
  struct: 'bpf_tcp_sock',
  size: 112,
  fields: [
    ...Array.from({ length: TCP_SOCK_WORDS }, (_, i) => field(`word${i}`, 4 * i, 4, 'whole')).filter(
      ({ offset }) => offset < TCP_SOCK_COUNTERS.bytesReceived || offset >= TCP_SOCK_COUNTERS.bytesAcked + 8,
    ),
    field('bytes_received', TCP_SOCK_COUNTERS.bytesReceived, 8, 'whole'),
    field('bytes_acked', TCP_SOCK_COUNTERS.bytesAcked, 8, 'whole'),
  ],
});

/** `struct bpf_xdp_sock`; net/core/filter.c: bpf_xdp_sock_is_valid_access. */
export const XDP_SOCK_VIEW = view({
  struct: 'bpf_xdp_sock',
  size: 4,
  fields: [field('queue_id', 0, 4, 'whole')],
});

const CREATE_FIELDS = ['bound_dev_if', 'mark', 'priority'];
const SRC_IP6 = [0, 1, 2, 3].map((i) => `src_ip6[${i}]`);
const SRC_PORT = ['src_port', 'src_port:1', 'src_port:2'];

/**
 * A socket as the context of cgroup_sock programs: when it is created or released a few fields may change, after a
 * bind its own address may be read (net/core/filter.c: __sock_filter_check_attach_type).
 */
export const CGROUP_SOCK_VIEWS: Readonly<Record<'create' | 'postBind4' | 'postBind6', ContextView>> = {
  create: view(BPF_SOCK, ['src_ip4', ...SRC_IP6, ...SRC_PORT], CREATE_FIELDS),
  postBind4: view(BPF_SOCK, [...CREATE_FIELDS, ...SRC_IP6]),
  postBind6: view(BPF_SOCK, [...CREATE_FIELDS, 'src_ip4']),
};
