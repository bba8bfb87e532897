import { type KfuncRow, kfuncs } from './kfunc-row';

/** What TCP congestion controls share with struct_ops programs. */
export const CONGESTION_KFUNCS: readonly KfuncRow[] = [
  // net/ipv4/tcp_bbr.c
  ...kfuncs(['struct_ops'], {
    bbr_cwnd_event: '',
    bbr_init: '',
    bbr_main: '',
    bbr_min_tso_segs: '',
    bbr_set_state: '',
    bbr_sndbuf_expand: '',
    bbr_ssthresh: '',
    bbr_undo_cwnd: '',
  }),
  // net/ipv4/tcp_cubic.c
  ...kfuncs(['struct_ops'], {
    cubictcp_acked: '',
    cubictcp_cong_avoid: '',
    cubictcp_cwnd_event: '',
    cubictcp_init: '',
    cubictcp_recalc_ssthresh: '',
    cubictcp_state: '',
  }),
  // net/ipv4/bpf_tcp_ca.c
  ...kfuncs(['struct_ops'], {
    tcp_cong_avoid_ai: '',
    tcp_reno_cong_avoid: '',
    tcp_reno_ssthresh: '',
    tcp_reno_undo_cwnd: '',
    tcp_slow_start: '',
  }),
];
