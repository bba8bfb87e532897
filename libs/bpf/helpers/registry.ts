import { CGROUP_HELPERS } from './cgroup';
import { CHECKSUM_HELPERS } from './checksum';
import { CPU_HELPERS } from './cpu';
import { DYNPTR_HELPERS } from './dynptr';
import { FILE_HELPERS } from './file';
import type { HelperFamily, HelperMaker } from './helper-context';
import { LOCAL_STORAGE_HELPERS } from './local-storage';
import { LOOP_HELPERS } from './loop';
import { MAP_HELPERS } from './map';
import { PERF_EVENT_HELPERS } from './perf-event';
import { PROBE_READ_HELPERS } from './probe-read';
import { REDIRECT_HELPERS } from './redirect';
import { RINGBUF_HELPERS } from './ringbuf';
import { SKB_HELPERS } from './skb';
import { SKB_RESIZE_HELPERS } from './skb-resize';
import { SOCKET_HELPERS } from './socket';
import { SPIN_LOCK_HELPERS } from './spin-lock';
import { STACK_HELPERS } from './stack';
import { STRING_HELPERS } from './string';
import { TASK_HELPERS } from './task';
import { TIME_HELPERS } from './time';
import { TRACE_PRINTK_HELPERS } from './trace-printk';
import { TRACING_HELPERS } from './tracing';
import { TUNNEL_HELPERS } from './tunnel';
import { XDP_HELPERS } from './xdp';

const FAMILIES: readonly HelperFamily[] = [
  MAP_HELPERS,
  PROBE_READ_HELPERS,
  TIME_HELPERS,
  TASK_HELPERS,
  CGROUP_HELPERS,
  CPU_HELPERS,
  TRACE_PRINTK_HELPERS,
  STRING_HELPERS,
  PERF_EVENT_HELPERS,
  RINGBUF_HELPERS,
  STACK_HELPERS,
  TRACING_HELPERS,
  LOCAL_STORAGE_HELPERS,
  LOOP_HELPERS,
  SPIN_LOCK_HELPERS,
  FILE_HELPERS,
  DYNPTR_HELPERS,
  SOCKET_HELPERS,
  SKB_HELPERS,
  SKB_RESIZE_HELPERS,
  CHECKSUM_HELPERS,
  TUNNEL_HELPERS,
  REDIRECT_HELPERS,
  XDP_HELPERS,
];

/** Every helper that exists here, by its name in lib `spec`'s table. */
export const IMPLEMENTATIONS: ReadonlyMap<string, HelperMaker> = new Map(
  FAMILIES.flatMap((family) => Object.entries(family)),
);
