import { type KfuncRow, kfuncs } from './kfunc-row';

/** Packets, sockets, connections. */
export const NET_KFUNCS: readonly KfuncRow[] = [
  // net/netfilter/nf_conntrack_bpf.c, nf_nat_bpf.c
  ...kfuncs(['xdp', 'tc'], {
    bpf_ct_change_status: 'TRUSTED_ARGS',
    bpf_ct_change_timeout: 'TRUSTED_ARGS',
    bpf_ct_insert_entry: 'ACQUIRE RELEASE RET_NULL',
    bpf_ct_release: 'RELEASE',
    bpf_ct_set_nat_info: 'TRUSTED_ARGS',
    bpf_ct_set_status: 'TRUSTED_ARGS',
    bpf_ct_set_timeout: 'TRUSTED_ARGS',
    bpf_skb_ct_alloc: 'ACQUIRE RET_NULL',
    bpf_skb_ct_lookup: 'ACQUIRE RET_NULL',
    bpf_xdp_ct_alloc: 'ACQUIRE RET_NULL',
    bpf_xdp_ct_lookup: 'ACQUIRE RET_NULL',
  }),
  // net/core/xdp.c
  ...kfuncs(['xdp'], {
    bpf_xdp_metadata_rx_hash: 'TRUSTED_ARGS',
    bpf_xdp_metadata_rx_timestamp: 'TRUSTED_ARGS',
    bpf_xdp_metadata_rx_vlan_tag: 'TRUSTED_ARGS',
  }),
  // net/xfrm/xfrm_state_bpf.c
  ...kfuncs(['xdp'], {
    bpf_xdp_get_xfrm_state: 'ACQUIRE RET_NULL',
    bpf_xdp_xfrm_state_release: 'RELEASE',
  }),
  // net/core/filter.c
  ...kfuncs(
    ['tracing'],
    {
      bpf_sock_destroy: 'TRUSTED_ARGS',
    },
    'iter',
  ),
  // net/core/filter.c
  ...kfuncs(['cgroup'], {
    bpf_sock_addr_set_sun_path: '',
    bpf_sock_ops_enable_tx_tstamp: 'TRUSTED_ARGS',
  }),
  // net/core/filter.c
  ...kfuncs(['tc'], {
    bpf_sk_assign_tcp_reqsk: 'TRUSTED_ARGS',
  }),
  // net/core/filter.c
  ...kfuncs(['xdp'], {
    bpf_xdp_pull_data: '',
  }),
];
