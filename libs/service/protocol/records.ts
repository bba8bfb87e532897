import { z } from 'zod';
import { id, jsonValue, name, nanoseconds, queryInt, timestamp } from './common';
import { stackFrame } from './maps';

/** The task that was current when a record was made. */
export const task = z.object({
  pid: z.number().int(),
  tgid: z.number().int(),
  ppid: z.number().int(),
  uid: z.number().int(),
  comm: z.string(),
  /** cgroup v2 id. */
  cgroup_id: z.number().int(),
  cgroup: z.string().optional(),
});

/** The container that a task belongs to; absent for processes of the node itself. */
export const podIdentity = z.object({
  name: z.string(),
  namespace: z.string(),
  container: z.string(),
  /** 64 hex digits. */
  container_id: z.string(),
  image: z.string(),
});

/** A record that a program put into a ring buffer or perf event array, decoded. */
export const record = z.object({
  type: z.literal('record'),
  /** The boot of the emulated kernel; a restart begins another one. */
  boot: z.string(),
  /** Counts the boot's records from 1, with no gaps. (boot, sequence) names a record for good. */
  sequence: z.number().int().positive(),
  /** Virtual time of the event. */
  ktime_ns: nanoseconds,
  /** Wall time of the event. */
  time: timestamp,
  node: z.string(),
  cpu: z.number().int(),
  object: z.string(),
  program: z.string(),
  program_id: id,
  map: z.string(),
  map_id: id,
  /** As the hook catalogue names it, e.g. `tracepoint:sched:sched_process_exec`. */
  hook: z.string(),
  task,
  pod: podIdentity.optional(),
  /** The exec session that the task belongs to. */
  session: z.string().optional(),
  /** Name of the struct; absent when nothing tells what the bytes are. */
  event: z.string().optional(),
  value: jsonValue.optional(),
  /** Wall time of each member of `value` that holds a kernel timestamp, by path. */
  wall: z.record(z.string(), z.string()).optional(),
  /** What members of `value` mean, by path: addresses, flags, errno, spans of time, symbols. */
  explained: z.record(z.string(), z.string()).optional(),
  /** Stacks that members of `value` hold or refer to, by path, innermost frame first. */
  stacks: z.record(z.string(), z.array(stackFrame)).optional(),
  /** Hex of what `value` does not cover: all bytes when there is no `value`. */
  raw: z.string().optional(),
});

/** Records that a full buffer in the kernel could not take. */
export const lostRecords = z.object({
  type: z.literal('lost'),
  boot: z.string(),
  time: timestamp,
  node: z.string(),
  object: z.string(),
  map: z.string(),
  map_id: id,
  cpu: z.number().int().optional(),
  count: z.number().int().positive(),
});

/** A line that a program wrote with bpf_printk. */
export const traceLine = z.object({
  type: z.literal('trace'),
  boot: z.string(),
  ktime_ns: nanoseconds,
  time: timestamp,
  node: z.string(),
  cpu: z.number().int(),
  pid: z.number().int(),
  comm: z.string(),
  text: z.string(),
});

/** `GET /records`: all conditions must hold. */
export const recordQuery = z.strictObject({
  since: timestamp.optional().describe('at or after this wall time'),
  until: timestamp.optional().describe('before this wall time'),
  program: name.optional().describe('program name'),
  map: name.optional().describe('map name'),
  hook: name.optional().describe('hook, exactly'),
  node: name.optional(),
  pod: name.optional().describe('name of a pod or of its workload, or namespace/name'),
  session: name.optional().describe('exec session id'),
  text: z.string().min(1).max(256).optional().describe('substring of the decoded value, ignoring case'),
  order: z.enum(['asc', 'desc']).default('desc').describe('oldest or newest first'),
  limit: queryInt(1, 10_000).default(100),
  cursor: z.string().max(64).optional().describe('`next` of the page before'),
});

export const recordPage = z.object({
  records: z.array(record),
  /** Cursor of the next page; absent on the last one. */
  next: z.string().optional(),
});

export type TaskInfo = z.infer<typeof task>;
export type PodIdentity = z.infer<typeof podIdentity>;
export type WireRecord = z.infer<typeof record>;
export type LostRecord = z.infer<typeof lostRecords>;
export type TraceRecord = z.infer<typeof traceLine>;
export type RecordQuery = z.infer<typeof recordQuery>;
export type RecordPage = z.infer<typeof recordPage>;

/** A record on its way to the database. */
export interface RecordRow {
  /** The record as it goes over the wire, as JSON text. */
  readonly json: string;
  /** The record's bytes as the program wrote them. */
  readonly raw: Uint8Array;
  readonly boot: string;
  readonly sequence: number;
  readonly ktime_ns: number;
  readonly time: string;
  readonly node: string;
  readonly program: string;
  readonly map: string;
  readonly hook: string;
  readonly pod?: string;
  readonly namespace?: string;
  readonly session?: string;
}
