import type { HelperProto } from './helper-proto';
import { helperAllowed } from './helper-sets';
import { helperById } from './helper-table';
import {
  ANY,
  ANY32,
  BTF_SOCK_COMMON,
  BTF_SOCK_COMMON_OR_NULL,
  btf,
  btfOrNull,
  CTX,
  MAP,
  MEM_IN,
  MEM_OUT,
  SIZE,
  SOCKET_OR_NULL,
  VALUE_OR_NULL,
} from './helpers/shorthands';
import { AttachType, ProgType } from './uapi-enums';

/** A prototype that differs from the helper's row for some program types (`bpf_*_proto` with a suffix in the kernel). */
interface HelperVariant {
  readonly helper: string;
  readonly types: readonly ProgType[];
  /** All when absent. */
  readonly attachTypes?: readonly AttachType[];
  readonly change: Partial<Pick<HelperProto, 'args' | 'gplOnly'>>;
}

const P = ProgType;
const A = AttachType;
/** Types whose context is no socket or packet, and which therefore name the object by its BTF type. */
const BY_BTF = [P.TRACING, P.LSM, P.SYSCALL];
const TC_AND_LWT = [P.SCHED_CLS, P.SCHED_ACT, P.LWT_IN, P.LWT_OUT, P.LWT_XMIT, P.LWT_SEG6LOCAL];
const MULTI_PROBES = [
  A.TRACE_KPROBE_MULTI,
  A.TRACE_KPROBE_SESSION,
  A.TRACE_UPROBE_MULTI,
  A.TRACE_UPROBE_SESSION,
];

const VARIANTS: readonly HelperVariant[] = [
  { helper: 'get_cgroup_classid', types: TC_AND_LWT, change: { args: [CTX] } },
  { helper: 'get_stackid', types: [P.PERF_EVENT], change: { gplOnly: false } },
  { helper: 'get_func_ip', types: [P.KPROBE], attachTypes: MULTI_PROBES, change: { gplOnly: false } },
  { helper: 'get_socket_cookie', types: BY_BTF, change: { args: [BTF_SOCK_COMMON_OR_NULL] } },
  { helper: 'get_socket_cookie', types: [P.SK_REUSEPORT], change: { args: [BTF_SOCK_COMMON] } },
  { helper: 'xdp_get_buff_len', types: BY_BTF, change: { args: [btf('xdp_buff')] } },
  {
    helper: 'sk_storage_get',
    types: [P.TRACING, P.SYSCALL],
    change: { args: [MAP, btfOrNull('sock_common'), VALUE_OR_NULL, ANY] },
  },
  {
    helper: 'sk_storage_delete',
    types: [P.TRACING, P.SYSCALL],
    change: { args: [MAP, btfOrNull('sock_common')] },
  },
  { helper: 'sk_storage_get', types: [P.CGROUP_SOCK], change: { args: [MAP, CTX, VALUE_OR_NULL, ANY] } },
  {
    helper: 'setsockopt',
    types: [P.CGROUP_SOCKOPT, P.LSM, P.STRUCT_OPS, P.TRACING],
    change: { args: [BTF_SOCK_COMMON, ANY32, ANY32, MEM_IN, SIZE] },
  },
  {
    helper: 'getsockopt',
    types: [P.CGROUP_SOCKOPT, P.LSM, P.STRUCT_OPS, P.TRACING],
    change: { args: [BTF_SOCK_COMMON, ANY32, ANY32, MEM_OUT, SIZE] },
  },
  { helper: 'sk_assign', types: [P.SK_LOOKUP], change: { args: [CTX, SOCKET_OR_NULL, ANY] } },
];

/**
 * The prototype that a helper has for programs of a type, or undefined when they may not call it
 * (kernel/bpf/verifier.c: get_helper_proto).
 */
export function helperProtoFor(
  progType: number,
  expectedAttachType: number,
  id: number,
): HelperProto | undefined {
  const row = helperById(id);
  if (!row || !helperAllowed(progType, expectedAttachType, id)) return undefined;
  const variant = VARIANTS.find(
    (entry) =>
      entry.helper === row.name &&
      entry.types.some((type) => type === progType) &&
      (entry.attachTypes?.some((attachType) => attachType === expectedAttachType) ?? true),
  );
  return variant ? { ...row, ...variant.change } : row;
}
