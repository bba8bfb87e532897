import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { parseObject } from '@probed/object';
import { findScenario } from '@probed/workload';
import { type Collection, Machine, type OutputRecord } from './index';

function machine(): Machine {
  return new Machine({ image: loadKernelImage() });
}

function open(file: string) {
  const object = parseObject(readFileSync(join(__dirname, file)), file);
  if (!object.ok) throw new Error(object.error.message);
  return object.value;
}

test('a refused program says which CO-RE relocation found nothing, as a loader does', () => {
  const loaded = machine().load({ object: open('../bpf/object/fixtures/core.bpf.o') });
  expect(loaded).toMatchObject({
    ok: false,
    error: {
      errno: 22,
      message: expect.stringContaining('failed to resolve CO-RE relocation <byte_off>'),
      where: expect.stringContaining('reaches_missing'),
      log: expect.arrayContaining(['1: <invalid CO-RE relocation>']),
    },
  });
});

test('a perf_event program reads the counter that sampled it, of its CPU', () => {
  const node = machine();
  const loaded = node.load({ object: open('fixtures/perf_value.bpf.o') });
  if (!loaded.ok) throw new Error(loaded.error.message);
  const perf = { event: 'cpu-clock', period: 1e6 };
  expect(loaded.value.attach(loaded.value.programs[0], { perf }).ok).toBe(true);
  node.start(findScenario('demo')!);
  node.run(1e8, () => undefined);
  const [{ value }] = [...loaded.value.maps.get('readings')!.entries()];
  const words = new BigInt64Array(value.slice().buffer);
  for (let cpu = 0; cpu < words.length / 6; cpu++) {
    const [result, samples, period, counter, enabled, running] = words.subarray(cpu * 6, cpu * 6 + 6);
    expect([result, period]).toEqual([0n, 1_000_000n]);
    expect(samples).toBeGreaterThan(90n);
    expect(counter).toBe(samples * period);
    expect(running).toBe(enabled);
    // CPU time is counted in ns, so the counter is the time that has passed, but for what is left of a period.
    expect(Math.abs(Number(enabled - counter))).toBeLessThan(2e6);
  }
});

describe('a collection can be given back', () => {
  const EXAMPLES = '../../examples';
  const attachAll = (collection: Collection) => {
    for (const program of collection.programs) expect(collection.attach(program).ok).toBe(true);
  };
  const loadExample = (node: Machine, name: string) => {
    const loaded = node.load({ object: open(`${EXAMPLES}/${name}/${name}.bpf.o`) });
    if (!loaded.ok) throw new Error(loaded.error.message);
    attachAll(loaded.value);
    return loaded.value;
  };

  test('one link at a time', () => {
    const node = machine();
    const { hooks } = node.kernel;
    const collection = loadExample(node, 'execaudit');
    const [enter, exec] = collection.links;
    const hook = hooks.tracepoint('syscalls', 'sys_enter_execve')!;
    expect([enter.program.name, hook.active]).toEqual(['on_execve', true]);
    enter.detach();
    enter.detach();
    expect(collection.links).toEqual([exec]);
    expect(hook.active).toBe(false);
    expect(hooks.tracepoint('sched', 'sched_process_exec')!.active).toBe(true);
  });

  test('unloaded, it emits no more, its ids are gone, and others go on', () => {
    const node = machine();
    const [gone, stays] = ['execaudit', 'opensnoop'].map((name) => loadExample(node, name));
    node.start(findScenario('demo')!);
    const programs = new Set<string>();
    const note = (output: unknown) => programs.add((output as OutputRecord).origin.program);
    node.run(1e9, note);
    expect([...programs].sort()).toEqual(['exit_openat', 'on_exec', 'on_execve']);
    const ids = [...gone.maps.values()].map((map) => map.id);
    gone.unload();
    expect(ids.map((id) => node.runtime.maps.byId(id))).toEqual(ids.map(() => undefined));
    expect(node.collections).toEqual([stays]);
    expect(gone.links).toEqual([]);
    expect(() => gone.unload()).toThrow('unloaded twice');
    expect(() => gone.attach(gone.programs[0])).toThrow('has been unloaded');
    programs.clear();
    node.run(1e9, note);
    expect([...programs]).toEqual(['exit_openat']);
  });

  test('two hundred times over, with events in between, and hardly any memory stays behind', () => {
    const objects = ['execaudit', 'opensnoop', 'profile', 'uprobe_readline', 'tcpconnect'];
    // The kernel does the same whatever is attached; so all memory beyond the bare run's would be what loading left.
    const usedAfter = (rounds: number) => {
      const node = machine();
      node.start(findScenario('exec-storm')!);
      for (let i = 0; i < 200; i++) {
        const collection = i < rounds ? loadExample(node, objects[i % objects.length]) : undefined;
        if (collection)
          expect(node.load({ object: open(`${EXAMPLES}/rejected/out_of_bounds.bpf.o`) }).ok).toBe(false);
        node.run(10e6, () => undefined);
        collection?.unload();
      }
      expect([node.collections, [...node.runtime.maps.all()]]).toEqual([[], []]);
      return node.memory.usedBytes;
    };
    // A few hundred bytes of scratch that helpers take at their first call are all that may remain.
    expect((usedAfter(200) - usedAfter(0)) / 200).toBeLessThan(256);
  });
});

test('who made a record, and for which exec session', () => {
  const node = machine();
  const loaded = node.load({ object: open('../../examples/execaudit/execaudit.bpf.o') });
  if (!loaded.ok) throw new Error(loaded.error.message);
  for (const program of loaded.value.programs) loaded.value.attach(program);
  const { kernel } = node;
  const parent = kernel.launch({ path: '/usr/bin/sleep', argv: ['sleep', '9'] });
  kernel.launch({ path: '/usr/bin/id', argv: ['id'], parent, execSession: 's-1', uid: 7 });
  const records: OutputRecord[] = [];
  node.run(2e8, (output) => output.kind === 'record' && records.push(output));
  const byId = records.filter(({ origin }) => origin.comm === 'id');
  expect(byId.length).toBeGreaterThan(0);
  for (const { origin } of byId)
    expect(origin).toMatchObject({ ppid: parent.pid, uid: 7, execSession: 's-1' });
  expect(records.find(({ origin }) => origin.comm === 'sleep')!.origin.execSession).toBeUndefined();
});

test('a machine is the node that it is told to be, and waits for driven tasks', async () => {
  const epochNs = 1_700_000_000_000_000_000n;
  const node = new Machine({ image: loadKernelImage(), hostname: 'edge-7', epochNs, bootedNs: 5e9 });
  expect(node.kernel.hostname).toBe('edge-7');
  expect(node.kernel.nowNs()).toBeLessThan(5.1e9);
  expect(Number(node.kernel.realtimeNs() - epochNs)).toBeLessThan(1e8);
  let done = false;
  node.kernel.programs.replace({
    name: 'id',
    image: { path: '/usr/bin/id', symbols: ['main'], entry: ['main'] },
    driver: async (process) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      await process.run((u) => u.sleep(1e6));
      done = true;
      return 0;
    },
  });
  node.kernel.launch({ path: '/usr/bin/id', argv: ['id'] });
  expect(() => node.run(1e8, () => undefined)).toThrow('driven task');
  await node.runAsync(1e8, () => undefined);
  expect(done).toBe(true);
});
