import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadReferenceKernel } from '@probed/assets';
import { Btf } from '@probed/btf';
import type { CollectionSpec, KernelFacts } from '@probed/spec';
import { explainLog, parseObject, relocate } from './index';
import type { ObjectSpec } from './object-spec';

const reference = loadReferenceKernel();
const parsed = Btf.parse(reference.btf);
if (!parsed.ok) throw new Error(parsed.error.message);
const btf = parsed.value;

const facts: KernelFacts = {
  btf,
  release: reference.release,
  versionCode: reference.versionCode,
  cpus: 6,
  tracepointRecordBytes: () => undefined,
  symbol: (name) => reference.symbols.address(name),
  config: (name) => reference.config.get(name),
  deviations: new Set(),
};

function load(name: string): ObjectSpec {
  const result = parseObject(readFileSync(join(__dirname, 'fixtures', `${name}.bpf.o`)), `${name}.bpf.o`);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function relocated(object: ObjectSpec, changes: Partial<KernelFacts> = {}): CollectionSpec {
  const result = relocate(object, { ...facts, ...changes });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const program = (collection: CollectionSpec, name: string) =>
  collection.programs.find((p) => p.name === name)!;

describe('CO-RE', () => {
  const object = load('core');
  const { insns } = program(relocated(object), 'entry');
  const task = btf.findByName('task_struct', 'struct')!;
  const cred = btf.findByName('cred', 'struct')!;

  // Slots as libbpf's debug log of the same object names them.
  test.each([
    ['offset of tgid', 2, btf.memberOffset(task, 'tgid')],
    ['offset of cred', 15, btf.memberOffset(task, 'cred')],
    ['offset in another flavour', 22, btf.memberOffset(cred, 'uid.val')],
    ['existence of a missing field', 31, 0],
    ['a missing field behind its guard', 33, 195896080],
    ['size of pid', 44, 4],
    ['existence of a missing type', 46, 0],
    ['existence of a type', 48, 1],
    ['existence of an enumerator', 50, 1],
    ['value of an enumerator', 53, 174],
    ['existence of a missing enumerator', 56, 0],
  ])('%s', (_, slot, imm) => expect(insns[slot].imm).toBe(imm));

  test('leaves the object as it was', () => {
    expect(program(object, 'entry').insns[2].imm).toBe(4);
    expect(relocated(object)).toEqual(relocated(object));
  });

  test('says which relocation the verifier stumbled over', () => {
    const log = [
      '1: (85) call unknown#195896080',
      'invalid func unknown#195896080',
      'processed 2 insns (limit 1000000)',
    ];
    expect(explainLog(object, 'reaches_missing', log)).toEqual([
      '1: <invalid CO-RE relocation>',
      'failed to resolve CO-RE relocation <byte_off> [5] struct task_struct.no_such_field (0:3 @ offset 16)',
      'processed 2 insns (limit 1000000)',
    ]);
  });
});

describe('externs', () => {
  const object = load('externs');
  const collection = relocated(object);
  const entry = program(collection, 'entry');

  test('configuration values lie as libbpf lays them out', () => {
    const map = collection.maps.find((m) => m.section === '.kconfig')!;
    expect(map).toMatchObject({ name: 'externs.kconfig', valueSize: 28, frozen: true, flags: 0x480 });
    const view = new DataView(map.contents!.buffer);
    expect(view.getBigUint64(0, true)).toBe(250n); // CONFIG_HZ
    expect(view.getUint32(8, true)).toBe(0); // CONFIG_DUMMY, weak and not set
    expect(view.getUint32(12, true)).toBe(0x61200); // LINUX_KERNEL_VERSION
    expect([...map.contents!.subarray(16, 20)]).toEqual([1, 0, 1, 1]);
    expect(new TextDecoder().decode(map.contents!.subarray(20))).toBe('(none)\0\0');
    expect(entry.refs.get(0)).toEqual({ kind: 'map-value', map: 'externs.kconfig' });
    expect(entry.insns[1].imm).toBe(12);
  });

  test('a module option is 2 as tristate', () => {
    const config = (name: string) => (name === 'CONFIG_DUMMY' ? 'm' : facts.config(name));
    const map = relocated(object, { config }).maps.find((m) => m.section === '.kconfig');
    expect(map!.contents![8]).toBe(2);
  });

  test.each<[string, Partial<KernelFacts>, string, RegExp]>([
    ['a strong option that is not set', { config: () => undefined }, 'kconfig', /not __weak/],
    [
      'a bool that is a module',
      { config: (n) => (n === 'CONFIG_BPF_SYSCALL' ? 'm' : facts.config(n)) },
      'kconfig',
      /tristate or char/,
    ],
    [
      'a number that is text',
      { config: (n) => (n === 'CONFIG_HZ' ? 'fast' : facts.config(n)) },
      'kconfig',
      /char array/,
    ],
    ['a strong symbol that is missing', { symbol: () => undefined }, 'extern-missing', /init_task/],
  ])('%s is refused', (_, changes, code, message) => {
    const result = relocate(object, { ...facts, ...changes });
    expect(result.ok ? undefined : result.error).toMatchObject({ code });
    expect(result.ok ? '' : result.error.message).toMatch(message);
  });

  test('untyped symbols become addresses, missing weak ones zero', () => {
    const address = reference.symbols.address('init_task')!;
    expect(entry.insns[45]).toMatchObject({ src: 0, imm: address | 0 });
    expect(entry.insns[46].imm).toBe(-1);
    expect([entry.insns[48].src, entry.insns[48].imm, entry.insns[49].imm]).toEqual([0, 0, 0]);
    expect(entry.refs.has(45) || entry.refs.has(48)).toBe(false);
  });

  test('typed variables and kernel functions stay references, by their name less the flavour', () => {
    expect(entry.refs.get(51)).toEqual({ kind: 'ksym', name: 'runqueues', weak: false });
    const refs = [...program(collection, 'kfuncs').refs.values()];
    expect(refs).toEqual([
      { kind: 'kfunc', name: 'bpf_task_acquire', weak: false },
      { kind: 'kfunc', name: 'bpf_task_release', weak: false },
    ]);
  });

  test('a missing weak function becomes a call that the log explains', () => {
    const call = entry.insns[65];
    expect([call.src, call.imm >= 2002000000]).toEqual([0, true]);
    const log = [`65: (85) call unknown#${call.imm}`, `invalid func unknown#${call.imm}`];
    expect(explainLog(object, 'entry', log)).toEqual([
      '65: <invalid kfunc call>',
      "kfunc 'no_such_kfunc' is referenced but wasn't resolved",
    ]);
  });
});

test('map attributes that loaders fill in', () => {
  const maps = new Map(relocated(load('maps')).maps.map((m) => [m.name, m]));
  expect(maps.get('perf')?.maxEntries).toBe(6);
  expect(maps.get('stacks')?.valueSize).toBe(127 * 8);
  expect(maps.get('ring')).toMatchObject({ maxEntries: 16384, keySize: 0, valueSize: 0 });
});

test('a field that another kernel has elsewhere moves there', () => {
  const object = load('core');
  const own = relocated(object, { btf: object.btf! });
  expect(program(own, 'entry').insns[2].imm).toBe(4);
  expect(program(own, 'reaches_missing').insns[1].imm).toBe(16);
});
