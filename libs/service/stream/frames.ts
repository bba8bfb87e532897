import type {
  BatchItem,
  ExecSession,
  LostRecord,
  RecordRow,
  SessionCommand,
  TraceRecord,
  WireRecord,
} from '@probed/protocol';

/** What the kernel thread sends that clients subscribe to, in order. */
export type StreamFrame =
  | { readonly type: 'record'; readonly record: WireRecord; readonly json: string; readonly raw: Uint8Array }
  | { readonly type: 'lost'; readonly lost: LostRecord }
  | { readonly type: 'trace'; readonly trace: TraceRecord }
  | { readonly type: 'session'; readonly session: ExecSession }
  | { readonly type: 'command'; readonly command: SessionCommand };

/** What goes to one exec client only and passes the pipeline by. */
interface PrivateFrame {
  readonly type: 'output' | 'exit';
}

export type AnyFrame = StreamFrame | PrivateFrame;

/** An item with what it takes in memory, roughly. */
export interface SizedItem {
  readonly item: BatchItem;
  readonly bytes: number;
}

/** What the pipeline has written in one transaction. */
export interface StoreBatch {
  readonly records: readonly RecordRow[];
  readonly sessions: readonly ExecSession[];
  readonly commands: readonly SessionCommand[];
}

/** An item on its way through the pipeline. */
export interface PipelineEntry extends SizedItem {
  /** Of records only. */
  readonly row?: RecordRow;
  /** When it was accepted, ms. */
  readonly at: number;
}

/** A frame's parts other than records are small; nobody needs their size exactly. */
const SMALL_ITEM_BYTES = 512;

type Entry = Omit<PipelineEntry, 'at'>;
type EntryMakers = { [T in StreamFrame['type']]: (frame: Extract<StreamFrame, { type: T }>) => Entry };

const ENTRY_OF: EntryMakers = {
  record: ({ record, json, raw }) => ({
    item: record,
    bytes: json.length + raw.length,
    row: rowOf(record, json, raw),
  }),
  lost: ({ lost }) => ({ item: lost, bytes: SMALL_ITEM_BYTES }),
  trace: ({ trace }) => ({ item: trace, bytes: SMALL_ITEM_BYTES + trace.text.length }),
  session: ({ session }) => ({ item: { type: 'session', session }, bytes: SMALL_ITEM_BYTES }),
  command: ({ command }) => ({
    item: { type: 'command', command },
    bytes: SMALL_ITEM_BYTES + command.argv.reduce((sum, arg) => sum + arg.length, 0),
  }),
};

/** @returns nothing for a frame that is not for subscribers */
export function entryOf(frame: AnyFrame, at: number): PipelineEntry | undefined {
  const make = (ENTRY_OF as Record<string, ((frame: AnyFrame) => Entry) | undefined>)[frame.type];
  return make && { ...make(frame), at };
}

function rowOf(record: WireRecord, json: string, raw: Uint8Array): RecordRow {
  const { boot, sequence, ktime_ns, time, node, program, map, hook, pod, session } = record;
  const place = pod && { pod: pod.name, namespace: pod.namespace };
  return {
    json,
    raw: raw.slice(),
    boot,
    sequence,
    ktime_ns,
    time,
    node,
    program,
    map,
    hook,
    ...place,
    session,
  };
}

/** @returns nothing when none of the entries is kept: printk lines and notices of loss are not. */
export function storeBatchOf(entries: readonly PipelineEntry[]): StoreBatch | undefined {
  const records: RecordRow[] = [];
  const sessions: ExecSession[] = [];
  const commands: SessionCommand[] = [];
  for (const { item, row } of entries) {
    if (row) records.push(row);
    else if (item.type === 'session') sessions.push(item.session);
    else if (item.type === 'command') commands.push(item.command);
  }
  if (records.length + sessions.length + commands.length === 0) return undefined;
  return { records, sessions, commands };
}
