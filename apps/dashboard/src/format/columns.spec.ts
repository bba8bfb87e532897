import { Columns, cellOf } from './columns';

test('members become columns in their order, later members join at the end', () => {
  const columns = new Columns();
  columns.add({ pid: 12, comm: 'bash' });
  columns.add({ pid: 1_000_000, filename: '/bin/ls' });
  expect(columns.list).toEqual([
    { name: 'pid', width: 7, numeric: true },
    { name: 'comm', width: 5, numeric: false },
    { name: 'filename', width: 9, numeric: false },
  ]);
});

test('columns never shrink and the list is the same while nothing changes', () => {
  const columns = new Columns();
  columns.add({ name: 'a long name' });
  const before = columns.list;
  columns.add({ name: 'x' });
  expect(columns.list).toBe(before);
  columns.clear();
  expect(columns.list).toEqual([]);
});

test('very wide and very many columns are bounded', () => {
  const columns = new Columns();
  columns.add(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`m${i}`, 'x'.repeat(500)])));
  expect(columns.list).toHaveLength(24);
  expect(columns.list[0].width).toBe(48);
});

test('plain values have one column, absent ones none', () => {
  const columns = new Columns();
  columns.add(undefined);
  columns.add([1, 2]);
  expect(columns.list.map(({ name }) => name)).toEqual(['value']);
  expect(cellOf([1, 2], 'value')).toEqual([1, 2]);
  expect(cellOf({ value: 3, a: 1 }, 'a')).toBe(1);
  expect(cellOf(5, 'a')).toBeUndefined();
});
