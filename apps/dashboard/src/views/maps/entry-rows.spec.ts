import type { MapEntry } from '@probed/protocol';
import { arranged, entryTable, memberOf } from './entry-rows';

const live = (entry: MapEntry, node = 'node-1') => ({
  ...entry,
  id: `${node} ${JSON.stringify(entry.key)}`,
  node,
  changedIn: 1,
});
const names = (columns: readonly { name: string }[]) => columns.map(({ name }) => name);

test('plain keys and values make a column each', () => {
  const table = entryTable([live({ key: 3, value: 5 })]);
  expect(names(table.keys)).toEqual(['key']);
  expect(names(table.values)).toEqual(['value']);
});

test('members of structs are columns', () => {
  const table = entryTable([live({ key: { pid: 1, comm: 'sh' }, value: { count: 3, last_ns: 9 } })]);
  expect(names(table.keys)).toEqual(['pid', 'comm']);
  expect(names(table.values)).toEqual(['count', 'last_ns']);
});

test('per-CPU integers have a column a CPU and a sum', () => {
  const table = entryTable([live({ key: 0, values: [1, 2], sum: 3 })]);
  expect(table.cpus).toBe(2);
  expect(names(table.values)).toEqual(['sum']);
  expect(table.rows[0].value).toBe(3);
});

test('per-CPU structs are added up, without columns for CPUs', () => {
  const table = entryTable([live({ key: 0, values: [{ n: 1 }, { n: 2 }] })]);
  expect(table.cpus).toBe(0);
  expect(table.rows[0].value).toEqual({ n: 3 });
});

test.each([
  [5, 'value', 5],
  [[1, 2], 'value', [1, 2]],
  [{ a: 1 }, 'a', 1],
  [{ a: 1 }, 'b', undefined],
])('the cell of %j in column %s is %j', (value, name, cell) => expect(memberOf(value, name)).toEqual(cell));

test('rows are found by text and sorted by number', () => {
  const { rows } = entryTable([
    live({ key: 'nginx', value: 9 }),
    live({ key: 'bash', value: '12345678901234567890' }),
    live({ key: 'nginx', value: 10 }, 'node-2'),
  ]);
  const order = { column: 'value.value', descending: true };
  expect(arranged(rows, '', order).map(({ value }) => value)).toEqual(['12345678901234567890', 10, 9]);
  expect(arranged(rows, 'NGINX', { column: 'node', descending: true }).map(({ value }) => value)).toEqual([
    10, 9,
  ]);
  expect(arranged(rows, 'none', undefined)).toEqual([]);
  expect(arranged(rows, '', undefined)).toBe(rows);
});
