/** Implementations of BPF helpers by id. Canonical sources: kernel/bpf/helpers.c, kernel/trace/bpf_trace.c. */
export { createHelpers, type Helpers } from './create-helpers';
export type { HelperEnv } from './helper-context';
export type { CurrentTask, KernelServices, NetDevice, PerfValue, RunInfo } from './kernel-services';
export { type Packet, PacketTable } from './packet/packet-table';
export { CHECKSUM, SHARED_INFO_BYTES, SKB_CONTEXT_BYTES, SKB_FIELD, SkBuff } from './packet/sk-buff';
export {
  XDP_CONTEXT_BYTES,
  XDP_FIELD,
  XDP_FRAME_BYTES,
  XDP_HEADROOM_BYTES,
  XDP_LINEAR_BYTES_MAX,
  XdpBuff,
} from './packet/xdp-buff';
