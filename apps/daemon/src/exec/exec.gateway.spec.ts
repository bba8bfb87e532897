import { diagnostic } from '@probed/base';
import type { ExecExit, ExecSession, ExecStartReply } from '@probed/protocol';
import type { Socket } from 'socket.io-client';
import type { KernelFrame } from '../kernel/commands';
import { collect, TestDaemon, until } from '../stream/testing';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';

let daemon: TestDaemon;

beforeEach(async () => {
  daemon = await TestDaemon.start();
  daemon.kernel.handlers['exec.start'] = ({ id, pod, command, tty }) =>
    ({ id, pod, command, tty, state: 'running' }) as ExecSession;
  for (const command of ['exec.input', 'exec.eof', 'exec.resize', 'exec.kill'] as const)
    daemon.kernel.handlers[command] = () => null;
});

afterEach(() => daemon.stop());

const START = { pod: 'api', command: ['sh'], stdin: true };

const start = (socket: Socket, message: unknown = START): Promise<ExecStartReply> =>
  socket.emitWithAck('start', message);

const sessionOf = (reply: ExecStartReply): string => (reply.ok ? reply.session.id : '');

const output = (session: string, text: string, stream: 'stdout' | 'stderr' = 'stdout'): KernelFrame => ({
  type: 'output',
  session,
  stream,
  bytes: Buffer.from(text),
});

/** What a client has been sent of its session, in order. */
function heard(socket: Socket): string[] {
  const lines: string[] = [];
  socket.on('output', (stream: string, bytes: Buffer) => lines.push(`${stream} ${bytes.toString()}`));
  socket.on('exit', ({ exit_code, error }: ExecExit) =>
    lines.push(`exit ${exit_code}${error ? ` ${error}` : ''}`),
  );
  return lines;
}

const callsOf = (command: string) => daemon.kernel.calls.filter((call) => call.command === command);
const inputText = () =>
  callsOf('exec.input')
    .map(({ params }) => Buffer.from((params as { bytes: Uint8Array }).bytes).toString())
    .join('');

describe('an exec session', () => {
  it('starts, takes input, gives output, ends', async () => {
    const socket = await daemon.connect('/exec');
    const lines = heard(socket);
    const reply = await start(socket, { ...START, tty: true, rows: 24, columns: 80, user: 'alice' });
    const session = sessionOf(reply);
    expect(session).toMatch(/^s-[0-9a-f]{8}$/);
    expect(callsOf('exec.start')[0].params).toEqual({
      id: session,
      pod: 'api',
      command: ['sh'],
      tty: true,
      stdin: true,
      rows: 24,
      columns: 80,
      user: 'alice',
    });
    socket.emit('stdin', Buffer.from('ls\n'));
    socket.emit('resize', { rows: 30, columns: 100 });
    socket.emit('eof');
    await until(() => daemon.kernel.count('exec.eof') === 1);
    expect(daemon.kernel.calls.slice(1)).toEqual([
      { command: 'exec.input', params: { session, bytes: new Uint8Array(Buffer.from('ls\n')) } },
      { command: 'exec.resize', params: { session, rows: 30, columns: 100 } },
      { command: 'exec.eof', params: { session } },
    ]);
    await daemon.emit(output(session, 'bin etc\r\n'), output(session, 'no\n', 'stderr'));
    await daemon.emit({ type: 'exit', session, exit_code: 7 });
    await until(() => lines.length === 3);
    expect(lines).toEqual(['stdout bin etc\r\n', 'stderr no\n', 'exit 7']);
    expect(daemon.kernel.count('exec.kill')).toBe(0);
  });

  it('keeps the order of its input, also of what comes before it has started', async () => {
    let started = () => {};
    daemon.kernel.handlers['exec.start'] = ({ id }) =>
      new Promise((resolve) => (started = () => resolve({ id } as ExecSession)));
    daemon.kernel.handlers['exec.input'] = async () => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
      return null;
    };
    const socket = await daemon.connect('/exec');
    const reply = start(socket);
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}\n`);
    for (const line of lines) socket.emit('stdin', line);
    socket.emit('eof');
    await until(() => daemon.kernel.count('exec.start') === 1);
    expect(daemon.kernel.count('exec.input')).toBe(0);
    started();
    await reply;
    await until(() => daemon.kernel.count('exec.eof') === 1);
    expect(inputText()).toBe(lines.join(''));
    expect(daemon.kernel.calls.at(-1)?.command).toBe('exec.eof');
  });

  it('hears that it has started before anything else', async () => {
    let started = () => {};
    daemon.kernel.handlers['exec.start'] = ({ id }) =>
      new Promise((resolve) => (started = () => resolve({ id } as ExecSession)));
    const socket = await daemon.connect('/exec');
    const lines = heard(socket);
    const reply = start(socket).then((answer) => {
      lines.push('started');
      return answer;
    });
    await until(() => daemon.kernel.count('exec.start') === 1);
    const { id } = callsOf('exec.start')[0].params as { id: string };
    await daemon.emit(output(id, 'hello\n'), { type: 'exit', session: id, exit_code: 0 });
    started();
    await reply;
    await until(() => lines.length === 3);
    expect(lines).toEqual(['started', 'stdout hello\n', 'exit 0']);
  });

  it('runs beside others, each with its own output', async () => {
    const sockets = await Promise.all(Array.from({ length: 5 }, () => daemon.connect('/exec')));
    const lines = sockets.map(heard);
    const sessions = (await Promise.all(sockets.map((socket) => start(socket)))).map(sessionOf);
    expect(new Set(sessions).size).toBe(5);
    for (let i = 0; i < 100; i++)
      await daemon.emit(...sessions.map((session, at) => output(session, `${at}:${i} `)));
    await daemon.emit(...sessions.map((session, at) => ({ type: 'exit' as const, session, exit_code: at })));
    await until(() => lines.every((line) => line.at(-1)?.startsWith('exit')));
    lines.forEach((line, at) => {
      const text = line
        .slice(0, -1)
        .map((part) => part.replace('stdout ', ''))
        .join('');
      expect(text).toBe(Array.from({ length: 100 }, (_, i) => `${at}:${i} `).join(''));
      expect(line.at(-1)).toBe(`exit ${at}`);
    });
  });

  it('gives megabytes of output in full to a client that reads', async () => {
    const socket = await daemon.connect('/exec');
    let bytes = 0;
    socket.on('output', (_stream: string, data: Buffer) => {
      bytes += data.length;
    });
    const session = sessionOf(await start(socket));
    const frames = Array.from({ length: 512 }, () => output(session, 'x'.repeat(16_384)));
    await daemon.emit(...frames);
    await until(() => bytes === 512 * 16_384);
  });

  it('is killed when its client goes', async () => {
    const socket = await daemon.connect('/exec');
    const session = sessionOf(await start(socket));
    socket.disconnect();
    await until(() => daemon.kernel.count('exec.kill') === 1);
    expect(callsOf('exec.kill')[0].params).toEqual({ session });
  });

  it('is killed when its client goes before it has started', async () => {
    let started = () => {};
    daemon.kernel.handlers['exec.start'] = ({ id }) =>
      new Promise((resolve) => (started = () => resolve({ id } as ExecSession)));
    const socket = await daemon.connect('/exec');
    void start(socket).catch(() => undefined);
    await until(() => daemon.kernel.count('exec.start') === 1);
    socket.disconnect();
    await until(() => daemon.kernel.count('exec.kill') === 1);
    started();
    await until(() => daemon.kernel.count('exec.kill') === 2);
  });

  it('is lost with the emulated kernel, and its client hears so', async () => {
    const socket = await daemon.connect('/exec');
    const lines = heard(socket);
    await start(socket);
    daemon.kernel.become({ state: 'busy', boot: 'boot-1' });
    daemon.kernel.become({ state: 'restarting', boot: 'boot-1', last_error: 'the kernel thread crashed' });
    await until(() => lines.length === 1);
    expect(lines).toEqual(['exit 255 the session is lost: the kernel thread crashed']);
  });
});

describe('an exec client that errs', () => {
  it.each([
    ['nothing', null, 'bad-message', 'message: expected object'],
    ['no command', { pod: 'api', command: [] }, 'bad-message', 'command: '],
    ['a command that is no list', { pod: 'api', command: 'ls' }, 'bad-message', 'command: expected array'],
    ['a misspelt member', { ...START, containr: 'x' }, 'bad-message', 'containr: there is no such member'],
    ['a terminal of no size', { ...START, rows: 0 }, 'bad-message', 'rows: '],
  ])('is told: %s', async (_name, message, code, text) => {
    const socket = await daemon.connect('/exec');
    const reply = await start(socket, message);
    expect(reply).toMatchObject({ ok: false, error: { code } });
    expect(reply.ok ? '' : reply.error.message).toContain(text);
    expect(daemon.kernel.calls).toEqual([]);
  });

  it('is told what the kernel refuses, and can try again', async () => {
    const socket = await daemon.connect('/exec');
    const accept = daemon.kernel.handlers['exec.start'];
    daemon.kernel.handlers['exec.start'] = () =>
      Promise.reject(
        new CommandRefused(diagnostic('no-such-pod', 'no pod "api"', { hint: 'there is: web' })),
      );
    expect(await start(socket)).toEqual({
      ok: false,
      error: { code: 'no-such-pod', message: 'no pod "api" (there is: web)' },
    });
    daemon.kernel.handlers['exec.start'] = accept;
    expect(await start(socket)).toMatchObject({ ok: true });
  });

  it('is told that the kernel is busy; a session that starts all the same is killed', async () => {
    const socket = await daemon.connect('/exec');
    daemon.kernel.handlers['exec.start'] = () =>
      Promise.reject(new ThreadUnavailable('kernel-busy', 'the kernel thread has not answered for 5 s'));
    expect(await start(socket)).toMatchObject({ ok: false, error: { code: 'kernel-busy' } });
    await until(() => daemon.kernel.count('exec.kill') === 1);
  });

  it('has one session a connection', async () => {
    const socket = await daemon.connect('/exec');
    const replies = await Promise.all([start(socket), start(socket)]);
    expect(replies).toMatchObject([{ ok: true }, { ok: false, error: { code: 'session-exists' } }]);
  });

  it('is not heard without need', async () => {
    const socket = await daemon.connect('/exec');
    const exits = collect(socket, 'exit');
    socket.emit('stdin', Buffer.from('too early'));
    socket.emit('eof');
    socket.emit('resize', { rows: 1, columns: 1 });
    socket.emit('start');
    expect(await start(socket)).toMatchObject({ ok: true });
    for (const data of [null, 7, {}, [1], '']) socket.emit('stdin', data);
    for (const size of [null, { rows: -1, columns: 5 }, 'x']) socket.emit('resize', size);
    socket.emit('stdin', Buffer.from('ok'));
    await until(() => daemon.kernel.count('exec.input') === 1);
    expect(daemon.kernel.calls.map(({ command }) => command)).toEqual(['exec.start', 'exec.input']);
    expect(exits).toEqual([]);
    expect(daemon.log).toEqual([]);
  });

  it('may not send input faster than it is read, without end', async () => {
    daemon.kernel.handlers['exec.input'] = () => new Promise(() => {});
    const socket = await daemon.connect('/exec');
    const lines = heard(socket);
    await start(socket);
    const chunk = Buffer.alloc(60_000);
    for (let sent = 0; sent < 18_000_000; sent += chunk.length) socket.emit('stdin', chunk);
    await until(() => daemon.kernel.count('exec.kill') === 1);
    await until(() => lines.length === 1);
    expect(lines).toEqual(['stderr \r\nprobed: input comes faster than it is read\r\n']);
  });
});
