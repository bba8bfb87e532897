import { z } from 'zod';
import { execSession, sessionCommand } from './cluster';
import { jsonValue, name, queryInt } from './common';
import { mapContents, mapEntry } from './maps';
import { map } from './programs';
import { lostRecords, record, traceLine } from './records';

/** socket.io namespaces. The handshake's `auth` is `{ token, protocol? }`. */
export const STREAM_NAMESPACE = '/stream';
export const EXEC_NAMESPACE = '/exec';

const recordFilter = {
  program: name.optional().describe('program name, or id as decimal text'),
  map: name.optional().describe('map name, or id as decimal text'),
  hook: name.optional(),
  node: name.optional(),
  pod: name.optional().describe('pod name, or namespace/name'),
  session: name.optional(),
};

/** `subscribe`, acknowledged with {@link subscribeReply}: all conditions must hold. */
export const subscribe = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('records'),
    ...recordFilter,
    after: z
      .object({ boot: z.string(), sequence: z.number().int().nonnegative() })
      .optional()
      .describe('first send what is stored after this record, then go on live, with no gap'),
  }),
  z.object({
    kind: z.literal('map'),
    map: name.describe('map name, or id as decimal text'),
    node: name.optional(),
    interval_ms: z.number().int().min(100).max(3_600_000).default(1_000),
  }),
  z.object({ kind: z.literal('trace') }),
  z.object({ kind: z.literal('sessions'), session: name.optional(), pod: name.optional() }),
  z.object({ kind: z.literal('status') }),
]);

export const subscribeReply = z.union([
  z.object({ ok: z.literal(true), subscription: z.string() }),
  z.object({ ok: z.literal(false), error: z.object({ code: z.string(), message: z.string() }) }),
]);

/** `unsubscribe`, acknowledged with `{ ok: true }`, or with an error as {@link subscribeReply} has it. */
export const unsubscribe = z.object({ subscription: z.string().max(64) });

/** `batch`: what a subscription of kind `records`, `trace` or `sessions` matched, in order. */
export const batch = z.object({
  subscription: z.string(),
  /** Counts the subscription's batches from 1, with no gaps. */
  batch: z.number().int().positive(),
  items: z.array(
    z.discriminatedUnion('type', [
      record,
      lostRecords,
      traceLine,
      z.object({ type: z.literal('session'), session: execSession }),
      z.object({ type: z.literal('command'), command: sessionCommand }),
    ]),
  ),
  /** Items that this client did not take in time, left out just before `items`. */
  dropped: z.number().int(),
});

/** `map`: first the whole contents (`snapshot`), then what has changed. */
export const mapMessage = z.object({
  subscription: z.string(),
  batch: z.number().int().positive(),
  snapshot: z.boolean(),
  map: map.optional().describe('with a snapshot'),
  nodes: z.array(
    mapContents.extend({
      /** Entries that are new or have another value (all of them in a snapshot). */
      entries: z.array(mapEntry).optional(),
      /** Keys that are gone. */
      removed: z.array(jsonValue).optional(),
    }),
  ),
});

/** `status`: the emulated kernel or the store changed state. */
export const statusMessage = z.object({
  subscription: z.string(),
  kernel: z.string(),
  store: z.string(),
  boot: z.string(),
  message: z.string().optional(),
});

/** `ended`: a subscription ended by itself, e.g. because its map was unloaded. */
export const endedMessage = z.object({
  subscription: z.string(),
  error: z.object({ code: z.string(), message: z.string() }),
});

/** `start` of namespace `/exec`, acknowledged with {@link execStartReply}; then `stdin` (bytes), `eof`, `resize`. */
export const execStart = z.object({
  pod: z.string().min(1).max(253),
  namespace: z.string().max(63).optional(),
  container: z.string().max(63).optional(),
  command: z.array(z.string().max(131_072)).min(1).max(1_024),
  tty: z.boolean().default(false),
  stdin: z.boolean().default(false),
  user: z.string().max(253).optional(),
  rows: z.number().int().min(1).max(1_000).optional(),
  columns: z.number().int().min(1).max(1_000).optional(),
});

export const execStartReply = z.union([
  z.object({ ok: z.literal(true), session: execSession }),
  z.object({ ok: z.literal(false), error: z.object({ code: z.string(), message: z.string() }) }),
]);

export const execResize = z.object({ rows: queryInt(1, 1_000), columns: queryInt(1, 1_000) });

/** `output` carries (stream, bytes); `exit` carries this and ends the session. */
export const execExit = z.object({
  exit_code: z.number().int(),
  /** Why there is no exit code of the command's own. */
  error: z.string().optional(),
});

export type Subscribe = z.infer<typeof subscribe>;
export type SubscribeReply = z.infer<typeof subscribeReply>;
export type Batch = z.infer<typeof batch>;
export type BatchItem = Batch['items'][number];
export type MapMessage = z.infer<typeof mapMessage>;
export type StatusMessage = z.infer<typeof statusMessage>;
export type EndedMessage = z.infer<typeof endedMessage>;
export type ExecStart = z.infer<typeof execStart>;
export type ExecStartReply = z.infer<typeof execStartReply>;
export type ExecExit = z.infer<typeof execExit>;
