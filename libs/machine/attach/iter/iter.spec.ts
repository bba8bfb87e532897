import type { AttachOptions, Collection } from '../../index';
import { attach, ENGINES, load, node, refusal, runDemo } from '../testing';

function textOf(collection: Collection, name: string, options?: AttachOptions): string {
  const link = attach(collection, name, options);
  const pieces = [...link.attachment.read!()];
  link.detach();
  return pieces.map((bytes) => Buffer.from(bytes).toString('latin1')).join('');
}

function lines(collection: Collection, name: string, options?: AttachOptions): string[] {
  return textOf(collection, name, options).split('\n').filter(Boolean);
}

describe.each(ENGINES)('%s', (engine) => {
  test('iter/task prints each thread, in order of pid, and the end once', () => {
    const machine = node(engine);
    runDemo(machine, 2e8);
    const collection = load(machine, 'iterators');
    const [head, ...rows] = lines(collection, 'dump_task');
    const end = rows.pop();
    const tasks = [...machine.kernel.allTasks()].sort((a, b) => a.pid - b.pid);
    expect(head).toBe('    tgid      pid comm');
    expect(rows.map((row) => row.trim().split(/\s+/))).toEqual(
      tasks.map(({ tgid, pid, comm }) => [`${tgid}`, `${pid}`, ...comm.split(/\s+/)]),
    );
    expect(end).toBe(`== END ${tasks.length} ==`);
    expect(lines(collection, 'dump_task', { iter: { tid: 1 } })).toEqual([
      head,
      expect.stringMatching(/ 1 systemd$/),
      '== END 1 ==',
    ]);
  });

  test('iter/bpf_map_elem shows a map’s entries and may write their values in place', () => {
    const machine = node(engine);
    const collection = load(machine, 'iterators');
    attach(collection, 'count_read');
    runDemo(machine, 2e8);
    const map = collection.maps.get('counts')!;
    const size = [...map.entries()].length;
    expect(size).toBeGreaterThan(0);
    const rows = lines(collection, 'dump_bpf_map_elem', { iter: { map } });
    expect(rows).toHaveLength(size);
    expect(rows.every((row) => row.endsWith(': 1'))).toBe(true);
    expect(
      lines(collection, 'dump_bpf_map_elem', { iter: { map } }).every((row) => row.endsWith(': 2')),
    ).toBe(true);
  });

  test('files, mappings, maps, programs, links, cgroups, sockets', () => {
    const machine = node(engine);
    runDemo(machine, 3e8);
    const collection = load(machine, 'iterators');
    const kprobe = attach(collection, 'count_read');
    expect(lines(collection, 'dump_task_file').length).toBeGreaterThan(10);
    expect(lines(collection, 'dump_task_vma')[0]).toMatch(/^[0-9a-f]{8,}-[0-9a-f]{8,}$/);
    const maps = [...collection.maps.values()].map(({ id, info }) => `${id} ${info.name} ${info.maxEntries}`);
    expect(lines(collection, 'dump_bpf_map')).toEqual(maps);
    const programs = collection.programs.map(({ id, name }) => `${id} ${name.slice(0, 15)}`);
    expect(lines(collection, 'dump_bpf_prog')).toEqual(programs);
    expect(lines(collection, 'dump_bpf_link')[0]).toBe(`${kprobe.id} type 7 prog ${kprobe.program.id}`);
    const cgroups = lines(collection, 'dump_cgroup');
    expect(cgroups[0]).toBe('1 0');
    expect(cgroups.length).toBeGreaterThan(3);
    const post = lines(collection, 'dump_cgroup', { iter: { order: 'descendants-post' } });
    expect([...post].sort()).toEqual([...cgroups].sort());
    expect(post.at(-1)).toBe('1 0');
    for (const name of ['dump_tcp', 'dump_udp', 'dump_unix'])
      expect(Array.isArray(lines(collection, name))).toBe(true);
  });
});

test('what exceeds the buffer comes in pieces, and nothing is left behind', () => {
  const machine = node();
  const collection = load(machine, 'iterators');
  const link = attach(collection, 'dump_ksym');
  // The helper takes its scratch at its first call.
  for (const _ of link.attachment.read!()) break;
  const used = machine.memory.usedBytes;
  let names = 0;
  let pieces = 0;
  for (const bytes of link.attachment.read!()) {
    expect(bytes.length).toBeLessThan(32_768);
    names += bytes.filter((byte) => byte === 10).length;
    pieces++;
  }
  expect(names).toBe([...machine.kernel.hooks.kernelFunctionsWhere(() => true)].length);
  expect(pieces).toBeGreaterThan(50);
  const broken = link.attachment.read!();
  broken.next();
  broken.return(undefined);
  expect(machine.memory.usedBytes).toBe(used);
  link.detach();
  expect([...link.attachment.read!()]).toEqual([]);
});

test('a sleepable iterator may write bytes', () => {
  const machine = node();
  const collection = load(machine, 'iterators');
  expect(textOf(collection, 'dump_task_sleepable', { iter: { tid: 1 } })).toBe('\x01\0\0\0');
});

test.each([
  ['dump_bpf_map_elem', {}, 22, /needs a map/],
  ['dump_task', { iter: { tid: 1, pid: 1 } }, 22, /not both/],
  ['dump_cgroup', { iter: { cgroupId: 1e6 } }, 2, /no cgroup has the id/],
  ['dump_task', { target: 'taks' }, 3, /iterator taks does not exist \(ESRCH\)/],
  ['dump_task', { target: 'netlink' }, 95, /netlink/],
])('%s with %j is refused', (name, options, errno, message) => {
  const collection = load(node(), 'iterators');
  expect(refusal(collection, name, options as AttachOptions)).toMatchObject({
    errno,
    message: expect.stringMatching(message),
  });
});

test('a map whose keys are shorter than what the program reads is refused', () => {
  const machine = node();
  const collection = load(machine, 'iterators');
  const info = { ...collection.maps.get('counts')!.info, keySize: 2 };
  const map = Object.create(collection.maps.get('counts')!, { info: { value: info } });
  expect(refusal(collection, 'dump_bpf_map_elem', { iter: { map } })).toMatchObject({ errno: 13 });
});
