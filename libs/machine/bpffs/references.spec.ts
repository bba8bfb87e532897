import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { type ObjectSpec, parseObject, setVariable } from '@probed/object';
import { findScenario } from '@probed/workload';
import { BPFFS_ROOT, type Collection, Machine, type PinnedObject } from '../index';

const FILE = join(__dirname, '../fixtures/pinned.bpf.o');

function object(id = 1): ObjectSpec {
  const parsed = parseObject(readFileSync(FILE), 'pinned.bpf.o');
  if (!parsed.ok) throw new Error(parsed.error.message);
  expect(setVariable(parsed.value, 'id', id).ok).toBe(true);
  return parsed.value;
}

function machine(): Machine {
  const node = new Machine({ image: loadKernelImage() });
  node.start(findScenario('demo')!);
  return node;
}

function load(node: Machine, id = 1): Collection {
  const loaded = node.load({ object: object(id) });
  if (!loaded.ok) throw new Error(loaded.error.message);
  return loaded.value;
}

const program = (collection: Collection, name: string) =>
  collection.programs.find((one) => one.name === name)!;

function attach(collection: Collection, name: string) {
  const link = collection.attach(program(collection, name));
  if (!link.ok) throw new Error(link.error.message);
  return link.value;
}

function pin(node: Machine, name: string, pinned: PinnedObject): string {
  const path = `${BPFFS_ROOT}/${name}`;
  expect(node.bpffs.pin(path, pinned)).toEqual({ ok: true, value: null });
  return path;
}

/** Virtual time passes. @returns records that came out */
function run(node: Machine): number {
  let records = 0;
  node.run(5e8, () => records++);
  return records;
}

const number = (bytes: Uint8Array | undefined) =>
  bytes && Number(new BigUint64Array(bytes.slice().buffer)[0]);
const key = (value: number) => new Uint8Array(new Uint32Array([value]).buffer);

describe('pinned by name', () => {
  test('objects that declare a map share it; it stays with its contents until it is unpinned', () => {
    const node = machine();
    const first = load(node, 1);
    const second = load(node, 2);
    const shared = first.maps.get('shared')!;
    expect(second.maps.get('shared')).toBe(shared);
    expect([...second.reused]).toEqual(['shared', 'events']);
    expect(second.maps.get('own')).not.toBe(first.maps.get('own'));
    for (const collection of [first, second]) attach(collection, 'count');
    const records = run(node);
    const counts = [1, 2].map((id) => number(shared.lookup(key(id))));
    expect(counts[0]).toBeGreaterThan(10);
    // Both count the same calls; the one ring takes the records of both, none twice.
    expect(counts).toEqual([counts[0], counts[0]]);
    expect(records).toBe(2 * counts[0]!);
    first.unload();
    second.unload();
    const { usedBytes } = node.memory;
    const third = load(node, 3);
    expect(third.maps.get('shared')).toBe(shared);
    expect(number(shared.lookup(key(2)))).toBe(counts[1]);
    third.unload();
    expect(node.memory.usedBytes).toBe(usedBytes);
    expect(node.bpffs.unlink(`${BPFFS_ROOT}/shared`).ok).toBe(true);
    expect(node.runtime.maps.byId(shared.id)).toBeUndefined();
    expect(node.memory.usedBytes).toBeLessThan(usedBytes);
  });

  test.each<[string, (spec: ObjectSpec['maps'][number]) => void, string]>([
    [
      'max_entries',
      (map) => {
        map.maxEntries = 65;
      },
      'max_entries is 64, declared as 65',
    ],
    [
      'value_size',
      (map) => {
        map.valueSize = 16;
      },
      'value_size is 8, declared as 16',
    ],
    [
      'map_flags',
      (map) => {
        map.flags = 1;
      },
      'map_flags is 0, declared as 1',
    ],
  ])('another %s is refused as libbpf refuses it, and nothing is left behind', (_, change, why) => {
    const node = machine();
    load(node);
    const { usedBytes } = node.memory;
    const other = object();
    change(other.maps.find(({ name }) => name === 'shared')!);
    expect(node.load({ object: other })).toMatchObject({
      ok: false,
      error: {
        errno: 22,
        message: `couldn't reuse pinned map at '/sys/fs/bpf/shared': parameter mismatch (${why})`,
      },
    });
    expect(node.memory.usedBytes).toBe(usedBytes);
  });

  test('what is no map is a mismatch; a load that fails pins nothing; nobody has to pin', () => {
    const node = machine();
    const first = node.load({ object: object(), pinByName: false });
    if (!first.ok) throw new Error(first.error.message);
    expect([...node.bpffs.pins()]).toEqual([]);
    pin(node, 'events', { kind: 'prog', program: program(first.value, 'leaf') });
    expect(node.load({ object: object() })).toMatchObject({
      ok: false,
      error: { errno: 22, message: expect.stringContaining('(it is a prog)') },
    });
    expect([...node.bpffs.pins()].map(({ path }) => path)).toEqual(['/sys/fs/bpf/events']);
  });

  test('a map of another collection takes the place of a declared one', () => {
    const node = machine();
    const first = load(node);
    const reuse = new Map([['own', first.maps.get('own')!]]);
    const second = node.load({ object: object(2), reuse });
    expect(second.ok && second.value.maps.get('own')).toBe(first.maps.get('own'));
    reuse.set('own', first.maps.get('shared')!);
    expect(node.load({ object: object(3), reuse })).toMatchObject({
      ok: false,
      error: { errno: 22, message: expect.stringContaining('type is 1, declared as 2') },
    });
  });
});

describe('what is pinned outlives its collection', () => {
  test('a link goes on running its program, with the maps of that, and its records come out', () => {
    const node = machine();
    const collection = load(node);
    const link = attach(collection, 'count');
    const own = collection.maps.get('own')!;
    const path = pin(node, 'link', { kind: 'link', link });
    collection.unload();
    expect(run(node)).toBeGreaterThan(10);
    const seen = number(own.lookup(key(0)));
    expect(seen).toBe(link.stats.events);
    const { programs, maps } = node.references.held();
    expect([programs.has(link.program), maps.has(own)]).toEqual([true, true]);
    // Another collection's program takes its place; the first one goes.
    const next = load(node, 2);
    expect(link.update(program(next, 'count')).ok).toBe(true);
    expect(node.runtime.maps.byId(own.id)).toBeUndefined();
    next.unload();
    expect(run(node)).toBeGreaterThan(10);
    expect(node.bpffs.unlink(path).ok).toBe(true);
    expect(run(node)).toBe(0);
    expect(node.kernel.hooks.tracepoint('syscalls', 'sys_enter_openat')!.active).toBe(false);
  });

  test('detached while pinned, a link stays attached; unpinned while loaded, it stays as well', () => {
    const node = machine();
    const collection = load(node);
    const [detached, kept] = [attach(collection, 'count'), attach(collection, 'count')];
    const paths = [detached, kept].map((link, i) => pin(node, `l${i}`, { kind: 'link', link }));
    detached.detach();
    expect(collection.links).toEqual([kept]);
    run(node);
    expect(detached.stats.events).toBe(kept.stats.events);
    for (const path of paths) node.bpffs.unlink(path);
    const before = detached.stats.events;
    run(node);
    expect(detached.stats.events).toBe(before);
    expect(kept.stats.events).toBeGreaterThan(before);
  });

  test('a program array that is not pinned is emptied, one that is keeps its programs', () => {
    const node = machine();
    const collection = load(node);
    const [jumps, leaf] = [collection.maps.get('jumps')!, program(collection, 'leaf')];
    const link = attach(collection, 'jump');
    const linkPath = pin(node, 'jump', { kind: 'link', link });
    const mapPath = pin(node, 'jumps', { kind: 'map', map: jumps });
    collection.unload();
    run(node);
    expect([link.stats.lastResult, node.references.held().programs.has(leaf)]).toEqual([0, true]);
    node.bpffs.unlink(mapPath);
    run(node);
    expect([link.stats.lastResult, node.references.held().programs.has(leaf)]).toEqual([1, false]);
    node.bpffs.unlink(linkPath);
    expect(node.runtime.maps.byId(jumps.id)).toBeUndefined();
  });

  test('an iterator over a map holds it, though its collection is gone', () => {
    const node = machine();
    const owner = load(node);
    const file = join(__dirname, '../attach/fixtures/iterators.bpf.o');
    const parsed = parseObject(readFileSync(file), 'iterators.bpf.o');
    const loaded = parsed.ok ? node.load({ object: parsed.value }) : parsed;
    if (!loaded.ok) throw new Error(loaded.error.message);
    const elements = loaded.value.programs.find(({ spec }) => spec.attachTo === 'bpf_map_elem')!;
    const map = owner.maps.get('own')!;
    const link = loaded.value.attach(elements, { iter: { map } });
    if (!link.ok) throw new Error(link.error.message);
    owner.unload();
    expect(node.runtime.maps.byId(map.id)).toBe(map);
    link.value.detach();
    expect(node.runtime.maps.byId(map.id)).toBeUndefined();
  });
});
