import { struct } from './struct-table';

/** `include/linux/net.h` */
export const SOCKET = struct('socket', ['state', 'type', 'flags', 'file', 'sk', 'ops']);

/** `include/net/sock.h` */
export const SOCK = struct('sock', [
  '__sk_common.skc_daddr',
  '__sk_common.skc_rcv_saddr',
  '__sk_common.skc_hash',
  '__sk_common.skc_dport',
  '__sk_common.skc_num',
  '__sk_common.skc_family',
  '__sk_common.skc_state',
  '__sk_common.skc_bound_dev_if',
  '__sk_common.skc_prot',
  '__sk_common.skc_net.net',
  '__sk_common.skc_v6_daddr',
  '__sk_common.skc_v6_rcv_saddr',
  '__sk_common.skc_cookie',
  'sk_socket',
  'sk_protocol',
  'sk_type',
  'sk_uid',
  'sk_mark',
  'sk_err',
  'sk_shutdown',
  'sk_sndbuf',
  'sk_rcvbuf',
  'sk_wmem_queued',
  'sk_max_ack_backlog',
  'sk_ack_backlog',
  'sk_backlog.len',
  'sk_backlog.rmem_alloc',
]);

/** `include/net/inet_sock.h`; begins with a `struct sock`. */
export const INET_SOCK = struct('inet_sock', ['inet_saddr', 'inet_sport', 'inet_id', 'pinet6']);

/** `include/linux/tcp.h`; begins with an `inet_connection_sock`. */
export const TCP_SOCK = struct('tcp_sock', [
  'srtt_us',
  'mdev_us',
  'bytes_received',
  'bytes_acked',
  'bytes_sent',
  'segs_in',
  'segs_out',
  'data_segs_in',
  'data_segs_out',
  'rcv_ssthresh',
  'snd_cwnd',
  'snd_ssthresh',
  'snd_wnd',
  'rcv_wnd',
  'rcv_nxt',
  'snd_nxt',
  'snd_una',
  'copied_seq',
  'write_seq',
  'mss_cache',
  'total_retrans',
]);

export const UDP_SOCK = struct('udp_sock', ['inet']);

/** `include/net/af_unix.h` */
export const UNIX_SOCK = struct('unix_sock', ['addr', 'peer']);

export const PROTO = struct('proto', ['name']);

/** `include/linux/skbuff.h` */
export const SK_BUFF = struct('sk_buff', [
  'sk',
  'dev',
  'len',
  'data_len',
  'mac_len',
  'protocol',
  'transport_header',
  'network_header',
  'mac_header',
  'mark',
  'skb_iif',
  'tail',
  'end',
  'head',
  'data',
  'truesize',
]);

/** `include/linux/netdevice.h` */
export const NET_DEVICE = struct('net_device', ['name', 'ifindex', 'mtu', 'nd_net.net', 'type', 'flags']);
