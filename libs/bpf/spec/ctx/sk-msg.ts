import { field, view, words } from './layout';

/** `struct sk_msg_md`; net/core/filter.c: sk_msg_is_valid_access. */
export const SK_MSG_VIEW = view({
  struct: 'sk_msg_md',
  size: 80,
  fields: [
    field('data', 0, 8, 'whole', 'packet'),
    field('data_end', 8, 8, 'whole', 'packet-end'),
    field('family', 16, 4, 'whole'),
    field('remote_ip4', 20, 4, 'whole'),
    field('local_ip4', 24, 4, 'whole'),
    ...words('remote_ip6', 28),
    ...words('local_ip6', 44),
    field('remote_port', 60, 4, 'whole'),
    field('local_port', 64, 4, 'whole'),
    field('size', 68, 4, 'whole'),
    field('sk', 72, 8, 'whole', 'socket'),
  ],
});

/** `struct sk_reuseport_md`; net/core/filter.c: sk_reuseport_is_valid_access. */
export const SK_REUSEPORT_VIEW = view({
  struct: 'sk_reuseport_md',
  size: 56,
  fields: [
    field('data', 0, 8, 'whole', 'packet'),
    field('data_end', 8, 8, 'whole', 'packet-end'),
    field('len', 16, 4, 'narrow'),
    // Of 16 bits in the kernel, so no single bytes.
    field('eth_protocol:lower', 20, 2, 'whole'),
    field('eth_protocol:upper', 22, 2, 'whole'),
    field('eth_protocol', 20, 4, 'whole'),
    field('ip_protocol', 24, 4, 'narrow'),
    field('bind_inany', 28, 4, 'narrow'),
    field('hash', 32, 4, 'whole'),
    field('sk', 40, 8, 'whole', 'socket'),
    field('migrating_sk', 48, 8, 'whole', 'sock-common-or-null'),
  ],
});

/** `struct bpf_sk_lookup`; net/core/filter.c: sk_lookup_is_valid_access. */
export const SK_LOOKUP_VIEW = view({
  struct: 'bpf_sk_lookup',
  size: 72,
  fields: [
    field('sk', 0, 8, 'whole', 'socket-or-null'),
    field('family', 8, 4, 'narrow'),
    field('protocol', 12, 4, 'narrow'),
    field('remote_ip4', 16, 4, 'narrow'),
    ...words('remote_ip6', 20, 'narrow'),
    field('remote_port', 36, 2, 'narrow'),
    field('padding', 38, 2, 'narrow'),
    // Programs compiled when the port was a word still load it as one.
    field('remote_port as a word', 36, 4, 'whole'),
    field('local_ip4', 40, 4, 'narrow'),
    ...words('local_ip6', 44, 'narrow'),
    field('local_port', 60, 4, 'narrow'),
    field('ingress_ifindex', 64, 4, 'narrow'),
  ],
});
