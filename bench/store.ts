/**
 * The daemon's database: `node dist/bench/store.js [RECORDS]` fills one with 2 million records and asks it for history;
 * `npm run bench` measures the same on fewer.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RecordQuery, recordQuery, type WireRecord } from '@probed/protocol';
import { type RecordRow, Store } from '@probed/store';
import { bestNs, type Figure } from './measure';

const BATCH = 1_000;
const RECORDS = 2_000_000;
const PROGRAMS = ['handle_exec', 'handle_exit', 'handle_openat', 'handle_connect'];
const PODS = 12;
/** One record in so many comes from an exec session, from a program that seldom runs, has a text that few have. */
const SELDOM = 1_000;

/** What is asked of the history, and the name that a figure has for it. */
const QUERIES: readonly { readonly name: string; readonly query: Partial<RecordQuery> }[] = [
  { name: 'all', query: {} },
  { name: 'of a pod', query: { pod: 'web-3' } },
  { name: 'of a program', query: { program: PROGRAMS[1] } },
  { name: 'of a program that seldom runs', query: { program: 'handle_oom' } },
  { name: 'of a pod that is not there', query: { pod: 'web-99' } },
  { name: 'of an exec session', query: { session: 'exec-7' } },
  { name: 'with a text', query: { text: '/index.html' } },
  { name: 'with a text that few have', query: { text: 'SHADOW' } },
  { name: 'since a time', query: { since: timeOf(BATCH), order: 'asc' } },
];

function timeOf(sequence: number): string {
  const ms = Date.UTC(2026, 0, 1) + Math.floor(sequence / 10);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(sequence % 10)}00000Z`;
}

/** Records as the demo's programs make them: some 650 bytes of JSON, 128 of their own. */
function rowsFrom(first: number): RecordRow[] {
  return Array.from({ length: BATCH }, (_, i) => rowOf(first + i));
}

function rowOf(sequence: number): RecordRow {
  const seldom = sequence % SELDOM === 0;
  const pod = {
    name: `web-${sequence % PODS}`,
    namespace: 'shop',
    container: 'web',
    container_id: 'c4'.repeat(32),
  };
  const about = {
    boot: 'bench',
    sequence,
    ktime_ns: sequence * 100_000,
    time: timeOf(sequence),
    node: `node-${(sequence % 2) + 1}`,
    program: seldom ? 'handle_oom' : PROGRAMS[sequence % PROGRAMS.length],
    map: 'events',
    hook: 'tracepoint:sched:sched_process_exec',
  };
  const session = seldom ? `exec-${(sequence / SELDOM) % 20}` : undefined;
  const task = { pid: sequence, tgid: sequence, ppid: 1, uid: 0, comm: 'nginx', cgroup_id: 4_242 };
  const path = seldom ? '/etc/shadow' : '/srv/www/index.html';
  const value = { pid: sequence, comm: 'nginx', path, args: ['-c', '/etc/nginx.conf', `-n${sequence}`] };
  const ids = { cpu: 1, object: 'podtrace', program_id: 3, map_id: 4 };
  const wire = {
    type: 'record',
    ...about,
    ...ids,
    task,
    pod: { ...pod, image: 'nginx:1.27' },
    session,
    value,
  };
  const raw = new Uint8Array(128).fill(sequence & 0xff);
  return { ...about, json: JSON.stringify(wire), raw, pod: pod.name, namespace: pod.namespace, session };
}

/** Nanoseconds of a record, with what it costs to append the same text to a file and have the disk take it. */
function appendFigure(store: Store, folder: string): Figure {
  const file = openSync(join(folder, 'lines'), 'a');
  let sequence = 1;
  const prepared = Array.from({ length: 200 }, () => rowsFrom((sequence += BATCH) - BATCH));
  let batch = 0;
  // Each time as if it were new: the boot is another one when the batches begin anew.
  const next = (): RecordRow[] => {
    const boot = `bench-${Math.floor(batch / prepared.length)}`;
    return prepared[batch++ % prepared.length].map((row) => ({ ...row, boot }));
  };
  const ns = bestNs(BATCH, () => void store.commands.append({ records: next() }));
  const baselineNs = bestNs(BATCH, () => {
    writeSync(
      file,
      next()
        .map(({ json }) => json)
        .join('\n'),
    );
    fdatasyncSync(file);
  });
  closeSync(file);
  return { name: `record stored, ${BATCH} a batch`, ns, baseline: 'appended to a file', baselineNs };
}

/** Records until the store holds so many. @returns rows a second, of the inserting alone */
function fill(store: Store, records: number): number {
  let ms = 0;
  for (let first = 1; first <= records; first += BATCH) {
    const rows = rowsFrom(first);
    const start = performance.now();
    store.commands.append({ records: rows });
    ms += performance.now() - start;
  }
  return (records / ms) * 1_000;
}

function historyFigures(store: Store): Figure[] {
  const texts = rowsFrom(1)
    .slice(0, 100)
    .map(({ json }) => json);
  const baselineNs = bestNs(1, () => void texts.map((json) => JSON.parse(json) as WireRecord));
  return QUERIES.map(({ name, query }) => ({
    name: `last 100 records ${name}`,
    ns: bestNs(1, () => void store.commands['record.query'](recordQuery.parse(query))),
    baseline: 'JSON.parse of 100',
    baselineNs,
  }));
}

function inStore<T>(use: (store: Store, folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'probed-bench-'));
  try {
    const opened = Store.open(join(folder, 'probed.db'));
    if (!opened.ok) throw new Error(opened.error.message);
    const result = use(opened.value, folder);
    opened.value.close();
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** For the common table: storing, and history of as many records as are there after a moment. */
export function storeFigures(): Figure[] {
  return inStore((store, folder) => {
    const records = 100_000;
    fill(store, records);
    const history = historyFigures(store).filter(
      ({ name }) => name.endsWith('a pod') || name.endsWith('a text'),
    );
    return [
      appendFigure(store, folder),
      ...history.map((figure) => ({ ...figure, name: `${figure.name}, of ${records}` })),
    ];
  });
}

if (require.main === module) {
  const records = Number(process.argv[2] ?? RECORDS);
  inStore((store) => {
    console.log(`stored ${records} records, ${Math.round(fill(store, records))} a second`);
    console.log(`${(store.commands.status(null).file_bytes / 1e6).toFixed(0)} MB`);
    for (const { name, ns } of historyFigures(store)) console.log(`${name}: ${(ns / 1e6).toFixed(1)} ms`);
  });
}
