import {
  BPF_F_SLEEPABLE,
  type HelperProto,
  type HelperSite,
  helperById,
  helperOfHook,
  helperProtoFor,
  ProgType,
  structOpsRow,
} from '@probed/spec';
import type { VerifierEnv } from './env';

/** Prototype of a helper for the program at hand; undefined when the program may not call it. */
export function helperProto(env: VerifierEnv, id: number): HelperProto | undefined {
  const name = helperById(id)?.name ?? '';
  if (!helperOfHook(helperSite(env), name)) return undefined;
  return helperProtoFor(env.spec.type, env.spec.expectedAttachType, id);
}

/** What the program hangs on, for the helpers that look at it. */
export function helperSite({ spec }: VerifierEnv): HelperSite {
  return {
    progType: spec.type,
    expectedAttachType: spec.expectedAttachType,
    hook: spec.attachTo,
    sleepable: (spec.flags & BPF_F_SLEEPABLE) !== 0,
    member: spec.structOps?.member,
    interfaceHelpers: spec.structOps && structOpsRow(spec.structOps.type)?.helpers,
  };
}

/** Name with `bpf_` in front (`func_id_name`), or undefined. */
export function helperName(id: number): string | undefined {
  if (id === 0) return 'bpf_unspec';
  const row = helperById(id);
  return row ? `bpf_${row.name}` : undefined;
}

/** Helpers after which packet pointers must be read anew (net/core/filter.c: bpf_helper_changes_pkt_data). */
const CHANGES_PKT_DATA: ReadonlySet<string> = new Set([
  'skb_vlan_push',
  'skb_vlan_pop',
  'skb_store_bytes',
  'skb_change_proto',
  'skb_change_head',
  'skb_change_tail',
  'skb_pull_data',
  'skb_adjust_room',
  'clone_redirect',
  'l3_csum_replace',
  'l4_csum_replace',
  'lwt_seg6_adjust_srh',
  'lwt_seg6_store_bytes',
  'lwt_seg6_action',
  'lwt_push_encap',
  'xdp_adjust_head',
  'xdp_adjust_meta',
  'xdp_adjust_tail',
  'msg_pull_data',
  'msg_push_data',
  'msg_pop_data',
  'tail_call',
  'store_hdr_opt',
]);

export function helperChangesPktData(id: number): boolean {
  const row = helperById(id);
  return row !== undefined && CHANGES_PKT_DATA.has(row.name);
}

const TRACING_TYPES: ReadonlySet<number> = new Set([
  ProgType.KPROBE,
  ProgType.TRACEPOINT,
  ProgType.PERF_EVENT,
  ProgType.RAW_TRACEPOINT,
  ProgType.RAW_TRACEPOINT_WRITABLE,
]);

/** kernel/bpf/verifier.c: is_tracing_prog_type. */
export function isTracingProg(type: number): boolean {
  return TRACING_TYPES.has(type);
}
