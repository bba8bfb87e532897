import { type ContextLayout, field, view, words } from './layout';

/** `struct __sk_buff`; rules of net/core/filter.c: bpf_skb_is_valid_access. */
const SK_BUFF: ContextLayout = {
  struct: '__sk_buff',
  size: 192,
  fields: [
    field('len', 0, 4, 'narrow'),
    field('pkt_type', 4, 4, 'narrow'),
    field('mark', 8, 4, 'narrow'),
    { ...field('queue_mapping', 12, 4, 'narrow'), keptBytes: 2 },
    field('protocol', 16, 4, 'narrow'),
    field('vlan_present', 20, 4, 'narrow'),
    field('vlan_tci', 24, 4, 'narrow'),
    field('vlan_proto', 28, 4, 'narrow'),
    field('priority', 32, 4, 'narrow'),
    field('ingress_ifindex', 36, 4, 'narrow'),
    field('ifindex', 40, 4, 'narrow'),
    { ...field('tc_index', 44, 4, 'narrow'), keptBytes: 2 },
    field('cb', 48, 20, 'any'),
    field('hash', 68, 4, 'narrow'),
    { ...field('tc_classid', 72, 4, 'narrow'), keptBytes: 2 },
    field('data', 76, 4, 'whole', 'packet'),
    field('data_end', 80, 4, 'whole', 'packet-end'),
    field('napi_id', 84, 4, 'narrow'),
    field('family', 88, 4, 'narrow'),
    field('remote_ip4', 92, 4, 'whole'),
    field('local_ip4', 96, 4, 'whole'),
    ...words('remote_ip6', 100),
    ...words('local_ip6', 116),
    field('remote_port', 132, 4, 'narrow'),
    field('local_port', 136, 4, 'narrow'),
    field('data_meta', 140, 4, 'whole', 'packet-meta'),
    field('flow_keys', 144, 8, 'whole', 'flow-keys'),
    field('tstamp', 152, 8, 'whole'),
    field('wire_len', 160, 4, 'narrow'),
    field('gso_segs', 164, 4, 'narrow'),
    field('sk', 168, 8, 'whole', 'sock-common-or-null'),
    field('gso_size', 176, 4, 'narrow'),
    field('tstamp_type', 180, 1, 'whole'),
    field('hwtstamp', 184, 8, 'whole'),
  ],
};

const ADDRESSES = [
  'family',
  'remote_ip4',
  'local_ip4',
  ...[0, 1, 2, 3].flatMap((i) => [`remote_ip6[${i}]`, `local_ip6[${i}]`]),
  'remote_port',
  'local_port',
];

/** net/core/filter.c: sk_filter_is_valid_access. */
export const SOCKET_FILTER_VIEW = view(
  SK_BUFF,
  [
    ...ADDRESSES,
    'tc_classid',
    'data',
    'data_meta',
    'data_end',
    'flow_keys',
    'tstamp',
    'tstamp_type',
    'wire_len',
    'hwtstamp',
  ],
  ['cb'],
);

/** net/core/filter.c: cg_skb_is_valid_access. */
export const CGROUP_SKB_VIEW = view(
  SK_BUFF,
  ['tc_classid', 'data_meta', 'flow_keys', 'wire_len', 'tstamp_type'],
  ['mark', 'priority', 'cb', 'tstamp'],
);

/** The same without CAP_BPF: no packet pointers, no time stamp to write. */
export const CGROUP_SKB_UNPRIVILEGED_VIEW = view(
  SK_BUFF,
  ['tc_classid', 'data', 'data_end', 'data_meta', 'flow_keys', 'wire_len', 'tstamp_type'],
  ['mark', 'priority', 'cb'],
);

/** net/core/filter.c: tc_cls_act_is_valid_access. */
export const TC_VIEW = view(
  SK_BUFF,
  [...ADDRESSES, 'flow_keys'],
  ['mark', 'tc_index', 'priority', 'tc_classid', 'cb', 'tstamp', 'queue_mapping'],
);

/** net/core/filter.c: lwt_is_valid_access. */
export const LWT_VIEW = view(
  SK_BUFF,
  [...ADDRESSES, 'tc_classid', 'data_meta', 'flow_keys', 'tstamp', 'tstamp_type', 'wire_len', 'hwtstamp'],
  ['mark', 'priority', 'cb'],
);

/** net/core/filter.c: sk_skb_is_valid_access. */
export const SK_SKB_VIEW = view(
  SK_BUFF,
  ['mark', 'tc_classid', 'data_meta', 'flow_keys', 'tstamp', 'tstamp_type', 'wire_len', 'hwtstamp'],
  ['tc_index', 'priority'],
);

/** Of the packet the flow dissector sees where it lies and the keys that it fills in; flow_dissector_is_valid_access. */
export const FLOW_DISSECTOR_VIEW = view({
  struct: '__sk_buff',
  size: 192,
  fields: [
    field('data', 76, 4, 'whole', 'packet'),
    field('data_end', 80, 4, 'whole', 'packet-end'),
    field('flow_keys', 144, 8, 'whole', 'flow-keys'),
  ],
});

/** `struct xdp_md`; net/core/filter.c: xdp_is_valid_access. */
const XDP_MD: ContextLayout = {
  struct: 'xdp_md',
  size: 24,
  fields: [
    field('data', 0, 4, 'whole', 'packet'),
    field('data_end', 4, 4, 'whole', 'packet-end'),
    field('data_meta', 8, 4, 'whole', 'packet-meta'),
    field('ingress_ifindex', 12, 4, 'whole'),
    field('rx_queue_index', 16, 4, 'whole'),
    field('egress_ifindex', 20, 4, 'whole'),
  ],
};

export const XDP_VIEW = view(XDP_MD, ['egress_ifindex']);
export const XDP_DEVMAP_VIEW = view(XDP_MD);
