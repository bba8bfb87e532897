import type { Batch, BatchItem, RecordQuery, WireRecord } from '@probed/protocol';
import type { Subscription } from '../../api/stream';
import { LiveFeed, type LiveRow, NO_FILTER, ROWS_MAX } from './live-feed';

const record = (sequence: number, more: Partial<WireRecord> = {}): WireRecord => ({
  type: 'record',
  boot: 'boot-1',
  sequence,
  ktime_ns: sequence,
  time: '2026-01-01T00:00:00.000Z',
  node: 'node-1',
  cpu: 0,
  object: 'execaudit',
  program: 'on_exec',
  program_id: 1,
  map: 'events',
  map_id: 1,
  hook: 'tracepoint:sched:sched_process_exec',
  task: { pid: 1, tgid: 1, ppid: 0, uid: 0, comm: 'init', cgroup_id: 1 },
  value: { filename: `/bin/${sequence}` },
  ...more,
});

const batch = (items: BatchItem[], dropped = 0): Batch => ({ subscription: 's', batch: 1, items, dropped });

/** A feed whose server and frames are the test's. */
function harness(stored: WireRecord[] = []) {
  const frames: (() => void)[] = [];
  const queries: Partial<RecordQuery>[] = [];
  const ended = jest.fn();
  let subscription: Subscription | undefined;
  const source = {
    history: async (query: Partial<RecordQuery>) => {
      queries.push(query);
      const matching = stored.filter(({ value }) => JSON.stringify(value).includes(query.text ?? ''));
      return { records: matching.toReversed().slice(0, query.limit) };
    },
    subscribe: (given: Subscription) => {
      subscription = given;
      return ended;
    },
  };
  const feed = new LiveFeed(source, (render) => frames.push(render));
  return {
    feed,
    queries,
    ended,
    stored,
    frames,
    connect: () => subscription!.request(),
    receive: (items: BatchItem[], dropped = 0) => subscription!.onBatch!(batch(items, dropped)),
    frame: () => frames.splice(0).forEach((render) => void render()),
    texts: () => feed.state.value.rows.map(textOf),
  };
}

const textOf = (row: LiveRow) => (row.kind === 'record' ? row.record.sequence : row.text);

test('stored records come first, then live ones, newest on top', async () => {
  const h = harness([record(1), record(2)]);
  h.feed.start({ ...NO_FILTER, program: 'on_exec' });
  expect(await h.connect()).toEqual({
    kind: 'records',
    program: 'on_exec',
    after: { boot: 'boot-1', sequence: 2 },
  });
  expect(h.queries).toEqual([
    { limit: 1, order: 'desc' },
    { program: 'on_exec', limit: 200, order: 'desc' },
  ]);
  h.receive([record(3)]);
  h.frame();
  expect(h.texts()).toEqual([3, 2, 1]);
});

test('however many batches arrive, a frame renders once', async () => {
  const h = harness();
  h.feed.start(NO_FILTER);
  h.frame();
  const renders = jest.fn();
  h.feed.state.watch(renders);
  for (let i = 1; i <= 50; i++) h.receive([record(i)]);
  expect(h.frames).toHaveLength(1);
  h.frame();
  expect(renders).toHaveBeenCalledTimes(1);
  expect(h.feed.state.value.rows).toHaveLength(50);
});

test('the rows are bounded, the count is not', () => {
  const h = harness();
  h.feed.start(NO_FILTER);
  h.receive(Array.from({ length: ROWS_MAX + 500 }, (_, i) => record(i + 1)));
  h.frame();
  expect(h.feed.state.value.rows).toHaveLength(ROWS_MAX);
  expect(h.texts()[0]).toBe(ROWS_MAX + 500);
  expect(h.feed.state.value.seen).toBe(ROWS_MAX + 500);
});

test('while held the rows stay, new ones wait', () => {
  const h = harness();
  h.feed.start(NO_FILTER);
  h.receive([record(1)]);
  h.feed.hold();
  h.receive([record(2), record(3)]);
  h.frame();
  expect(h.texts()).toEqual([1]);
  expect(h.feed.state.value.waiting).toBe(2);
  h.feed.release();
  h.frame();
  expect(h.texts()).toEqual([3, 2, 1]);
  expect(h.feed.state.value.waiting).toBe(0);
});

test('after a lost connection it goes on without a record twice', async () => {
  const h = harness([record(1)]);
  h.feed.start(NO_FILTER);
  await h.connect();
  h.receive([record(2)]);
  h.stored.push(record(2), record(3));
  expect(await h.connect()).toMatchObject({ after: { boot: 'boot-1', sequence: 3 } });
  h.receive([record(4)]);
  h.frame();
  expect(h.texts()).toEqual([4, 3, 2, 1]);
});

test('another boot is remarked and counts from 1 again', async () => {
  const h = harness([record(9)]);
  h.feed.start(NO_FILTER);
  await h.connect();
  h.receive([record(1, { boot: 'boot-2' })]);
  h.frame();
  expect(h.texts()).toEqual([1, expect.stringContaining('booted anew'), 9]);
});

test('lost and dropped records are told and counted', () => {
  const h = harness();
  h.feed.start(NO_FILTER);
  const lost = {
    type: 'lost',
    boot: 'b',
    time: '',
    node: 'node-1',
    object: 'o',
    map: 'm',
    map_id: 1,
  } as const;
  h.receive([{ ...lost, count: 7 }], 3);
  h.frame();
  expect(h.texts()).toEqual([
    '7 records lost: the buffer o.m on node-1 was full',
    '3 records not shown: this page was too slow',
  ]);
  expect(h.feed.state.value).toMatchObject({ lost: 7, dropped: 3 });
});

test('text selects by the decoded value, ignoring case', () => {
  const h = harness();
  h.feed.start({ ...NO_FILTER, text: 'PASSWD' });
  h.receive([record(1), record(2, { value: { filename: '/etc/passwd' } }), record(3, { value: undefined })]);
  h.frame();
  expect(h.texts()).toEqual([2]);
});

test('live records of a rare text begin after the newest record of all', async () => {
  const h = harness([record(1, { value: { filename: 'rare' } }), record(2), record(3)]);
  h.feed.start({ ...NO_FILTER, text: 'rare' });
  expect(await h.connect()).toEqual({ kind: 'records', after: { boot: 'boot-1', sequence: 3 } });
  h.receive([record(3, { value: 'rare' }), record(4, { value: 'rare again' })]);
  h.frame();
  expect(h.texts()).toEqual([4, 1]);
});

test('a program of one object is told from its namesakes', async () => {
  const h = harness([record(1), record(2, { object: 'podtrace' })]);
  h.feed.start({ ...NO_FILTER, program: 'execaudit/on_exec' });
  expect(await h.connect()).toEqual({
    kind: 'records',
    program: 'on_exec',
    after: { boot: 'boot-1', sequence: 2 },
  });
  h.receive([record(3, { object: 'podtrace' }), record(4)]);
  h.frame();
  expect(h.texts()).toEqual([4, 1]);
});

test('another filter begins anew', async () => {
  const h = harness([record(1)]);
  h.feed.start(NO_FILTER);
  await h.connect();
  h.feed.start({ ...NO_FILTER, pod: 'web-0', text: 'x' });
  h.frame();
  expect(h.ended).toHaveBeenCalledTimes(1);
  expect(h.feed.state.value).toMatchObject({ rows: [], seen: 0, loading: true });
  await h.connect();
  expect(h.queries.at(-1)).toEqual({ pod: 'web-0', text: 'x', limit: 200, order: 'desc' });
});

test('without history there are still live records, and the error', async () => {
  const h = harness();
  const feed = new LiveFeed(
    {
      history: () => Promise.reject(new Error('the store is closed')),
      subscribe: (s) => {
        sub = s;
        return () => {};
      },
    },
    (render) => render(),
  );
  let sub: Subscription | undefined;
  feed.start(NO_FILTER);
  expect(await sub!.request()).toEqual({ kind: 'records' });
  expect(feed.state.value.error?.message).toBe('the store is closed');
  h.feed.stop();
});
