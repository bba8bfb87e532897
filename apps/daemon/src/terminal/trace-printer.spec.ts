import { stripVTControlCharacters } from 'node:util';
import type { BatchItem, ExecSession, SessionCommand, WireRecord } from '@probed/protocol';
import { describeRecord } from './describe';
import { coloured, paintFor, plain, printable } from './style';
import { TerminalOutput } from './terminal-output';
import { TracePrinter } from './trace-printer';

const RECORD: WireRecord = {
  type: 'record',
  boot: 'b',
  sequence: 1,
  ktime_ns: 1,
  time: '2026-01-01T12:34:56.789012345Z',
  node: 'node-1',
  cpu: 0,
  object: 'opensnoop',
  program: 'exit_openat',
  program_id: 1,
  map: 'events',
  map_id: 1,
  hook: 'tracepoint:syscalls:sys_exit_openat',
  task: { pid: 77, tgid: 77, ppid: 1, uid: 0, comm: 'cat', cgroup_id: 5 },
  event: 'event',
  value: { ktime_ns: 1, pid: 77, ret: 3, fname: '/etc/passwd' },
};
const POD = { name: 'toolbox', namespace: 'default', container: 'shell', container_id: 'c', image: 'debian' };
const SESSION: ExecSession = {
  id: 's-1a2b',
  boot: 'b',
  pod: 'toolbox',
  namespace: 'default',
  container: 'shell',
  node: 'node-1',
  command: ['bash', '-l'],
  tty: true,
  user: 'alice',
  state: 'running',
  pid: 70,
  started_at: RECORD.time,
  commands: 0,
};
const COMMAND: SessionCommand = {
  session: 's-1a2b',
  seq: 1,
  kind: 'line',
  pid: 70,
  ppid: 1,
  comm: 'bash',
  argv: ['cat /etc/passwd\x1b[2J'],
  start_ns: 1,
  time: RECORD.time,
};

/** Events one after the other. */
const records = (count: number, more: Partial<WireRecord> = {}): WireRecord[] =>
  Array.from({ length: count }, (_, i) => ({ ...RECORD, ...more, ktime_ns: i * 2e6 }));

function printed(batch: readonly BatchItem[], paint = plain): string[] {
  const lines: string[] = [];
  const printer = new TracePrinter({ line: (text) => lines.push(text) }, paint);
  printer.release();
  printer.print(batch);
  printer.turn();
  return lines;
}

test('a record is one aligned line', () => {
  expect(printed([RECORD, { ...RECORD, pod: POD, task: { ...RECORD.task, pid: 123_456 } }])).toEqual([
    '12:34:56.789 node-1  -                                      77 cat             open /etc/passwd = 3',
    '12:34:56.789 node-1  default/toolbox/shell              123456 cat             open /etc/passwd = 3',
  ]);
});

test('a session is told once at each change, its lines as they are entered', () => {
  const items: BatchItem[] = [
    { type: 'session', session: SESSION },
    { type: 'session', session: { ...SESSION, commands: 1 } },
    { type: 'command', command: COMMAND },
    { type: 'command', command: { ...COMMAND, end_ns: 5 } },
    { type: 'command', command: { ...COMMAND, kind: 'exec' } },
    { type: 'session', session: { ...SESSION, state: 'exited', exit_code: 3, commands: 2 } },
  ];
  expect(printed(items)).toEqual([
    '▶ exec session s-1a2b opened by alice in default/toolbox (shell): bash -l',
    '  s-1a2b ❯ cat /etc/passwd\\x1b[2J',
    '■ exec session s-1a2b ended with code 3, 2 commands',
  ]);
});

test('background records are thinned and counted; those of sessions are not, and nothing is lost twice', () => {
  const background = [...records(200, { pod: POD }), ...records(39)];
  const session = records(20, { session: 's-1a2b' });
  const lines = printed([...background, ...session]);
  expect(lines).toHaveLength(8 + 20 + 1);
  expect(lines.at(-1)).toBe('… and 231 more');
});

test('what two programs say of one event is told once', () => {
  const other = { ...RECORD, program: 'podtrace', ktime_ns: RECORD.ktime_ns + 500 };
  expect(printed([RECORD, other])).toHaveLength(1);
  expect(printed([RECORD, { ...other, ktime_ns: 2e6 }])).toHaveLength(2);
  expect(printed([RECORD, { ...other, node: 'node-2' }])).toHaveLength(2);
});

test('what comes before the banner is printed after it', () => {
  const lines: string[] = [];
  const printer = new TracePrinter({ line: (text) => lines.push(text) }, plain);
  printer.print([{ type: 'session', session: SESSION }]);
  expect(lines).toEqual([]);
  lines.push('banner');
  printer.release();
  expect(lines).toEqual(['banner', expect.stringContaining('▶ exec session s-1a2b')]);
});

test('each second has its own share', () => {
  const lines: string[] = [];
  const printer = new TracePrinter({ line: (text) => lines.push(text) }, plain);
  printer.release();
  for (let second = 0; second < 3; second++) {
    printer.print(records(8, { pod: POD }));
    printer.turn();
  }
  expect(lines.filter((line) => line === '… and 2 more')).toHaveLength(3);
  expect(lines).toHaveLength(21);
});

test('loss and bpf_printk lines', () => {
  const place = { boot: 'b', time: RECORD.time, node: 'node-1' };
  expect(
    printed([
      { type: 'lost', ...place, object: 'o', map: 'm', map_id: 1, count: 5 },
      { type: 'trace', ...place, ktime_ns: 1, cpu: 0, pid: 9, comm: 'sh', text: 'hello\n' },
    ]),
  ).toEqual([
    '12:34:56.789 node-1  5 records of o/m were lost: its buffer was full',
    '12:34:56.789 node-1  bpf_printk                              9 sh              hello\\n',
  ]);
});

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [true, { TERM: 'dumb' }, false],
])('terminal %s, environment %j: colours %s', (isTerminal, env, expected) => {
  expect(paintFor(isTerminal, env as Record<string, string>)).toBe(expected ? coloured : plain);
});

test('colours do not move columns', () => {
  expect(printed([RECORD], coloured).map((line) => stripVTControlCharacters(line))).toEqual(
    printed([RECORD]),
  );
});

test.each<[unknown, string]>([
  [{ kind: 'EXEC_ATTEMPT', filename: '/bin/ls', argv: 'ls -l' }, 'execve /bin/ls: ls -l'],
  [{ kind: 'EXEC_DONE', filename: '/bin/ls', argv: '' }, 'exec /bin/ls'],
  [{ type: 'POD_EXIT', ret: 1, signal: 0, duration_ns: 2_500_000 }, 'exit, code 1 after 2.5 ms'],
  [{ type: 'POD_EXIT', ret: 0, signal: 9 }, 'exit, signal 9'],
  [{ type: 'POD_READ', fd: 3, bytes: 512, ret: 10 }, 'read fd 3, 10 bytes'],
  [{ type: 'POD_WRITE', fd: 1, bytes: 512, ret: -32 }, 'write fd 1, 512 bytes = -32'],
  [{ type: 'POD_CONNECT', family: 2, daddr: 285340682, port: 80, ret: 0 }, 'connect 10.244.1.17:80 = 0'],
  [
    { type: 'POD_CONNECT', family: 10, daddr6: '20010db8000000000000000000000001', port: 443, ret: -111 },
    'connect [2001:db8:0:0:0:0:0:1]:443 = -111',
  ],
  [{ type: 'POD_CONNECT', family: 1, daddr: 0, port: 0, ret: -2 }, 'connect (address family 1) = -2'],
  [{ daddr: 285340682, dport: 5432, ret: 0 }, 'connect 10.244.1.17:5432 = 0'],
  [{ pid: 1, comm: 'x', latency: 5, path: '', list: [1, 2] }, 'event latency=5 list=[1,2]'],
  ['text', 'exit_openat: text'],
  [undefined, 'exit_openat: 2 bytes'],
  [null, 'exit_openat: null'],
])('%j reads: %s', (value, text) => {
  expect(describeRecord({ ...RECORD, value, raw: '0a0b' })).toBe(text);
});

test('text of programs can not speak to the terminal, nor fill it', () => {
  const value = { kind: 'EXEC_DONE', filename: `\x1b]0;title\x07${'x'.repeat(500)}` };
  const text = describeRecord({ ...RECORD, value });
  expect(text).toMatch(/^exec \\x1b\]0;title\\x07x+…$/);
  expect(text).toHaveLength(200);
  expect(printable('a\tb\u009b')).toBe('a\\tb\\x9b');
});

describe('output', () => {
  type Done = (error: NodeJS.ErrnoException | null, written: number) => void;

  test('goes on where a write took only a part, and after EAGAIN', async () => {
    let taken = '';
    let calls = 0;
    const output = new TerminalOutput(undefined, (bytes, done: Done) => {
      if (++calls === 2) return done(Object.assign(new Error(), { code: 'EAGAIN' }), 0);
      taken += bytes.subarray(0, 4).toString();
      done(null, Math.min(4, bytes.length));
    });
    output.line('one');
    output.line('two and three');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(taken).toBe('one\ntwo and three\n');
  });

  test('is left out, with a count, while nobody reads', () => {
    const pending: { bytes: Buffer; done: Done }[] = [];
    const output = new TerminalOutput(undefined, (bytes, done: Done) => pending.push({ bytes, done }));
    for (let i = 0; i < 5_000; i++) output.line('x'.repeat(99));
    const [first] = pending.splice(0);
    first.done(null, first.bytes.length);
    const [second] = pending.splice(0);
    second.done(null, second.bytes.length);
    output.line('end');
    const [third] = pending.splice(0);
    third.done(null, third.bytes.length);
    const text =
      Buffer.concat([first, second, third].map(({ bytes }) => bytes)).toString() +
      pending.map(({ bytes }) => bytes).join('');
    const [, count] = /… (\d+) lines were left out/.exec(text)!;
    expect(text.split('\n').filter((line) => line.startsWith('x')).length + Number(count)).toBe(5_000);
    expect(text.endsWith('end\n')).toBe(true);
  });

  test('ends with its reader', () => {
    let closed = 0;
    const gone = Object.assign(new Error(), { code: 'EPIPE' });
    const output = new TerminalOutput(
      () => closed++,
      (_bytes, done: Done) => done(gone, 0),
    );
    output.line('a');
    output.line('b');
    expect(closed).toBe(1);
  });
});
