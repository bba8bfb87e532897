import { O } from '@probed/abi';
import { parseLine } from './shell-line';

const words = (line: string) => parseLine(line).map((p) => p.commands.map((c) => c.words));

test.each([
  ['ls -l /tmp', [[['ls', '-l', '/tmp']]]],
  ['a; b', [[['a']], [['b']]]],
  ['a | b c|d', [[['a'], ['b', 'c'], ['d']]]],
  [`echo "a b" 'c;d'`, [[['echo', 'a b', 'c;d']]]],
  ['', []],
  ['  ;; ', []],
])('%s', (line, expected) => {
  expect(words(line)).toEqual(expected);
});

test('conditions belong to what follows them', () => {
  expect(parseLine('a && b || c').map((p) => p.onlyIf)).toEqual(['always', 'ok', 'failed']);
});

test('redirections', () => {
  const [pipeline] = parseLine('cat < in >> out 2> err');
  expect(pipeline.commands[0].redirects).toEqual([
    { fd: 0, path: 'in', flags: O.RDONLY },
    { fd: 1, path: 'out', flags: O.WRONLY | O.CREAT | O.APPEND },
    { fd: 2, path: 'err', flags: O.WRONLY | O.CREAT | O.TRUNC },
  ]);
});
