import type { StoreBatch, StreamFrame } from './frames';
import { RecordPipeline } from './record-pipeline';
import { frames, range, recordFrame, sequenceOf, settle } from './testing';
import { ManualTimers } from './timers';

type Append = (batch: StoreBatch) => Promise<void>;

/** A pipeline with a store that the test commands. */
function setup(append: Append = async () => {}, limits: object = {}) {
  const timers = new ManualTimers();
  const batches: StoreBatch[] = [];
  const store = { append };
  const pipeline = new RecordPipeline({
    append: (batch) => {
      batches.push(batch);
      return store.append(batch);
    },
    timers,
    limits,
  });
  const seen: (number | string)[] = [];
  pipeline.committed.subscribe((items) => seen.push(...items.map(sequenceOf)));
  const sizes = () => batches.map(({ records }) => records.length);
  return { pipeline, timers, batches, store, seen, sizes };
}

const refuse: Append = () => Promise.reject(new Error('database or disk is full'));

const session = { id: 's-1', pod: 'api', namespace: 'shop' } as never;
const OTHER_FRAMES: StreamFrame[] = [
  { type: 'trace', trace: { type: 'trace', text: 'hello' } as never },
  { type: 'session', session },
  { type: 'command', command: { session: 's-1', argv: ['ls'] } as never },
  { type: 'lost', lost: { type: 'lost', count: 7 } as never },
];

describe('RecordPipeline', () => {
  it('waits 25 ms for company, then appends and only then shows', async () => {
    let commit = () => {};
    const { pipeline, timers, seen, sizes } = setup(() => new Promise((resolve) => (commit = resolve)));
    await pipeline.accept(frames(1, 3));
    await timers.advance(24);
    expect(sizes()).toEqual([]);
    await timers.advance(1);
    expect(sizes()).toEqual([3]);
    expect(seen).toEqual([]);
    commit();
    await settle();
    expect(seen).toEqual([1, 2, 3]);
  });

  it('appends at once when a batch is full, and no more than a batch', async () => {
    const { pipeline, seen, sizes } = setup();
    await pipeline.accept(frames(1, 2_500));
    await settle();
    expect(sizes()).toEqual([1_000, 1_000]);
    expect(seen).toEqual(range(1, 2_000));
    await pipeline.flush();
    expect(sizes()).toEqual([1_000, 1_000, 500]);
    expect(seen).toEqual(range(1, 2_500));
  });

  it('bounds a batch in bytes too', async () => {
    const { pipeline, sizes } = setup(undefined, { batchBytesMax: 1_000 });
    const json = 'x'.repeat(600);
    await pipeline.accept(frames(1, 3).map((frame) => ({ ...frame, json }) as StreamFrame));
    await pipeline.flush();
    expect(sizes()).toEqual([1, 1, 1]);
  });

  it('stores records, sessions and commands, and keeps the order of all items', async () => {
    const { pipeline, batches, seen } = setup();
    await pipeline.accept([recordFrame(1), ...OTHER_FRAMES, { type: 'output' }, recordFrame(2)]);
    await pipeline.flush();
    expect(seen).toEqual([1, 'trace', 'session', 'command', 'lost', 2]);
    expect(batches).toHaveLength(1);
    expect(batches[0].records.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(batches[0]).toMatchObject({ sessions: [session], commands: [{ argv: ['ls'] }] });
    expect(pipeline.statistics).toMatchObject({ total: 2, stored: 2, lost: 7 });
  });

  it('gives the store the columns that are searched', async () => {
    const { pipeline, batches } = setup();
    const pod = { name: 'api', namespace: 'shop', container: 'c', container_id: 'f', image: 'i' };
    await pipeline.accept([recordFrame(9, { pod, session: 's-1' })]);
    await pipeline.flush();
    expect(batches[0].records[0]).toMatchObject({
      boot: 'boot-1',
      sequence: 9,
      ktime_ns: 9_000,
      node: 'node-1',
      program: 'on_open',
      map: 'events',
      hook: 'tracepoint:syscalls:sys_enter_openat',
      pod: 'api',
      namespace: 'shop',
      session: 's-1',
      raw: new Uint8Array([9]),
    });
  });

  it('does not ask the store about items that are not kept', async () => {
    const { pipeline, timers, seen, sizes } = setup(refuse);
    await pipeline.accept([OTHER_FRAMES[0]]);
    await timers.advance(25);
    expect(seen).toEqual(['trace']);
    expect(sizes()).toEqual([]);
    expect(pipeline.statistics.store).toBe('ok');
  });

  it('lets the producer wait while the store is behind', async () => {
    let commit = () => {};
    const { pipeline } = setup(() => new Promise((resolve) => (commit = resolve)), { waitAbove: 1_500 });
    let accepted = false;
    void pipeline.accept(frames(1, 2_000)).then(() => (accepted = true));
    await settle();
    expect(accepted).toBe(false);
    commit();
    await settle();
    expect(accepted).toBe(true);
  });

  describe('while the store fails', () => {
    it('shows items after one failed attempt, and later ones with none', async () => {
      const { pipeline, timers, seen, sizes } = setup(refuse);
      await pipeline.accept(frames(1, 5));
      await timers.advance(25);
      expect(seen).toEqual([1, 2, 3, 4, 5]);
      expect(pipeline.statistics).toMatchObject({
        store: 'failing',
        error: 'database or disk is full',
        queued: 5,
        stored: 0,
      });
      await pipeline.accept(frames(6, 8));
      await timers.advance(25);
      expect(seen).toEqual(range(1, 8));
      expect(sizes()).toEqual([5]);
    });

    it('retries less and less often', async () => {
      const { pipeline, timers, batches } = setup(refuse);
      await pipeline.accept(frames(1, 1));
      const attempts: number[] = [];
      for (let ms = 0; ms < 10_000; ms += 25) {
        const before = batches.length;
        await timers.advance(25);
        if (batches.length > before) attempts.push(timers.now());
      }
      expect(attempts.slice(0, 7)).toEqual([25, 125, 325, 725, 1_525, 3_125, 5_125]);
    });

    it('stores all of it once it can, in order, and shows nothing twice', async () => {
      const { pipeline, timers, store, batches, seen } = setup(refuse);
      await pipeline.accept(frames(1, 2_500));
      await timers.advance(25);
      store.append = async () => {};
      batches.length = 0;
      await timers.advance(2_000);
      await pipeline.accept(frames(2_501, 2_600));
      await timers.advance(25);
      expect(seen).toEqual(range(1, 2_600));
      const stored = batches.flatMap(({ records }) => records.map(({ sequence }) => sequence));
      expect(stored).toEqual(range(1, 2_600));
      expect(pipeline.statistics).toMatchObject({ store: 'ok', stored: 2_600, dropped: 0, queued: 0 });
      expect(pipeline.statistics.error).toBeUndefined();
    });

    it('drops the oldest for the store beyond the bound, and counts them', async () => {
      const { pipeline, timers, store, batches, seen } = setup(refuse, { queueRecordsMax: 300 });
      for (let first = 1; first <= 1_000; first += 100) {
        await pipeline.accept(frames(first, first + 99));
        await timers.advance(25);
      }
      expect(seen).toEqual(range(1, 1_000));
      expect(pipeline.statistics).toMatchObject({ queued: 300, dropped: 700 });
      store.append = async () => {};
      batches.length = 0;
      await pipeline.flush();
      const stored = batches.flatMap(({ records }) => records.map(({ sequence }) => sequence));
      expect(stored).toEqual(range(701, 1_000));
    });

    it('bounds what waits in bytes', async () => {
      const { pipeline, timers } = setup(refuse, { queueBytesMax: 10_000 });
      const json = 'x'.repeat(999);
      await pipeline.accept(frames(1, 50).map((frame) => ({ ...frame, json }) as StreamFrame));
      await timers.advance(25);
      expect(pipeline.statistics).toMatchObject({ queued: 10, dropped: 40 });
    });

    it('does not let the producer wait', async () => {
      const { pipeline, timers } = setup(refuse, { waitAbove: 10 });
      const waiting = pipeline.accept(frames(1, 20));
      await timers.advance(25);
      await waiting;
      await pipeline.accept(frames(21, 40));
    });

    it('tells what subscribers have seen and the store has not', async () => {
      const { pipeline, timers } = setup(refuse);
      await pipeline.accept(frames(1, 3));
      expect(pipeline.unstored()).toEqual([]);
      await timers.advance(25);
      expect(pipeline.unstored().map(({ item }) => sequenceOf(item))).toEqual([1, 2, 3]);
    });
  });

  it('leaves out what the store never takes, and nothing beside it', async () => {
    const poison = new Set([17, 18, 999, 1_500]);
    const final = new TypeError('a fault of ours');
    const taken: number[] = [];
    const timers = new ManualTimers();
    const pipeline = new RecordPipeline({
      append: async ({ records }) => {
        if (records.some(({ sequence }) => poison.has(sequence))) throw final;
        taken.push(...records.map(({ sequence }) => sequence));
      },
      isFinal: (error) => error === final,
      timers,
    });
    const seen: (number | string)[] = [];
    pipeline.committed.subscribe((items) => seen.push(...items.map(sequenceOf)));
    await pipeline.accept(frames(1, 2_500));
    await pipeline.flush();
    expect(taken).toEqual(range(1, 2_500).filter((sequence) => !poison.has(sequence)));
    expect(seen).toEqual(range(1, 2_500));
    expect(pipeline.statistics).toMatchObject({ store: 'ok', stored: 2_496, dropped: 4, queued: 0 });
    await pipeline.accept(frames(1_500, 1_500));
    await timers.advance(25);
    expect(pipeline.statistics).toMatchObject({ store: 'ok', dropped: 5, queued: 0 });
  });

  it('goes on live when the store does not answer, and stores the batch once', async () => {
    let commit = () => {};
    const { pipeline, timers, seen, sizes } = setup(() => new Promise((resolve) => (commit = resolve)));
    await pipeline.accept(frames(1, 3));
    await timers.advance(25 + 5_000);
    expect(seen).toEqual([1, 2, 3]);
    expect(pipeline.statistics.error).toBe('the store has not answered for 5 s');
    await timers.advance(60_000);
    expect(sizes()).toEqual([3]);
    commit();
    await settle();
    expect(pipeline.statistics).toMatchObject({ store: 'ok', stored: 3, queued: 0 });
    expect(seen).toEqual([1, 2, 3]);
  });

  it('flushes on close, completes, and takes nothing more', async () => {
    const { pipeline, seen, sizes } = setup();
    let completed = false;
    pipeline.entries.subscribe({ complete: () => (completed = true) });
    await pipeline.accept(frames(1, 4));
    await pipeline.close();
    expect(sizes()).toEqual([4]);
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(completed).toBe(true);
    await expect(pipeline.accept(frames(5, 5))).rejects.toThrow('closed');
  });

  it('counts what a failing store does not take on close', async () => {
    const { pipeline, seen } = setup(refuse);
    await pipeline.accept(frames(1, 4));
    await pipeline.close();
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(pipeline.statistics).toMatchObject({ dropped: 4, queued: 0 });
  });

  it('tells the rate of the last two seconds', async () => {
    const { pipeline, timers } = setup();
    for (let i = 0; i < 40; i++) {
      await pipeline.accept(frames(i * 10 + 1, i * 10 + 10));
      await timers.advance(50);
    }
    expect(pipeline.statistics.per_second).toBeGreaterThanOrEqual(190);
    expect(pipeline.statistics.per_second).toBeLessThanOrEqual(200);
    await timers.advance(5_000);
    expect(pipeline.statistics.per_second).toBe(0);
  });
});
