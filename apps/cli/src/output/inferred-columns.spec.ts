import { inferredColumns } from './inferred-columns';
import { memberCell } from './member-columns';

test('members are columns, nested ones by their path, long text last', () => {
  const value = { filename: '/bin/ls', pid: 7, at: { line: 'x', level: -3 }, comm: 'ls' };
  const columns = inferredColumns(value, 'VALUE');
  expect(columns.map(({ title }) => title)).toEqual(['PID', 'AT.LEVEL', 'COMM', 'FILENAME', 'AT.LINE']);
  expect(columns.map((column) => memberCell(column, value))).toEqual(['7', '-3', 'ls', '/bin/ls', 'x']);
});

test.each([
  [5, '5'],
  ['18446744073709551615', '18446744073709551615'],
  [[1, 2], '[1,2]'],
  [null, '-'],
  ['a\u001b[2J', 'a\\x1b[2J'],
])('%j is one column', (value, text) => {
  const [only, ...others] = inferredColumns(value, 'KEY');
  expect(others).toEqual([]);
  expect(only.title).toBe('KEY');
  expect(memberCell(only, value)).toBe(text);
});

test('addresses of sockets read as such, other numbers do not', () => {
  const value = { daddr: 0x0100007f, addr: 0x0100007f };
  const cells = inferredColumns(value, 'VALUE').map((column) => memberCell(column, value));
  expect(cells).toEqual(['127.0.0.1', String(0x0100007f)]);
});

test('a value of very many members does not open its structs', () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`m${i}`, i]));
  expect(inferredColumns({ many, id: 1 }, 'VALUE').map(({ title }) => title)).toEqual(['ID', 'MANY']);
});
