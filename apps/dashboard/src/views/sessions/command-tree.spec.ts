import type { SessionCommand } from '@probed/protocol';
import { commandRows, commandTree, mergedCommands } from './command-tree';

let seq = 0;
beforeEach(() => {
  seq = 0;
});

function command(
  kind: SessionCommand['kind'],
  pid: number,
  ppid: number,
  text: string,
  more: Partial<SessionCommand> = {},
): SessionCommand {
  seq++;
  const argv = kind === 'line' ? [text] : text.split(' ');
  return {
    session: 's',
    seq,
    kind,
    pid,
    ppid,
    comm: argv[0],
    argv,
    start_ns: seq * 10,
    time: '2026-01-01T00:00:00Z',
    ...more,
  };
}

const drawn = (commands: readonly SessionCommand[]) =>
  commandRows(commandTree(commands)).map(
    ({ command: { argv }, depth }) => `${'  '.repeat(depth)}${argv.join(' ')}`,
  );

test('lines belong to the shell, processes to the line that started them', () => {
  const commands = [
    command('exec', 10, 1, 'bash'),
    command('line', 10, 1, 'ls | wc -l'),
    command('exec', 11, 10, 'ls'),
    command('exec', 12, 10, 'wc -l'),
    command('line', 10, 1, 'cd /tmp'),
    command('builtin', 10, 1, 'cd /tmp'),
  ];
  expect(drawn(commands)).toEqual([
    'bash',
    '  ls | wc -l',
    '    ls',
    '    wc -l',
    '  cd /tmp',
    '    cd /tmp',
  ]);
});

test('children of children are nested, what a subshell starts belongs to the line', () => {
  const commands = [
    command('exec', 10, 1, 'sh'),
    command('line', 10, 1, './build'),
    command('exec', 11, 10, './build'),
    command('exec', 12, 11, 'cc main.c'),
    command('exec', 13, 12, 'ld'),
    command('line', 10, 1, '(id)'),
    command('exec', 15, 14, 'id'),
  ];
  expect(drawn(commands)).toEqual([
    'sh',
    '  ./build',
    '    ./build',
    '      cc main.c',
    '        ld',
    '  (id)',
    '    id',
  ]);
});

test('a shell within the shell has lines of its own', () => {
  const commands = [
    command('exec', 10, 1, 'sh'),
    command('line', 10, 1, 'bash'),
    command('exec', 11, 10, 'bash'),
    command('line', 11, 10, 'id'),
    command('exec', 12, 11, 'id'),
    command('line', 10, 1, 'pwd'),
  ];
  expect(drawn(commands)).toEqual(['sh', '  bash', '    bash', '      id', '        id', '  pwd']);
});

test('a second execve of a process belongs to its first', () => {
  const commands = [command('exec', 10, 1, 'sh -c exec_id'), command('exec', 10, 1, 'id')];
  expect(drawn(commands)).toEqual(['sh -c exec_id', '  id']);
});

test('a pid that was given again is another process', () => {
  const commands = [
    command('exec', 10, 1, 'sh'),
    command('line', 10, 1, 'ls; ls'),
    command('exec', 11, 10, 'ls', { end_ns: 35 }),
    command('exec', 11, 10, 'ls -l'),
  ];
  expect(drawn(commands)).toEqual(['sh', '  ls; ls', '    ls', '    ls -l']);
});

test('a session without a shell, and order by number whatever comes first', () => {
  const [first, second] = [command('exec', 10, 1, 'env ls'), command('exec', 11, 10, 'ls')];
  expect(drawn([second, first])).toEqual(['env ls', '  ls']);
  expect(drawn([])).toEqual([]);
});

test('of two states of a command the one that has ended is kept', () => {
  const started = command('exec', 10, 1, 'ls');
  const ended = { ...started, end_ns: 99, exit_code: 0 };
  expect(mergedCommands([started], [ended])).toEqual([ended]);
  expect(mergedCommands([ended], [started])).toEqual([ended]);
  const later = command('exec', 11, 1, 'id');
  expect(mergedCommands([later], [started]).map(({ pid }) => pid)).toEqual([10, 11]);
});
