import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { type ObjectSpec, parseObject } from '@probed/object';
import { Machine } from '../machine';
import { attachesBySection, nearestHooks } from './attachable';
import { eventChoices } from './event-choices';
import { objectsWithMap, resizeMaps } from './maps';
import { withoutOptional } from './optional-programs';
import { setVariables } from './variables';

function example(name: string): ObjectSpec {
  const file = join(__dirname, '../../../examples', name, `${name}.bpf.o`);
  const parsed = parseObject(readFileSync(file), name);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

const opensnoop = example('opensnoop');
const execaudit = example('execaudit');
const both = [opensnoop, execaudit];

it('sets a variable in the objects that have it, and says which do not', () => {
  expect(setVariables(both, [{ name: 'target_pid', value: 7 }]).ok).toBe(true);
  const { contents } = opensnoop.maps.find(({ section }) => section === '.rodata')!;
  expect(contents).toContain(7);
  expect(setVariables(both, [{ name: 'target_pd', value: 7 }])).toMatchObject({
    error: { code: 'variable', where: 'opensnoop, execaudit', hint: expect.stringContaining('target_pid') },
  });
});

it('resizes a map in the objects that declare it', () => {
  expect(resizeMaps(both, [{ map: 'starts', maxEntries: 77 }]).ok).toBe(true);
  expect(opensnoop.maps.find(({ name }) => name === 'starts')?.maxEntries).toBe(77);
  expect(resizeMaps(both, [{ map: 'starts', maxEntries: 0 }])).toMatchObject({
    error: { code: 'map-resize' },
  });
  expect(objectsWithMap(both, 'events')).toMatchObject({ value: both });
  expect(objectsWithMap(both, 'strats')).toMatchObject({
    error: { code: 'no-such-map', errno: 2, hint: 'did you mean starts?' },
  });
});

it('tells which choice of a struct concerns which object', () => {
  const choices = eventChoices(both, [{ map: 'events', struct: 'event' }]);
  expect(choices.ok && [...choices.value.values()].map(({ length }) => length)).toEqual([1, 1]);
  expect(eventChoices([opensnoop], [{ struct: 'evnt' }])).toMatchObject({
    error: { code: 'event-type', hint: expect.stringContaining('event') },
  });
});

it('leaves out optional programs unless they are wanted', () => {
  const [first, ...rest] = opensnoop.programs;
  const object = { ...opensnoop, programs: [{ ...first, optional: true }, ...rest] };
  const without = withoutOptional(object, () => false);
  expect(without.object.programs).toEqual(rest);
  expect(without.leftOut).toMatchObject([{ name: first.name }]);
  const wanted = withoutOptional(object, (name) => name === first.name);
  expect(wanted.object.programs[0]).toMatchObject({ name: first.name, optional: false });
});

it('knows what a section attaches to, and hooks with a name like the one that is not there', () => {
  const machine = new Machine({ image: loadKernelImage() });
  const loaded = machine.load({ object: example('opensnoop') });
  if (!loaded.ok) throw new Error(loaded.error.message);
  const [program] = loaded.value.programs;
  expect(attachesBySection(program)).toBe(true);
  expect(nearestHooks(program, { target: 'syscalls/sys_enter_opneat' }, machine.kernel.hooks)).toContain(
    'syscalls:sys_enter_openat',
  );
  expect(nearestHooks(program, { target: 'syscalls/xyzzyxyzzyxyzzy' }, machine.kernel.hooks)).toBeUndefined();
});
