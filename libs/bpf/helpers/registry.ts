import { CGROUP_HELPERS } from './cgroup';
import { CPU_HELPERS } from './cpu';
import { DYNPTR_HELPERS } from './dynptr';
import { FILE_HELPERS } from './file';
import type { HelperFamily, HelperMaker } from './helper-context';
import { LOOP_HELPERS } from './loop';
import { MAP_HELPERS } from './map';
import { PERF_EVENT_HELPERS } from './perf-event';
import { PROBE_READ_HELPERS } from './probe-read';
import { RINGBUF_HELPERS } from './ringbuf';
import { SOCKET_HELPERS } from './socket';
import { SPIN_LOCK_HELPERS } from './spin-lock';
import { STACK_HELPERS } from './stack';
import { STRING_HELPERS } from './string';
import { TASK_HELPERS } from './task';
import { TIME_HELPERS } from './time';
import { TRACE_PRINTK_HELPERS } from './trace-printk';
import { TRACING_HELPERS } from './tracing';

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
  LOOP_HELPERS,
  SPIN_LOCK_HELPERS,
  FILE_HELPERS,
  DYNPTR_HELPERS,
  SOCKET_HELPERS,
];

/** Every helper that exists here, by its name in lib `spec`'s table. */
export const IMPLEMENTATIONS: ReadonlyMap<string, HelperMaker> = new Map(
  FAMILIES.flatMap((family) => Object.entries(family)),
);
