import type { MapDocument } from './documents';
import { mapText } from './map-text';

const head = { type: 'map', object: 'o', map: 'm', map_type: 'hash', max_entries: 8 } as const;
const text = (rest: Partial<MapDocument>, rows = 40) =>
  mapText({ ...head, ...rest }, undefined, { rows, stacks: 1 });

test('counters come by size, with a note on what is left out', () => {
  const entries = [
    { key: 1, value: 5 },
    { key: 2, value: 50 },
    { key: 3, value: 7 },
  ];
  expect(text({ entries }, 2)).toBe(
    [
      '',
      'o: map m (hash): 3 entries',
      'KEY  VALUE',
      '2    50',
      '3    7',
      '… 1 more (--json prints all)',
    ].join('\n'),
  );
});

test('other values come by key, numbers as numbers', () => {
  const entries = [
    { key: 10, value: 'b' },
    { key: 9, value: 'a' },
  ];
  expect(text({ entries }).split('\n').slice(3)).toEqual(['9    a', '10   b']);
});

test('values per CPU are summed where they are integers, listed where not', () => {
  const sums = text({ map_type: 'percpu_hash', entries: [{ key: 'k', values: [1, 2], sum: 3 }] });
  expect(sums.split('\n').slice(2)).toEqual(['KEY  SUM  PER CPU', 'k      3  [1,2]']);
  const listed = text({ map_type: 'percpu_hash', entries: [{ key: 'k', values: [{ a: 1 }, { a: 2 }] }] });
  expect(listed.split('\n').slice(2)).toEqual(['KEY  CPU  VALUE', 'k      0  {"a":1}', 'k      1  {"a":2}']);
});

test('empty maps take one line, also when all their entries are zero', () => {
  expect(text({ entries: [] })).toBe('\no: map m (hash): empty');
  expect(text({ entries: [], zero_entries: 100 })).toBe('\no: map m (hash): empty, 100 zero');
});

test('stacks have names, variables have values, incidental variables are left out', () => {
  const frames = [{ ip: '0xffffffff81000000', symbol: 'vfs_read', offset: 26 }, { ip: '0x4000' }];
  const stacks = [
    { id: 7, frames },
    { id: 8, frames: [] },
  ];
  expect(text({ map_type: 'stack_trace', stacks }).split('\n').slice(1)).toEqual([
    'o: map m (stack_trace): 2 stacks',
    '  stack 7',
    '    vfs_read+0x1a',
    '    0x4000',
    '… 1 more (--json prints all)',
  ]);
  const variables = [
    { name: 'limit', value: 5 },
    { name: 'tag', value: 'a"b' },
    { name: 'main.____fmt', value: '%d' },
    { name: 'unused_event', value: '0x0' },
  ];
  expect(text({ variables })).toBe('\no: map m\n  limit = 5\n  tag = "a\\"b"');
  expect(text({ variables: variables.slice(2) })).toBe('');
});
