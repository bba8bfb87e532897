import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { type ObjectSpec, parseObject } from '@probed/object';
import { Machine } from '../machine';
import { chooseAlternatives, leftOutRemarks } from './alternatives';
import { withAttachTargets } from './attach-targets';
import { unsizedMapRemarks } from './unsized-maps';

const file = join(__dirname, '../fixtures/alternatives.bpf.o');

function open(): ObjectSpec {
  const parsed = parseObject(readFileSync(file), 'alternatives');
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

const machine = new Machine({ image: loadKernelImage() });
const kernel = { btf: machine.facts.btf, hooks: machine.kernel.hooks };

const names = ({ programs }: ObjectSpec) => programs.map(({ name }) => name);

it('leaves out what hangs nowhere here, and what another program does better', () => {
  const { object, leftOut } = chooseAlternatives(open(), kernel, () => false);
  expect(names(object)).toEqual(['read_fexit', 'accessed_fentry', 'switch_raw', 'switch_btf']);
  expect(leftOut.map(({ program, cause, instead }) => [program.name, cause, instead])).toEqual([
    ['read_kprobe', 'alternative', 'read_fexit'],
    ['read_kretprobe', 'alternative', 'read_fexit'],
    ['accessed_kprobe', 'alternative', 'accessed_fentry'],
    ['dirtied_fentry', 'missing', 'function account_page_dirtied'],
    ['io_start', 'missing', 'function __blk_account_io_start'],
    ['kmalloc_node', 'missing', 'tracepoint kmem/kmalloc_node'],
  ]);
  expect(leftOutRemarks(leftOut)).toEqual([
    expect.stringMatching(
      /ENOENT.*: dirtied_fentry \(function account_page_dirtied\), io_start .*kmalloc_node/,
    ),
    expect.stringMatching(/the same at the same place: read_kprobe \(read_fexit\), .*accessed_kprobe/),
  ]);
  expect(machine.load({ object }).ok).toBe(true);
});

it('keeps what the user names', () => {
  const wanted = (program: string) => program === 'read_kprobe' || program === 'io_start';
  const { object } = chooseAlternatives(open(), kernel, wanted);
  expect(names(object)).toContain('read_kprobe');
  expect(names(object)).toContain('io_start');
  expect(names(object)).not.toContain('read_kretprobe');
});

it('takes other targets before load, and leaves out what was not given any', () => {
  const object = open();
  const programs = object.programs.filter(({ name }) => name === 'dirtied_fentry' || name === 'io_start');
  const aimed = withAttachTargets({ ...object, programs }, [
    { program: 'dirtied_fentry', target: 'vfs_read' },
  ]);
  const chosen = chooseAlternatives(aimed, kernel, (program) => program === 'dirtied_fentry');
  expect(names(chosen.object)).toEqual(['dirtied_fentry']);
  const loaded = machine.load({ object: chosen.object });
  if (!loaded.ok) throw new Error(loaded.error.message);
  const link = loaded.value.attach(loaded.value.programs[0], { target: 'vfs_read' });
  expect(link.ok && link.value.attachment).toMatchObject({ hook: 'fentry:vfs_read', state: 'live' });
});

it('lets an object none of whose hooks exist fail by name', () => {
  const object = open();
  const programs = object.programs.filter(({ name }) => name === 'dirtied_fentry' || name === 'io_start');
  const chosen = chooseAlternatives({ ...object, programs }, kernel, () => false);
  expect(chosen.leftOut).toEqual([]);
  expect(machine.load({ object: chosen.object })).toMatchObject({
    error: { message: expect.stringContaining('account_page_dirtied') },
  });
});

it('says which maps were given a size', () => {
  const object = open();
  const [map] = object.maps;
  const before = { ...object, maps: [{ ...map, name: 'start', type: 1, maxEntries: 0 }] };
  const after = { ...object, maps: [{ ...map, name: 'start', type: 1, maxEntries: 10_240 }] };
  expect(unsizedMapRemarks(before, after)).toEqual([
    'map start has no size in the object; it was given max_entries 10240',
  ]);
  expect(unsizedMapRemarks(after, after)).toEqual([]);
});
