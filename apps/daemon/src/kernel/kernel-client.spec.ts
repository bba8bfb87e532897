import { setTimeout as sleep } from 'node:timers/promises';
import type { MapContents } from '@probed/protocol';
import { filter, firstValueFrom } from 'rxjs';
import type { KernelFrame } from './commands';
import type { KernelClientOptions, Restore } from './kernel-client';
import { Harness, loadOf, QUICK } from './testing/harness';

const START = { scenario: 'demo-cluster', seed: 1, speed: 1, rate: 1 };

let harness: Harness;

async function started(options?: KernelClientOptions, restore?: Restore): Promise<Harness> {
  harness = new Harness(options);
  if (restore) harness.client.onBoot(restore);
  await harness.client.start(START);
  return harness;
}

afterEach(() => harness.client.stop());

describe('KernelClient', () => {
  it('boots a cluster, loads an object on all nodes, and gets records with pod identity', async () => {
    const { client } = await started();
    expect(client.state).toMatchObject({
      state: 'running',
      restarts: 0,
      boot: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
    const loaded = await client.call('object.load', loadOf('opensnoop'));
    expect(loaded.programs).toMatchObject([{ id: 70 }, { id: 71 }]);
    expect(loaded.programs[0].nodes.map(({ node }) => node)).toEqual(['node-1', 'node-2']);
    expect(loaded.links.map(({ link }) => link)).toMatchObject([
      { id: 7_000, program_id: 70, state: 'live', nodes: ['node-1', 'node-2'] },
      { id: 7_001, program_id: 71 },
    ]);
    const record = await harness.until(() => harness.records.find(({ pod }) => pod?.namespace === 'shop'));
    expect(record).toMatchObject({ object: 'opensnoop', event: 'event', boot: client.state.boot });
    expect(record.pod?.container_id).toMatch(/^[0-9a-f]{64}$/);
    expect(loaded.programs.map(({ id }) => id)).toContain(record.program_id);
    expect(record.map_id).toBeGreaterThanOrEqual(700);
    expect(Math.abs(Date.parse(record.time) - Date.now())).toBeLessThan(5_000);
    expect(harness.records.map(({ sequence }) => sequence)).toEqual(harness.records.map((_, i) => i + 1));
    const frame = harness.frames.find(({ type }) => type === 'record') as KernelFrame & { type: 'record' };
    expect(JSON.parse(frame.json)).toEqual(frame.record);
    expect(frame.raw.length).toBeGreaterThan(0);
  });

  it('leaves records in the buffers of programs while nobody takes frames: these overflow, and say so', async () => {
    harness = new Harness({ ...QUICK, ringBytes: 65_536 });
    const { client } = harness;
    let open = () => {};
    harness.gate = new Promise((resolve) => {
      open = resolve;
    });
    await client.start({ ...START, scenario: 'exec-storm' });
    const options = { attach: true, max_entries: { events: 4_096 } };
    await client.call('object.load', loadOf('execaudit', { options }));
    await client.call('workload.start', { speed: 0 });
    const runs = async () =>
      (await client.call('program.list', null)).reduce((sum, one) => sum + one.runs, 0);
    while ((await runs()) < 2_000) await sleep(20);
    open();
    const lost = await harness.until(() => harness.frames.find(({ type }) => type === 'lost'));
    expect(lost).toMatchObject({
      lost: { object: 'execaudit', map: 'events', map_id: 700, count: expect.any(Number) },
    });
    await harness.until(() => (harness.records.length > 500 ? true : undefined));
    expect(harness.records.map(({ sequence }) => sequence)).toEqual(harness.records.map((_, i) => i + 1));
  });

  it('dumps, reads and writes maps by BTF, on one node and on all', async () => {
    const { client } = await started();
    const { maps } = await client.call('object.load', loadOf('syscount'));
    const { id: map_id } = maps.find(({ internal }) => !internal)!;
    const dump = (limit: number, node?: string) => client.call('map.dump', { map_id, limit, node });
    const filled = async (): Promise<readonly MapContents[]> => {
      const contents = await dump(10_000);
      return contents.every(({ entries = [] }) => entries.length > 3) ? contents : filled();
    };
    const contents = await filled();
    expect(contents.map(({ node, kind }) => [node, kind])).toEqual([
      ['node-1', 'entries'],
      ['node-2', 'entries'],
    ]);
    expect(await dump(2, 'node-2')).toMatchObject([{ node: 'node-2', truncated: true, entries: [{}, {}] }]);
    const key = contents[0].entries![0].key;
    expect(await client.call('map.lookup', { map_id, key, node: 'node-1' })).toMatchObject([
      { node: 'node-1', key },
    ]);
    await client.call('map.delete', { map_id, key });
    await expect(
      client.call('map.update', { map_id, key: { nonsense: 1 }, value: 1, flags: 'any' }),
    ).rejects.toMatchObject({ diagnostic: { where: expect.stringContaining('key') } });
  });

  it('starts exec sessions whose output, commands and end come as frames', async () => {
    const { client } = await started();
    const session = await client.call('exec.start', {
      id: 's-1',
      pod: 'toolbox',
      command: ['bash', '-c', 'ls /etc | wc -l; exit 3'],
      tty: false,
      stdin: false,
      user: 'bob',
    });
    expect(session).toMatchObject({ id: 's-1', node: 'node-1', state: 'running', user: 'bob' });
    const exit = await harness.until(() =>
      harness.frames.find((frame) => frame.type === 'exit' && frame.session === 's-1'),
    );
    expect(exit).toMatchObject({ exit_code: 3 });
    const mine = harness.frames.filter((frame) => JSON.stringify(frame).includes('"s-1"'));
    expect(mine.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['session', 'command', 'output', 'exit']),
    );
    await expect(
      client.call('exec.start', { id: 's-2', pod: 'nowhere', command: ['id'], tty: false, stdin: false }),
    ).rejects.toMatchObject({ diagnostic: { code: 'pod-not-found' } });
  });

  it('stops time and starts it again', async () => {
    const { client } = await started();
    const stopped = await client.call('workload.stop', null);
    expect(stopped.state).toBe('stopped');
    const before = await client.call('status', null);
    await expect(
      client.call('exec.start', { id: 's', pod: 'toolbox', command: ['id'], tty: false, stdin: false }),
    ).rejects.toMatchObject({ diagnostic: { code: 'workload-stopped' } });
    expect((await client.call('status', null)).virtual_ns).toBe(before.virtual_ns);
    expect(await client.call('workload.start', { speed: 4 })).toMatchObject({ state: 'running', speed: 4 });
    const advanced = async (): Promise<void> => {
      const { virtual_ns } = await client.call('status', null);
      if (virtual_ns < before.virtual_ns + 1e8) await advanced();
    };
    await advanced();
  });

  it.each([
    ['crash', /a crash of the kernel thread was asked for/],
    ['hang', /no sign of life for/],
  ] as const)('comes back from a %s: restored, with another boot id', async (mode, why) => {
    const restored: string[] = [];
    const { client } = await started(QUICK, async (boot) => {
      await harness.client.call('object.load', loadOf('opensnoop'));
      restored.push(boot);
    });
    const first = client.state.boot;
    await harness.until(() => harness.records[0]);
    const down = harness.state('restarting');
    const up = firstValueFrom(
      client.changes.pipe(filter(({ state, boot }) => state === 'running' && boot !== first)),
    );
    await client.call('fault', { mode });
    // Whoever waits is told.
    const asking = async (): Promise<never> => {
      for (;;) await client.call('workload.get', null);
    };
    await expect(asking()).rejects.toMatchObject({
      code: expect.stringMatching(/^kernel-(restarting|busy)$/),
    });
    expect((await down).last_error).toMatch(why);
    await expect(client.call('program.list', null)).rejects.toMatchObject({ code: 'kernel-restarting' });
    const state = await up;
    expect(state).toMatchObject({ restarts: 1, last_error: expect.stringMatching(why) });
    expect(state.boot).not.toBe(first);
    expect(restored).toEqual([first, state.boot]);
    expect(await client.call('program.list', null)).toMatchObject([{ id: 70 }, { id: 71 }]);
    const again = await harness.until(() => harness.records.find(({ boot }) => boot === state.boot));
    expect(again.sequence).toBe(1);
  });

  it('says that it is busy while it hangs', async () => {
    const { client } = await started();
    const busy = harness.state('busy');
    await client.call('fault', { mode: 'hang' });
    expect((await busy).busy_ms).toBeGreaterThanOrEqual(150);
    await expect(client.call('program.list', null)).rejects.toMatchObject({ code: 'kernel-busy' });
  });

  it('names the object in whose load it ended, to be left out the next time', async () => {
    const infos: unknown[] = [];
    harness = new Harness({ ...QUICK, watchdog: { ...QUICK.watchdog, loadHangMs: 1_500 } });
    const { client } = harness;
    client.onBoot(async (_boot, { attempt, suspects }) => {
      infos.push([attempt, suspects.map(({ name }) => name)]);
      if (suspects.length > 0) return;
      // The thread stands still with the load in hand, as if the load were why.
      await client.call('fault', { mode: 'hang' });
      await sleep(50);
      await client.call('object.load', loadOf('execaudit'));
    });
    await client.start(START);
    expect(infos).toEqual([
      [1, []],
      [2, []],
      [3, ['execaudit']],
    ]);
    expect(client.state).toMatchObject({
      state: 'running',
      restarts: 2,
      last_error: expect.stringMatching(/^while object execaudit was loaded: .*no sign of life/),
    });
  });

  it('has failed when it ends too often, and is tried again all the same', async () => {
    let boots = 0;
    harness = new Harness();
    const { client } = harness;
    client.onBoot(async () => {
      if (++boots > 3) return;
      await client.call('fault', { mode: 'crash' });
      await new Promise(() => undefined);
    });
    const running = harness.state('running');
    await expect(client.start(START)).rejects.toThrow('a crash of the kernel thread was asked for');
    expect(client.state).toMatchObject({ state: 'failed', restarts: 3 });
    await expect(client.call('status', null)).rejects.toThrow(/has failed and is tried again later/);
    expect((await running).restarts).toBe(3);
  });

  it('goes back to the options that worked when a reboot with others does not', async () => {
    const { client } = await started();
    await expect(client.reboot({ scenario: 'no-such' })).rejects.toThrow(/no scenario no-such/);
    await client.reboot({ scenario: 'file-io', seed: 5 });
    expect(await client.call('workload.get', null)).toMatchObject({
      scenario: 'file-io',
      seed: 5,
      nodes: ['node-1'],
    });
  });
});
