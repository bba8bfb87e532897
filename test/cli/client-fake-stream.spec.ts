import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BatchItem,
  batch,
  type ExecStart,
  execStart,
  mapMessage,
  type Subscribe,
} from '@probed/protocol';
import type { Socket } from 'socket.io';
import { MAP, PROGRAM, recordOf, SESSION } from './client-data';
import { FakeDaemon } from './fake-daemon';
import { parseDocuments, RunningProbectl } from './probectl';

const daemon = new FakeDaemon();

beforeEach(async () => {
  daemon.reset();
  daemon.answers = {
    listRecords: () => ({ records: [recordOf(100)] }),
    listMaps: () => ({ maps: [MAP] }),
    listPrograms: () => ({ programs: [PROGRAM] }),
    startExecSession: () => ({
      session: { ...SESSION, exit_code: 3 },
      stdout: 'out\n',
      stderr: 'err\n',
      truncated: false,
      timed_out: false,
    }),
  };
  await daemon.start();
});
afterEach(async () => {
  await daemon.stop();
  expect(daemon.faults).toEqual([]);
});

function client(args: readonly string[], input?: string): RunningProbectl {
  return new RunningProbectl(args, {
    env: { PROBED_URL: daemon.url, PROBED_TOKEN: FakeDaemon.TOKEN },
    input,
  });
}

/** Sends batches that the protocol allows, numbered as it asks. */
function sender(socket: Socket): (items: readonly BatchItem[], dropped?: number) => void {
  let count = 0;
  return (items, dropped = 0) =>
    socket.emit('batch', batch.parse({ subscription: 's1', batch: ++count, items, dropped }));
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => recordOf(from + i));
const afterOf = (request: Subscribe) => (request.kind === 'records' ? request.after : undefined);
const sequences = (stdout: string) =>
  parseDocuments(stdout)
    .filter(({ type }) => type === 'record')
    .map(({ sequence }) => sequence);

describe('trace', () => {
  test('records as the wire has them, until --limit', async () => {
    daemon.onSubscribe = (socket) => sender(socket)(range(1, 5));
    const { code, stdout } = await client(['trace', '--json', '--limit', '3']).done;
    expect(parseDocuments(stdout)).toEqual(range(1, 3));
    expect(code).toBe(0);
    expect(daemon.subscriptions).toEqual([{ kind: 'records' }]);
  });

  test('filters and --after go to the daemon', async () => {
    daemon.onSubscribe = (socket) => sender(socket)(range(8, 8));
    const filters = [
      '--program',
      'p',
      '--pod',
      'web-0',
      '--node',
      'n',
      '--map',
      'm',
      '--hook',
      'h',
      '--session',
      's',
    ];
    await client(['trace', ...filters, '--after', 'b1:7', '--limit', '1']).done;
    const after = { boot: 'b1', sequence: 7 };
    expect(daemon.subscriptions).toEqual([
      { kind: 'records', program: 'p', pod: 'web-0', node: 'n', map: 'm', hook: 'h', session: 's', after },
    ]);
  });

  test('a name that nothing has is told, and waited for', async () => {
    const { stderr, code } = await client(['trace', '--program', 'on_exce', '--for', '300ms']).done;
    expect(stderr).toBe('probectl: no program on_exce is loaded, waiting for one; did you mean on_exec?\n');
    expect(code).toBe(0);
  });

  test('columns for people, with what was lost and what was dropped', async () => {
    daemon.onSubscribe = (socket) => {
      const send = sender(socket);
      const { boot, time, node, object, map, map_id } = recordOf(1);
      send([recordOf(1), { type: 'lost', boot, time, node, object, map, map_id, count: 3 }]);
      send([recordOf(2, { pod: undefined, event: undefined, value: undefined, raw: '0a0b' })], 5);
    };
    const { stdout, stderr } = await client(['trace', '--limit', '2', '--node', 'node-1']).done;
    expect(stdout.trimEnd().split('\n')).toEqual([
      'TIME            POD                  PROGRAM               PID COMM             FILENAME',
      '00:00:00.001000 web-0                on_exec               901 cat              /usr/bin/cat',
      '00:00:00.001000 node-1 lost 3 records: execaudit/events was full',
      '00:00:00.002000 -                    on_exec          events: 2 bytes 0a0b',
    ]);
    expect(stderr).toBe('probectl: 5 records dropped: not taken in time\n');
  });

  test('a daemon that is killed and comes back: nothing twice, nothing missing', async () => {
    const port = Number(new URL(daemon.url).port);
    daemon.onSubscribe = (socket) => sender(socket)(range(1, 10));
    const running = client(['trace', '--json', '--limit', '20']);
    await running.until('records', () => running.stdout.split('\n').length > 10);
    await daemon.stop();
    await running.until('notice', () => running.stderr.includes('broke'));
    // It sends one more than it is asked for; the rest is of another boot.
    daemon.onSubscribe = (socket, request) => {
      const { sequence = 0 } = afterOf(request) ?? {};
      sender(socket)([...range(sequence, 15), ...range(1, 5).map((record) => ({ ...record, boot: 'b2' }))]);
    };
    await daemon.start(port);
    const { code, stdout, stderr } = await running.done;
    expect(daemon.subscriptions.map(afterOf)).toEqual([undefined, { boot: 'b1', sequence: 10 }]);
    expect(sequences(stdout)).toEqual([...range(1, 15), ...range(1, 5)].map(({ sequence }) => sequence));
    expect(stderr).toMatch(
      /^probectl: the connection to the daemon broke \(.*\); connecting again\nprobectl: connected again\n$/,
    );
    expect(code).toBe(0);
  });

  test('also when it comes back at another address, and before the first record', async () => {
    const state = mkdtempSync(join(tmpdir(), 'probectl-state-'));
    const announce = () => writeFileSync(join(state, 'daemon.json'), JSON.stringify({ url: daemon.url }));
    writeFileSync(join(state, 'admin.token'), FakeDaemon.TOKEN);
    announce();
    const running = new RunningProbectl(['trace', '--json', '--limit', '2'], {
      env: { PROBED_STATE_DIR: state },
    });
    await running.until('subscription', () => daemon.subscriptions.length === 1);
    await daemon.stop();
    await running.until('notice', () => running.stderr.includes('broke'));
    daemon.onSubscribe = (socket) => sender(socket)(range(101, 102));
    await daemon.start();
    announce();
    const { stdout } = await running.done;
    expect(daemon.subscriptions.map(afterOf)).toEqual([undefined, { boot: 'b1', sequence: 100 }]);
    expect(sequences(stdout)).toEqual([101, 102]);
  });

  test('a reader that is slow for a while: nothing twice, nothing missing', async () => {
    const last = 4_000;
    // Far more than fits between us and the reader.
    const value = { text: 'x'.repeat(8_000) };
    daemon.onSubscribe = (socket, request) => {
      const send = sender(socket);
      const { sequence = 0 } = afterOf(request) ?? {};
      for (let at = sequence + 1; at <= last; at++) send([recordOf(at, { value })]);
    };
    const running = client(['trace', '--json', '--limit', String(last)]);
    running.child.stdout!.pause();
    setTimeout(() => running.child.stdout!.resume(), 2_000);
    await running.until('second subscription', () => daemon.subscriptions.length > 1);
    const { stdout, code } = await running.done;
    expect(sequences(stdout)).toEqual(range(1, last).map(({ sequence }) => sequence));
    expect(code).toBe(0);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it in good order', async (signal) => {
    daemon.onSubscribe = (socket) => sender(socket)(range(1, 1));
    const running = client(['trace', '--json']);
    await running.until('record', () => running.stdout !== '');
    running.child.kill(signal);
    expect(await running.done).toMatchObject({ code: 0, stderr: '' });
  });

  test('--for ends it', async () => {
    const { code, stdout } = await client(['trace', '--for', '300ms']).done;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });
});

test('prog tracelog without files is the daemon’s', async () => {
  const { boot, time, node, ktime_ns } = recordOf(1);
  daemon.onSubscribe = (socket, { kind }) =>
    sender(socket)([
      { type: 'trace', boot, time, node, ktime_ns, cpu: 1, pid: 7, comm: 'cat', text: `${kind}\n` },
    ]);
  const running = client(['prog', 'tracelog']);
  await running.until('line', () => running.stdout.includes('\n'));
  running.child.kill('SIGINT');
  expect((await running.done).stdout).toMatch(
    /^node-1 +cat-7 +\[001\] \.{4}1 +0\.001000: bpf_trace_printk: trace\n$/,
  );
  expect((await client(['prog', 'tracelog', '--seed', '7']).done).stderr).toBe(
    'probectl: --seed goes with FILES\n',
  );
});

test('map watch prints the contents, then changes', async () => {
  const time = '2026-01-01T00:00:01Z';
  const node = { node: 'node-1', time, kind: 'entries' };
  const head = { subscription: 's1' };
  const messages = [
    { ...head, batch: 1, snapshot: true, map: MAP, nodes: [{ ...node, entries: [{ key: 1, value: 5 }] }] },
    {
      ...head,
      batch: 2,
      snapshot: false,
      nodes: [{ ...node, entries: [{ key: { a: 2 }, value: 6 }], removed: [1] }],
    },
  ];
  daemon.onSubscribe = (socket) => {
    for (const message of messages) socket.emit('map', mapMessage.parse(message));
  };
  const text = client(['map', 'watch', 'counts', '--node', 'node-1', '--interval', '250ms']);
  await text.until('change', () => text.stdout.includes('= 6'));
  text.child.kill('SIGINT');
  expect((await text.done).stdout).toBe(
    'node-1: map execaudit/counts (hash): 1 entry\nKEY  VALUE\n  1      5\n\n' +
      '00:00:01 node-1 - 1\n00:00:01 node-1 + {"a":2} = 6\n',
  );
  expect(daemon.subscriptions).toEqual([{ kind: 'map', map: '4', node: 'node-1', interval_ms: 250 }]);
  const json = client(['map', 'watch', '4', '--json']);
  await json.until('change', () => json.stdout.split('\n').length > 2);
  json.child.kill('SIGINT');
  expect(parseDocuments((await json.done).stdout)).toEqual(messages);
});

describe('exec', () => {
  /** A command that is a few lines of the test's. */
  function serve(command: (socket: Socket, start: ExecStart) => void) {
    daemon.onExec = (socket) =>
      socket.on('start', (request: unknown, reply: (answer: unknown) => void) => {
        const start = execStart.parse(request);
        reply({ ok: true, session: SESSION });
        command(socket, start);
      });
  }

  test('output and errors apart, the exit code handed on', async () => {
    let started: ExecStart | undefined;
    serve((socket, start) => {
      started = start;
      socket.emit('output', 'stdout', Buffer.from([0, 255, 10]));
      socket.emit('output', 'stderr', Buffer.from('oops\n'));
      socket.emit('exit', { exit_code: 7 });
    });
    const running = client([
      'exec',
      'web-0',
      '-n',
      'shop',
      '-c',
      'nginx',
      '--user',
      'bob',
      '--',
      'ls',
      '-l',
      '--json',
    ]);
    running.child.stdout!.setEncoding('latin1');
    expect(await running.done).toEqual({ code: 7, stdout: '\0\u00ff\n', stderr: 'oops\n' });
    expect(started).toEqual({
      ...{ pod: 'web-0', namespace: 'shop', container: 'nginx', user: 'bob' },
      ...{ command: ['ls', '-l', '--json'], tty: false, stdin: false },
    });
  });

  test('-i passes standard input on, up to its end', async () => {
    serve((socket) => {
      const parts: Buffer[] = [];
      socket.on('stdin', (bytes: Buffer) => parts.push(bytes));
      socket.on('eof', () => {
        socket.emit('output', 'stdout', Buffer.concat(parts));
        socket.emit('exit', { exit_code: 0 });
      });
    });
    const text = 'line\n'.repeat(50_000);
    const { code, stdout } = await client(['exec', '-i', 'web-0', '--', 'cat'], text).done;
    expect(stdout).toBe(text);
    expect(code).toBe(0);
  });

  test('-it without a terminal goes on without one, and ends with the command though input stays open', async () => {
    let tty: boolean | undefined;
    serve((socket, start) => {
      tty = start.tty;
      socket.emit('exit', { exit_code: 0 });
    });
    const running = new RunningProbectl(['exec', '-it', 'web-0', '--', 'bash'], {
      env: { PROBED_URL: daemon.url, PROBED_TOKEN: FakeDaemon.TOKEN },
      input: null,
    });
    const { code, stderr } = await running.done;
    expect(stderr).toBe('probectl: standard input is no terminal: going on without one\n');
    expect(code).toBe(0);
    expect(tty).toBe(false);
  });

  test('Ctrl-C without a terminal is ours: 130, and the session is left', async () => {
    let left = false;
    serve((socket) => {
      socket.on('disconnect', () => (left = true));
      socket.emit('output', 'stdout', Buffer.from('waiting\n'));
    });
    const running = client(['exec', 'web-0', '--', 'sleep', '1000']);
    await running.until('output', () => running.stdout !== '');
    running.child.kill('SIGINT');
    expect((await running.done).code).toBe(130);
    expect(left).toBe(true);
  });

  test('Ctrl-C and the end of the daemon are heard before the command has started', async () => {
    const waiting: Socket[] = [];
    daemon.onExec = (socket) => socket.on('start', () => waiting.push(socket));
    const [first, second] = [client(['exec', 'web-0', '--', 'ls']), client(['exec', 'web-0', '--', 'ls'])];
    await first.until('starts', () => waiting.length === 2);
    first.child.kill('SIGINT');
    expect((await first.done).code).toBe(130);
    await daemon.stop();
    expect((await second.done).stderr).toMatch(/broke before the command ended/);
  });

  test('what the session said itself is not said again', async () => {
    serve((socket) => {
      socket.emit('output', 'stderr', Buffer.from('cannot exec: "x" not found\n'));
      socket.emit('exit', { exit_code: 127, error: '"x" not found' });
    });
    const { code, stderr } = await client(['exec', 'web-0', '--', 'x']).done;
    expect({ code, stderr }).toEqual({ code: 127, stderr: 'cannot exec: "x" not found\n' });
  });

  test('a daemon that goes away under it', async () => {
    serve((socket) => socket.emit('output', 'stdout', Buffer.from('waiting\n')));
    const running = client(['exec', 'web-0', '--', 'sleep', '1000']);
    await running.until('output', () => running.stdout !== '');
    await daemon.stop();
    const { code, stderr } = await running.done;
    expect(stderr).toMatch(
      /^probectl: the connection to the daemon broke before the command ended \(.*\); see: probectl sessions\n$/,
    );
    expect(code).toBe(1);
  });

  test('a command that does not come to its own end says why', async () => {
    serve((socket) => socket.emit('exit', { exit_code: 137, error: 'the emulated kernel restarted' }));
    const { code, stderr } = await client(['exec', 'web-0', '--', 'ls']).done;
    expect({ code, stderr }).toEqual({ code: 137, stderr: 'probectl: the emulated kernel restarted\n' });
  });

  test('a refusal is one line', async () => {
    daemon.onExec = (socket) =>
      socket.on('start', (_: unknown, reply: (answer: unknown) => void) =>
        reply({ ok: false, error: { code: 'no-such-pod', message: 'no pod wbe-0; did you mean web-0?' } }),
      );
    const { code, stderr } = await client(['exec', 'wbe-0', '--', 'ls']).done;
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'probectl: no pod wbe-0; did you mean web-0?\n' });
  });

  test('--json waits and prints one document', async () => {
    const { code, stdout } = await client(['exec', 'web-0', '-i', '--json', '--', 'sh'], 'exit 3\n').done;
    expect(parseDocuments(stdout)).toMatchObject([
      { stdout: 'out\n', stderr: 'err\n', session: { id: 's-17' } },
    ]);
    expect(code).toBe(3);
    expect(daemon.asked.at(-1)!.body).toMatchObject({ pod: 'web-0', command: ['sh'], stdin: 'exit 3\n' });
  });

  test.each([
    [['exec', 'web-0'], /no command given; probectl exec web-0 -- COMMAND/],
    [['exec', 'web-0', '--json', '-t', '--', 'ls'], /--json does not go with -t/],
  ])('%j is wrong usage', async (words, says) => {
    const { code, stderr } = await client(words).done;
    expect(stderr).toMatch(says);
    expect(code).toBe(2);
  });
});
