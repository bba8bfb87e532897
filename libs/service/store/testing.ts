import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ExecSession, type RecordQuery, recordQuery, type SessionCommand } from '@probed/protocol';
import { Store } from './store';
import type { LinkRow, ObjectRow, RecordRow } from './store-api';

export const BOOT = 'boot-a';

/** A folder for the files of one spec, deleted after its tests. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'probed-store-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** @throws when the store can't be opened */
export function openStore(file: string, options?: Parameters<typeof Store.open>[1]): Store {
  const opened = Store.open(file, options);
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

/** What a test says of a record; the rest is the same for all. */
export type RecordGiven = Partial<Omit<RecordRow, 'json'>> & { readonly value?: unknown };

export function recordRow(sequence: number, given: RecordGiven = {}): RecordRow {
  const { value = { comm: 'nginx' }, ...more } = given;
  const row = {
    raw: Uint8Array.of(sequence & 0xff),
    boot: BOOT,
    sequence,
    ktime_ns: sequence * 1_000,
    time: `2026-01-01T00:00:00.${String(sequence).padStart(9, '0')}Z`,
    node: 'node-1',
    program: 'handle_exec',
    map: 'events',
    hook: 'tracepoint:sched:sched_process_exec',
    ...more,
  };
  const { raw: _raw, pod, namespace, ...wire } = row;
  const identity = pod === undefined ? undefined : { name: pod, namespace };
  return { ...row, json: JSON.stringify({ type: 'record', ...wire, pod: identity, value }) };
}

/** Rows with the sequences from 1 on. */
export function recordRows(count: number, given?: (sequence: number) => RecordGiven): RecordRow[] {
  return Array.from({ length: count }, (_, i) => recordRow(i + 1, given?.(i + 1)));
}

/** A query with its defaults. */
export const queryOf = (given: Partial<RecordQuery> = {}): RecordQuery => recordQuery.parse(given);

export function execSession(id: string, given: Partial<ExecSession> = {}): ExecSession {
  return {
    id,
    boot: BOOT,
    pod: 'web-1',
    namespace: 'shop',
    container: 'web',
    node: 'node-1',
    command: ['sh'],
    tty: true,
    user: 'ada',
    state: 'running',
    pid: 4_242,
    started_at: '2026-01-01T00:00:00Z',
    commands: 0,
    ...given,
  };
}

export function sessionCommand(
  session: string,
  seq: number,
  given: Partial<SessionCommand> = {},
): SessionCommand {
  return {
    session,
    seq,
    kind: 'exec',
    pid: 5_000 + seq,
    ppid: 4_242,
    comm: 'ls',
    argv: ['ls', '-l'],
    start_ns: seq * 1_000,
    time: '2026-01-01T00:00:01Z',
    ...given,
  };
}

export function objectRow(id: number, given: Partial<ObjectRow> = {}): ObjectRow {
  return {
    id,
    name: `object-${id}`,
    sha256: 'ab'.repeat(32),
    bytes: Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, id),
    loaded_at: '2026-01-01T00:00:00Z',
    options: '{"attach":true}',
    first_program_id: id * 10,
    program_count: 3,
    first_map_id: id * 100,
    map_count: 2,
    origin: 'user',
    without: [],
    unloaded: false,
    reused: {},
    ...given,
  };
}

export function linkRow(id: number, objectId: number): LinkRow {
  return {
    id,
    object_id: objectId,
    program_id: objectId * 10,
    created_at: '2026-01-01T00:00:02Z',
    request: `{"link_id":${id}}`,
  };
}
