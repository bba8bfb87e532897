import type { HelperProto } from './helper-proto';
import { CGROUP_HELPERS } from './helpers/cgroup';
import { CHECKSUM_HELPERS } from './helpers/checksum';
import { CPU_HELPERS } from './helpers/cpu';
import { DYNPTR_HELPERS } from './helpers/dynptr';
import { FILE_HELPERS } from './helpers/file';
import { LIRC_HELPERS } from './helpers/lirc';
import { LOCAL_STORAGE_HELPERS } from './helpers/local-storage';
import { LOOP_HELPERS } from './helpers/loop';
import { MAP_HELPERS } from './helpers/map';
import { PERF_EVENT_HELPERS } from './helpers/perf-event';
import { PROBE_READ_HELPERS } from './helpers/probe-read';
import { REDIRECT_HELPERS } from './helpers/redirect';
import { RINGBUF_HELPERS } from './helpers/ringbuf';
import { SEQ_FILE_HELPERS } from './helpers/seq-file';
import { SKB_HELPERS } from './helpers/skb';
import { SOCK_MAP_HELPERS } from './helpers/sock-map';
import { SOCK_OPS_HELPERS } from './helpers/sock-ops';
import { SOCKET_HELPERS } from './helpers/socket';
import { SPIN_LOCK_HELPERS } from './helpers/spin-lock';
import { STACK_HELPERS } from './helpers/stack';
import { STRING_HELPERS } from './helpers/string';
import { SYSCALL_HELPERS } from './helpers/syscall';
import { SYSCTL_HELPERS } from './helpers/sysctl';
import { TASK_HELPERS } from './helpers/task';
import { TIME_HELPERS } from './helpers/time';
import { TIMER_HELPERS } from './helpers/timer';
import { TRACE_PRINTK_HELPERS } from './helpers/trace-printk';
import { TRACING_HELPERS } from './helpers/tracing';
import { TUNNEL_HELPERS } from './helpers/tunnel';
import { XDP_HELPERS } from './helpers/xdp';
/** All helpers of Linux 6.18 in order of their id, `enum bpf_func_id` (include/uapi/linux/bpf.h). */
export const HELPERS: readonly HelperProto[] = [
  ...MAP_HELPERS,
  ...PROBE_READ_HELPERS,
  ...TIME_HELPERS,
  ...TIMER_HELPERS,
  ...TASK_HELPERS,
  ...CGROUP_HELPERS,
  ...CPU_HELPERS,
  ...TRACE_PRINTK_HELPERS,
  ...STRING_HELPERS,
  ...PERF_EVENT_HELPERS,
  ...RINGBUF_HELPERS,
  ...STACK_HELPERS,
  ...TRACING_HELPERS,
  ...LOOP_HELPERS,
  ...SPIN_LOCK_HELPERS,
  ...DYNPTR_HELPERS,
  ...SEQ_FILE_HELPERS,
  ...FILE_HELPERS,
  ...LOCAL_STORAGE_HELPERS,
  ...SYSCALL_HELPERS,
  ...SKB_HELPERS,
  ...CHECKSUM_HELPERS,
  ...TUNNEL_HELPERS,
  ...REDIRECT_HELPERS,
  ...XDP_HELPERS,
  ...SOCKET_HELPERS,
  ...SOCK_OPS_HELPERS,
  ...SOCK_MAP_HELPERS,
  ...LIRC_HELPERS,
  ...SYSCTL_HELPERS,
].sort((a, b) => a.id - b.id);

const BY_ID: readonly (HelperProto | undefined)[] = indexById();
const BY_NAME: ReadonlyMap<string, HelperProto> = new Map(HELPERS.map((row) => [row.name, row]));

function indexById(): (HelperProto | undefined)[] {
  const rows: (HelperProto | undefined)[] = [];
  for (const row of HELPERS) rows[row.id] = row;
  return rows;
}

/** Undefined for an id that the kernel does not know (`invalid func unknown#ID`). */
export function helperById(id: number): HelperProto | undefined {
  return BY_ID[id];
}

/** By name, with or without the `bpf_` prefix. */
export function helperByName(name: string): HelperProto | undefined {
  return BY_NAME.get(name.startsWith('bpf_') ? name.slice(4) : name);
}
