import { type ContextLayout, field, view } from './layout';

/** `struct bpf_cgroup_dev_ctx`; kernel/bpf/cgroup.c: cgroup_dev_is_valid_access. */
export const CGROUP_DEVICE_VIEW = view({
  struct: 'bpf_cgroup_dev_ctx',
  size: 12,
  fields: [
    field('access_type', 0, 4, 'narrow'),
    field('major', 4, 4, 'whole'),
    field('minor', 8, 4, 'whole'),
  ],
});

/** `struct bpf_sysctl`; kernel/bpf/cgroup.c: sysctl_is_valid_access. */
export const CGROUP_SYSCTL_VIEW = view(
  {
    struct: 'bpf_sysctl',
    size: 8,
    fields: [field('write', 0, 4, 'narrow'), field('file_pos', 4, 4, 'narrow')],
  },
  [],
  ['file_pos'],
);

/** `struct bpf_sockopt`; kernel/bpf/cgroup.c: cg_sockopt_is_valid_access. */
const SOCKOPT: ContextLayout = {
  struct: 'bpf_sockopt',
  size: 40,
  fields: [
    field('sk', 0, 8, 'whole', 'socket'),
    field('optval', 8, 8, 'whole', 'packet'),
    field('optval_end', 16, 8, 'whole', 'packet-end'),
    field('level', 24, 4, 'whole'),
    field('optname', 28, 4, 'whole'),
    field('optlen', 32, 4, 'whole'),
    field('retval', 36, 4, 'whole'),
  ],
};

export const GETSOCKOPT_VIEW = view(SOCKOPT, [], ['optlen', 'retval']);
export const SETSOCKOPT_VIEW = view(SOCKOPT, ['retval'], ['level', 'optname', 'optlen']);

/** `struct bpf_nf_ctx`; net/netfilter/nf_bpf_link.c: nf_is_valid_access. */
export const NETFILTER_VIEW = view({
  struct: 'bpf_nf_ctx',
  size: 16,
  fields: [
    { ...field('state', 0, 8, 'whole', 'trusted-btf'), btf: 'nf_hook_state' },
    { ...field('skb', 8, 8, 'whole', 'trusted-btf'), btf: 'sk_buff' },
  ],
});

/** One word, the sample; drivers/media/rc/bpf-lirc.c: lirc_mode2_is_valid_access. */
export const LIRC_VIEW = view({
  struct: 'lirc_mode2',
  size: 4,
  fields: [field('sample', 0, 4, 'whole')],
});
