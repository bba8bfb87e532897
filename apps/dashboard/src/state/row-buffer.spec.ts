import { RowBuffer } from './row-buffer';

function filled(capacity: number, rows: number): RowBuffer<number> {
  const buffer = new RowBuffer<number>(capacity);
  for (let i = 1; i <= rows; i++) buffer.push(i);
  return buffer;
}

test.each([
  [4, 0, []],
  [4, 3, [3, 2, 1]],
  [4, 4, [4, 3, 2, 1]],
  [4, 5, [5, 4, 3, 2]],
  [4, 11, [11, 10, 9, 8]],
  [1, 3, [3]],
])('a buffer of %p holds of %p rows the newest first: %j', (capacity, rows, expected) => {
  const buffer = filled(capacity, rows);
  expect(buffer.snapshot()).toEqual(expected);
  expect(buffer.size).toBe(expected.length);
  expect(buffer.total).toBe(rows);
});

test('there is no row outside', () => {
  const buffer = filled(3, 5);
  expect(buffer.at(-1)).toBeUndefined();
  expect(buffer.at(3)).toBeUndefined();
});

test('a snapshot stays as it was, a cleared buffer is empty', () => {
  const buffer = filled(2, 2);
  const before = buffer.snapshot();
  buffer.push(3);
  expect(before).toEqual([2, 1]);
  buffer.clear();
  expect(buffer.snapshot()).toEqual([]);
  buffer.push(9);
  expect(buffer.snapshot()).toEqual([9]);
});
