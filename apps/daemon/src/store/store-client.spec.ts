import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type RecordQuery, recordQuery } from '@probed/protocol';
import type { RecordRow } from '@probed/store';
import Sqlite from 'better-sqlite3';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';
import { workerFile } from '../threads/worker-file';
import { StoreClient, type StoreClientOptions, type StoreState } from './store-client';

const folder = mkdtempSync(join(tmpdir(), 'probed-store-client-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => join(folder, `state-${files++}`, 'probed.db');

const LIMITS: StoreClientOptions = { recordsMax: 1e9, bytesMax: 1e12 };
const clients: StoreClient[] = [];
afterEach(() => Promise.all(clients.splice(0).map((client) => client.stop())));

async function started(file: string, options: Partial<StoreClientOptions> = {}, entry?: string) {
  const client = new StoreClient(entry);
  clients.push(client);
  await client.start(file, { ...LIMITS, ...options });
  return client;
}

function recordRow(sequence: number, given: Partial<RecordRow> = {}): RecordRow {
  const time = `2026-01-01T00:00:00.${String(sequence).padStart(9, '0')}Z`;
  const row = {
    boot: 'boot-a',
    sequence,
    ktime_ns: sequence,
    time,
    node: 'n',
    program: 'p',
    map: 'm',
    hook: 'h',
  };
  return { raw: Uint8Array.of(1, 2, 3), ...row, json: JSON.stringify(row), ...given };
}

const rows = (first: number, count: number) => Array.from({ length: count }, (_, i) => recordRow(first + i));
const queryOf = (given: Partial<RecordQuery> = {}) => recordQuery.parse(given);

/** The thread, which dies when it is told so in the middle of its work. */
function mortalThread(): string {
  const file = join(folder, 'mortal.js');
  writeFileSync(
    file,
    `require('node:worker_threads').parentPort.on('message', (message) => {
       if (message.command === 'setting.get' && message.params.key === 'die') process.exit(7);
     });
     require(${JSON.stringify(workerFile('store-thread'))});`,
  );
  return file;
}

/** Resolves with the next state that fits. */
const stateOf = (client: StoreClient, state: StoreState['state']): Promise<StoreState> =>
  new Promise((resolve) => {
    const subscription = client.changes.subscribe((now) => {
      if (now.state !== state) return;
      subscription.unsubscribe();
      resolve(now);
    });
  });

describe('StoreClient', () => {
  it('stores in its thread, and closes the database when it stops', async () => {
    const file = newFile();
    const client = await started(file);
    expect(client.state).toEqual({ state: 'ok' });
    await client.call('append', { records: rows(1, 100) });
    const page = await client.call('record.query', queryOf({ limit: 2 }));
    expect(page.records.map(({ sequence }) => sequence)).toEqual([100, 99]);
    expect(await client.health()).toMatchObject({ state: 'ok', file, records: 100 });
    const last = client.call('append', { records: rows(101, 100) });
    await client.stop();
    expect(await last).toBeNull();
    expect(client.state).toEqual({ state: 'closed' });
    expect(readdirSync(dirname(file))).toEqual(['probed.db']);
    expect(columnIn(file, 'sequence')).toHaveLength(200);
    await expect(client.call('status', null)).rejects.toMatchObject({ code: 'store-closed' });
    expect(await client.health()).toMatchObject({ state: 'closed', file, records: 100 });
  });

  it('stores the bytes of a view, not of the buffer behind it', async () => {
    const file = newFile();
    const client = await started(file);
    const shared = new Uint8Array(new SharedArrayBuffer(64)).fill(9);
    const view = new Uint8Array(64).fill(8).subarray(8, 11);
    const appended = client.call('append', {
      records: [recordRow(1, { raw: shared.subarray(1, 3) }), recordRow(2, { raw: view })],
    });
    // Its owner uses a shared buffer again at once.
    shared.fill(0);
    await appended;
    await client.stop();
    expect(columnIn(file, 'hex(raw)')).toEqual(['0909', '080808']);
  });

  it('refuses to start with what it can’t open, in one line', async () => {
    const file = newFile();
    mkdirSync(file, { recursive: true });
    const client = new StoreClient();
    const refused = await client.start(file, LIMITS).catch((error) => error);
    expect(refused).toBeInstanceOf(CommandRefused);
    expect(refused.diagnostic).toMatchObject({ code: 'store-unopened', where: file });
    expect(client.state).toEqual({ state: 'closed' });
    await client.stop();
  });

  it('says that a damaged database was moved aside', async () => {
    const file = newFile();
    mkdirSync(dirname(file));
    writeFileSync(file, 'no database\n'.repeat(1_000));
    const notices: string[] = [];
    const client = await started(file, { onNotice: (line) => notices.push(line) });
    expect(notices).toEqual([expect.stringContaining(`${file}: it is no SQLite database`)]);
    await client.call('append', { records: rows(1, 1) });
  });

  it('lets appends through while a long query runs', async () => {
    const client = await started(newFile());
    for (let first = 1; first <= 200_000; first += 10_000)
      await client.call('append', { records: rows(first, 10_000) });
    const order: string[] = [];
    const query = client.call('record.query', queryOf({ text: 'nowhere' })).then(() => order.push('query'));
    await client.call('append', { records: rows(200_001, 10) }).then(() => order.push('append'));
    await query;
    expect(order).toEqual(['append', 'query']);
  });

  it('deletes the oldest records by itself', async () => {
    const client = await started(newFile(), { recordsMax: 50, pruneEveryMs: 10 });
    await client.call('append', { records: rows(1, 80) });
    let records = 80;
    for (const end = Date.now() + 5_000; records !== 50 && Date.now() < end; )
      ({ records } = await client.call('status', null));
    expect(records).toBe(50);
  });
});

describe('a full disk', () => {
  it('is told with the file, and over when an append succeeds', async () => {
    const file = newFile();
    const client = await started(file, { pageCountMax: 100 });
    const failing = stateOf(client, 'failing');
    const seen: StoreState[] = [];
    client.changes.subscribe((state) => seen.push(state));
    let stored = 0;
    const fill = async () => {
      for (; ; stored += 100) await client.call('append', { records: rows(stored + 1, 100) });
    };
    await expect(fill()).rejects.toMatchObject({ diagnostic: { code: 'store-full', where: file } });
    const { error } = await failing;
    expect(error).toMatch(
      new RegExp(`^${file}: there is no space left to write to .*\\(free some on its disk`),
    );
    expect(await client.health()).toMatchObject({ state: 'failing', error, records: stored });

    expect(await client.call('prune', { records_max: 10, bytes_max: 1e9 })).toBe(stored - 10);
    await client.call('append', { records: rows(stored + 1, 10) });
    expect(client.state).toEqual({ state: 'ok' });
    expect(seen).toEqual([{ state: 'failing', error }, { state: 'ok' }]);
  });
});

describe('a dead thread', () => {
  it('rejects what waits for it, and comes back with all that was acknowledged', async () => {
    const file = newFile();
    const notices: string[] = [];
    const client = await started(file, { onNotice: (line) => notices.push(line) }, mortalThread());
    await client.call('append', { records: rows(1, 100) });

    const failing = stateOf(client, 'failing');
    const back = stateOf(client, 'ok');
    const calls = [
      client.call('setting.get', { key: 'die' }),
      client.call('append', { records: rows(101, 100) }),
    ].map((call) => call.catch((error) => error));
    for (const error of await Promise.all(calls)) {
      expect(error).toBeInstanceOf(ThreadUnavailable);
      expect(error.code).toBe('store-restarting');
    }
    expect(await failing).toEqual({
      state: 'failing',
      error: 'the store thread died and is started again: exit code 7',
    });
    expect(notices).toEqual(['the store thread died: exit code 7']);
    await expect(client.call('status', null)).rejects.toMatchObject({ code: 'store-restarting' });

    expect(await back).toEqual({ state: 'ok' });
    // Nobody knows whether it was stored, so it is sent again.
    await client.call('append', { records: rows(101, 100) });
    expect(await client.call('status', null)).toMatchObject({ records: 200 });
  });

  it('comes back again and again', async () => {
    const client = await started(newFile(), {}, mortalThread());
    for (let death = 1; death <= 3; death++) {
      const back = stateOf(client, 'ok');
      await expect(client.call('setting.get', { key: 'die' })).rejects.toBeInstanceOf(ThreadUnavailable);
      await back;
      await client.call('append', { records: rows(death, 1) });
    }
    expect(await client.call('status', null)).toMatchObject({ records: 3 });
  });

  it('stays dead when the client is stopped meanwhile', async () => {
    const client = await started(newFile(), {}, mortalThread());
    const failing = stateOf(client, 'failing');
    await expect(client.call('setting.get', { key: 'die' })).rejects.toBeInstanceOf(ThreadUnavailable);
    await failing;
    await client.stop();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(client.state).toEqual({ state: 'closed' });
  });
});

describe('kill -9', () => {
  /** Appends as fast as it can and prints the last sequence of each batch when it is acknowledged. */
  const script = (file: string) => `
    const { StoreClient } = require(${JSON.stringify(join(dirname(workerFile('store-thread')), '../store/store-client.js'))});
    const row = (${recordRow.toString()});
    (async () => {
      const client = new StoreClient();
      await client.start(${JSON.stringify(file)}, { recordsMax: 1e9, bytesMax: 1e12 });
      for (let first = 1; ; first += 200) {
        await client.call('append', { records: Array.from({ length: 200 }, (_, i) => row(first + i)) });
        process.stdout.write(first + 199 + '\\n');
      }
    })();`;

  it.each([3, 40])('loses nothing that was acknowledged (after %i batches)', async (batches) => {
    const file = newFile();
    const child = spawn(process.execPath, ['-e', script(file)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let acknowledged = 0;
    let seen = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Number(line);
      if (++seen === batches) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
    expect(acknowledged).toBeGreaterThanOrEqual(batches * 200);

    const client = await started(file);
    const stored: number[] = [];
    for (let sequence = 0; ; ) {
      const after = await client.call('record.after', { boot: 'boot-a', sequence, limit: 10_000 });
      if (after.length === 0) break;
      for (const row of after) stored.push(row.sequence);
      sequence = stored[stored.length - 1];
    }
    expect(stored.length).toBeGreaterThanOrEqual(acknowledged);
    expect(stored).toEqual(Array.from({ length: stored.length }, (_, i) => i + 1));
    expect(await client.call('status', null)).toMatchObject({ records: stored.length });
  });
});

/** A column of all records, as another reader of the file finds it. */
function columnIn(file: string, column: string): unknown[] {
  const db = new Sqlite(file, { readonly: true });
  const values = db.prepare(`SELECT ${column} FROM records ORDER BY id`).pluck().all();
  db.close();
  return values;
}
