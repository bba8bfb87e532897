/** Which helpers programs of a kernel interface may call (`get_func_proto` of its `bpf_verifier_ops`). */
export type StructOpsHelpers = 'none' | 'base' | 'tcp-congestion';

/** What programs may write of a kernel struct (`btf_struct_access`), and what is said of other structs. */
export interface StructOpsWrites {
  readonly struct: string;
  /** Members that may be written, as `struct.member`, when not all may. */
  readonly members?: readonly string[];
  /** Complaint about writes into anything else. */
  readonly otherwise: string;
}

/** A kernel interface that programs can implement (`struct bpf_struct_ops`). */
export interface StructOpsRow {
  /** Name of the struct; the kernel's BTF has it as `bpf_struct_ops_<name>`, too. */
  readonly name: string;
  /** Members that programs may implement (`cfi_stubs`). */
  readonly members: readonly string[];
  /** Those that may be sleepable; all when absent (`check_member`). */
  readonly sleepable?: readonly string[];
  readonly helpers: StructOpsHelpers;
  /** Arguments of one struct that stand for another one which begins with it (`is_valid_access`). */
  readonly promotes?: { readonly from: string; readonly to: string };
  readonly writes: StructOpsWrites;
}

/** net/ipv4/bpf_tcp_ca.c and net/bpf/bpf_dummy_struct_ops.c of 6.18. */
const ROWS: readonly StructOpsRow[] = [
  {
    name: 'tcp_congestion_ops',
    members: [
      'ssthresh',
      'cong_avoid',
      'set_state',
      'cwnd_event',
      'in_ack_event',
      'pkts_acked',
      'min_tso_segs',
      'cong_control',
      'undo_cwnd',
      'sndbuf_expand',
      'init',
      'release',
    ],
    helpers: 'tcp-congestion',
    promotes: { from: 'sock', to: 'tcp_sock' },
    writes: {
      struct: 'tcp_sock',
      members: [
        'sock.sk_pacing_rate',
        'sock.sk_pacing_status',
        'inet_connection_sock.icsk_ca_priv',
        'inet_connection_sock.icsk_ack.pending',
        'tcp_sock.snd_cwnd',
        'tcp_sock.snd_cwnd_cnt',
        'tcp_sock.snd_cwnd_stamp',
        'tcp_sock.snd_ssthresh',
        'tcp_sock.ecn_flags',
        'tcp_sock.app_limited',
      ],
      otherwise: 'only read is supported',
    },
  },
  {
    name: 'bpf_dummy_ops',
    members: ['test_1', 'test_2', 'test_sleepable'],
    sleepable: ['test_sleepable'],
    helpers: 'none',
    writes: { struct: 'bpf_dummy_ops_state', otherwise: 'only access to bpf_dummy_ops_state is supported' },
  },
];

const BY_NAME = new Map(ROWS.map((row) => [row.name, row]));

/** Undefined for an interface that is not judged. */
export function structOpsRow(name: string): StructOpsRow | undefined {
  return BY_NAME.get(name);
}
