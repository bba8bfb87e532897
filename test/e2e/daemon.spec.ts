import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { loadReferenceKernel } from '@probed/assets';
import type { Batch, ErrorBody, WireRecord } from '@probed/protocol';
import { io, type Socket } from 'socket.io-client';
import { cleanUp, eventually, newStateDir, ROOT, TestDaemon } from './support/daemon';

const MIB = 1_048_576;

const sockets: Socket[] = [];
afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await cleanUp();
});

/** A client of namespace `/stream`. */
async function streamClient({ url, token }: TestDaemon): Promise<Socket> {
  const socket = io(`${url}/stream`, { auth: { token }, transports: ['websocket'] });
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

/** Records that a client has been sent so far. */
async function subscribed(
  daemon: TestDaemon,
  filter: object = {},
): Promise<{ socket: Socket; items: Batch['items'] }> {
  const socket = await streamClient(daemon);
  const items: Batch['items'] = [];
  socket.on('batch', (batch: Batch) => items.push(...batch.items));
  const reply = await socket.emitWithAck('subscribe', { kind: 'records', ...filter });
  expect(reply).toMatchObject({ ok: true });
  return { socket, items };
}

/** A request with headers that fetch does not let anybody set. */
function raw(
  { url }: TestDaemon,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: ErrorBody }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${url}${path}`, { headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode!, body: JSON.parse(text) as ErrorBody }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('the demo', () => {
  let daemon: TestDaemon;
  beforeAll(async () => {
    daemon = await TestDaemon.start({ args: ['--demo', '--trace'] });
  });

  test('says what runs, where to look, and what to do next', async () => {
    await eventually(() => (daemon.stdout.includes('Ctrl-C') ? true : undefined), 30_000);
    expect(daemon.stdout).toContain(`${daemon.url}/#token=${daemon.token}`);
    expect(daemon.stdout).toContain('probectl');
    expect(daemon.stderr).toBe('');
    expect(statSync(join(daemon.stateDir, 'admin.token')).mode & 0o777).toBe(0o600);
    const { objects } = await daemon.get('listObjects');
    expect(objects.map(({ name, state }) => [name, state])).toEqual(
      ['execaudit', 'podtrace', 'opensnoop', 'tcpconnect', 'syscount'].map((name) => [name, 'loaded']),
    );
  });

  test("somebody's exec session is seen by REST, by the stream, in the terminal, with what they ran", async () => {
    const socket = await streamClient(daemon);
    const items: Batch['items'] = [];
    socket.on('batch', (batch: Batch) => items.push(...batch.items));
    expect(await socket.emitWithAck('subscribe', { kind: 'sessions' })).toMatchObject({ ok: true });
    expect(await socket.emitWithAck('subscribe', { kind: 'records' })).toMatchObject({ ok: true });
    const session = await eventually(async () => (await daemon.get('listExecSessions')).sessions[0]);
    const records = await eventually(() => {
      const found = items.filter(
        (item): item is WireRecord => item.type === 'record' && item.session === session.id,
      );
      return found.length > 0 ? found : undefined;
    });
    expect(records[0].pod).toMatchObject({ name: session.pod, container: session.container });
    const commands = await eventually(async () => {
      const { command_list } = await daemon.get('getExecSession', { params: { id: session.id } });
      return command_list.some(({ kind }) => kind === 'line') ? command_list : undefined;
    }, 30_000);
    expect(commands.every(({ session: id }) => id === session.id)).toBe(true);
    expect(items.some((item) => item.type === 'command')).toBe(true);
    expect(daemon.stdout).toContain(`▶ exec session ${session.id} opened by ${session.user}`);
    socket.disconnect();
  });

  test('a command in a container comes back with its output, exit code and processes', async () => {
    const { session, stdout, timed_out } = await daemon.get('startExecSession', {
      body: { pod: 'toolbox', command: ['bash', '-c', 'cat /etc/hostname; exit 3'], user: 'bob' },
    });
    expect([session.exit_code, session.user, timed_out]).toEqual([3, 'bob', false]);
    expect(stdout).toContain('toolbox');
    const { command_list } = await eventually(async () => {
      const { status, body } = await daemon.ask('getExecSession', { params: { id: session.id } });
      return status === 200 && body.state === 'exited' ? body : undefined;
    });
    expect(
      command_list.some(({ kind, argv }) => kind === 'exec' && argv.join(' ') === 'cat /etc/hostname'),
    ).toBe(true);
    const { records } = await daemon.get('listRecords', { query: { session: session.id, limit: 1_000 } });
    expect(records.some(({ task }) => task.comm === 'cat')).toBe(true);
  });

  test('history is there, and its pages do not overlap', async () => {
    const first = await daemon.get('listRecords', { query: { limit: 10, order: 'asc' } });
    const second = await daemon.get('listRecords', {
      query: { limit: 10, order: 'asc', cursor: first.next! },
    });
    const sequences = [...first.records, ...second.records].map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, i) => sequences[0] + i));
    expect(sequences[0]).toBe(1);
  });

  test('ends in order within 5 s', async () => {
    const begun = Date.now();
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    expect(Date.now() - begun).toBeLessThan(5_000);
    expect(existsSync(join(daemon.stateDir, 'daemon.json'))).toBe(false);
    expect(existsSync(join(daemon.stateDir, 'probed.lock'))).toBe(false);
  });
});

describe('programs', () => {
  let daemon: TestDaemon;
  beforeAll(async () => {
    daemon = await TestDaemon.start();
  });

  test('upload, list, records, dump, log, maps, detach, unload', async () => {
    const object = await daemon.upload('syscount');
    const opens = await daemon.upload('opensnoop');
    expect(opens.links.map(({ state }) => state)).toEqual(['live', 'live']);
    const { socket, items } = await subscribed(daemon, { program: 'exit_openat' });
    await eventually(() => (items.length >= 20 ? true : undefined));
    socket.disconnect();

    const { programs } = await daemon.get('listPrograms');
    expect(programs.map(({ object_id }) => object_id)).toContain(object.id);
    const [program] = object.programs;
    await eventually(async () =>
      (await daemon.get('getProgram', { params: { id: program.id } })).runs > 0 ? true : undefined,
    );
    const dump = await daemon.get('dumpProgram', { params: { id: program.id } });
    expect(dump.lines!.length).toBeGreaterThan(5);
    const jited = await daemon.get('dumpProgram', { params: { id: program.id }, query: { format: 'jited' } });
    expect(jited.wasm).toMatch(/^0061736d/);
    const log = await daemon.get('programLog', { params: { id: program.id } });
    expect(log).toMatchObject({ verdict: 'accept', processed: program.verified_insns });
    const counts = object.maps.find(({ internal }) => !internal)!;
    const { nodes } = await daemon.get('dumpMap', { params: { id: counts.id } });
    expect(nodes.flatMap(({ entries = [] }) => entries).length).toBeGreaterThan(0);

    await daemon.get('detach', { params: { id: object.links[0].id } });
    expect((await daemon.get('listLinks')).links.map(({ id }) => id)).not.toContain(object.links[0].id);
    await daemon.get('unloadObject', { params: { id: object.id } });
    await daemon.get('unloadObject', { params: { id: opens.id } });
    expect([(await daemon.get('listPrograms')).programs, (await daemon.get('listMaps')).maps]).toEqual([
      [],
      [],
    ]);
  });

  const good = readFileSync(join(ROOT, 'examples/opensnoop/opensnoop.bpf.o'));
  const rejected = readFileSync(join(ROOT, 'examples/rejected/missing_null_check.bpf.o'));
  /** The same object with bytes put over it. */
  const patched = (at: number, bytes: readonly number[]) => {
    const copy = Buffer.from(good);
    copy.set(bytes, at);
    return copy;
  };
  /** Noise over the inside of the BTF section. */
  const garbageBtf = () => {
    const at = good.indexOf(Buffer.from([0x9f, 0xeb, 1, 0]));
    return patched(
      at + 24,
      Array.from({ length: 600 }, (_, i) => (i * 37) & 0xff),
    );
  };
  const ELF_MACHINE = 0x12;

  test.each<[string, Uint8Array, number]>([
    ['nothing', Buffer.alloc(0), 400],
    ['half of an ELF file', good.subarray(0, good.length >> 1), 422],
    ['64 bytes of an ELF file', good.subarray(0, 64), 422],
    ['an object for x86-64', patched(ELF_MACHINE, [62, 0]), 422],
    ['text', Buffer.from('SEC("tracepoint/sched") int f() {}\n'), 422],
    ['zeroes', Buffer.alloc(100_000), 422],
    ['20 MB', Buffer.alloc(20 * MIB), 413],
    ['garbage for BTF', garbageBtf(), 422],
    ['what the verifier refuses', rejected, 422],
  ])('%s is refused with one clear line', async (_, body, status) => {
    const answer = await daemon.ask('uploadProgram', { body });
    const { error } = answer.body as unknown as ErrorBody;
    expect(answer.status).toBe(status);
    expect(error.message).toMatch(/^[^\n]{5,300}$/);
    expect((await daemon.get('health')).kernel.state).toBe('running');
  });

  test('a map of 2^31-1 entries is refused, and the next upload goes on', async () => {
    const huge = { max_entries: { starts: 2 ** 31 - 1 } };
    const answer = await daemon.ask('uploadProgram', { body: { object: good.toString('base64'), ...huge } });
    expect(answer.status).toBe(422);
    expect((answer.body as unknown as ErrorBody).error.message).toMatch(/^[^\n]{5,300}$/);
    const object = await daemon.upload('opensnoop');
    await daemon.get('unloadObject', { params: { id: object.id } });
  });

  test('the log of the verifier comes along', async () => {
    const { body } = await daemon.ask('uploadProgram', { body: rejected });
    const { error } = body as unknown as ErrorBody;
    expect(error.errno).toBe(13);
    expect(error.log!.join('\n')).toContain("invalid mem access 'map_value_or_null'");
  });

  test.each([
    ['no token', {}, 401, 'unauthorized'],
    ['a wrong token', { authorization: `Bearer ${'x'.repeat(43)}` }, 401, 'unauthorized'],
    ['a foreign Origin', { origin: 'https://evil.example' }, 403, 'foreign-origin'],
    ['a foreign Host', { host: 'evil.example' }, 403, 'foreign-host'],
  ])('%s is refused', async (_, headers, status, code) => {
    const answer = await raw(daemon, '/api/v1/programs', headers as Record<string, string>);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  test('socket.io refuses a foreign Origin and a missing token', async () => {
    const refused = (options: object) =>
      new Promise<Error>((resolve, reject) => {
        const socket = io(`${daemon.url}/stream`, {
          transports: ['websocket'],
          reconnection: false,
          ...options,
        });
        socket.once('connect', () => reject(new Error('it let us in')));
        socket.once('connect_error', (error) => {
          socket.disconnect();
          resolve(error);
        });
      });
    expect((await refused({ auth: {} })).message).toBe('unauthorized');
    expect((await refused({ auth: { token: 'x' } })).message).toBe('unauthorized');
    const foreign = { auth: { token: daemon.token }, extraHeaders: { origin: 'https://evil.example' } };
    expect((await refused(foreign)).message).toMatch(/websocket error|xhr poll error/);
  });

  test('malformed JSON is 400', async () => {
    const answer = await fetch(`${daemon.url}/api/v1/links`, {
      method: 'POST',
      headers: { authorization: `Bearer ${daemon.token}`, 'content-type': 'application/json' },
      body: '{"program_id": 1',
    });
    const { error } = (await answer.json()) as ErrorBody;
    expect([answer.status, error.code]).toEqual([400, 'malformed-json']);
  });

  test('a second daemon keeps out of the state directory', async () => {
    const second = TestDaemon.spawn({ stateDir: daemon.stateDir });
    expect(await second.exited).toMatchObject({ code: 1 });
    expect(second.stderr).toMatch(new RegExp(`^probed: another daemon \\(pid ${daemon.pid}\\)[^\\n]*\\n$`));
  });

  test('a port in use is one line, exit code 1', async () => {
    const second = TestDaemon.spawn({ args: ['--port', new URL(daemon.url).port] });
    expect(await second.exited).toMatchObject({ code: 1 });
    expect(second.stderr).toMatch(/^probed: 127\.0\.0\.1:\d+ is in use[^\n]*\n$/);
  });
});

describe('after a crash', () => {
  test('of the daemon: ids, links and every record that a client has seen are there again', async () => {
    const first = await TestDaemon.start();
    await first.upload('execaudit');
    const opens = await first.upload('opensnoop');
    await first.get('detach', { params: { id: opens.links[0].id } });
    const made = await first.get('attach', {
      body: { program_id: opens.programs[0].id, target: 'syscalls/sys_enter_openat' },
    });
    const { socket, items } = await subscribed(first);
    await eventually(() => (items.length >= 50 ? true : undefined), 20_000);
    const before = await first.get('listObjects');
    await first.kill();
    socket.disconnect();
    const seen = items.filter((item): item is WireRecord => item.type === 'record');

    const second = await TestDaemon.start({ stateDir: first.stateDir });
    const after = await second.get('listObjects');
    const identity = ({ objects }: typeof before) =>
      objects.map(({ id, sha256, programs, maps, links, loaded_at }) => ({
        id,
        sha256,
        loaded_at,
        programs: programs.map((program) => [program.id, program.name]),
        maps: maps.map((map) => [map.id, map.name]),
        links: links.map((link) => [link.id, link.program_id, link.hook, link.created_at]),
      }));
    expect(identity(after)).toEqual(identity(before));
    expect((await second.get('listLinks')).links.map(({ id }) => id)).toContain(made.id);

    const stored = new Set<number>();
    let cursor: string | undefined;
    do {
      const page = await second.get('listRecords', {
        query: { limit: 10_000, order: 'asc', ...(cursor && { cursor }) },
      });
      for (const { boot, sequence } of page.records) if (boot === seen[0].boot) stored.add(sequence);
      cursor = page.next;
    } while (cursor !== undefined);
    expect(seen.filter(({ sequence }) => !stored.has(sequence))).toEqual([]);

    // They run again, not only stand in a list.
    const live = await subscribed(second, { program: 'exit_openat' });
    await eventually(() => (live.items.length > 0 ? true : undefined), 20_000);
    live.socket.disconnect();
    expect(await second.stop()).toEqual({ code: 0, signal: null });
  });

  test('of the kernel thread: it is reported, restarted, and programs are back', async () => {
    const daemon = await TestDaemon.start();
    const object = await daemon.upload('opensnoop');
    const { boot } = (await daemon.get('health')).kernel;
    const { socket, items } = await subscribed(daemon);
    const states: string[] = [];
    socket.on('status', ({ kernel }: { kernel: string }) => states.push(kernel));
    await socket.emitWithAck('subscribe', { kind: 'status' });
    expect((await daemon.ask('restartKernel', { body: { mode: 'crash' } })).status).toBe(202);
    const health = await eventually(async () => {
      const { kernel } = await daemon.get('health');
      return kernel.boot !== boot && kernel.state === 'running' ? kernel : undefined;
    }, 30_000);
    expect(health.restarts).toBe(1);
    expect(health.last_error).toMatch(/\S/);
    expect(states).toContain('restarting');
    const objects = await daemon.get('listObjects');
    expect(objects.objects.map(({ id, links }) => [id, links.map((link) => link.id)])).toEqual([
      [object.id, object.links.map(({ id }) => id)],
    ]);
    await eventually(
      () => (items.some((item) => item.type === 'record' && item.boot === health.boot) ? true : undefined),
      20_000,
    );
    socket.disconnect();
    await daemon.stop();
  });

  test('of a kernel thread that hangs: lists answer, changes are 503, and it comes back', async () => {
    const daemon = await TestDaemon.start();
    await daemon.upload('opensnoop');
    const { boot } = (await daemon.get('health')).kernel;
    await daemon.get('restartKernel', { body: { mode: 'hang' } });
    await eventually(
      async () => ((await daemon.get('health')).kernel.state === 'busy' ? true : undefined),
      20_000,
    );
    expect(await (await fetch(`${daemon.url}/healthz`)).text()).toBe('kernel busy\n');
    expect((await daemon.get('listPrograms')).programs).toHaveLength(2);
    const refused = await daemon.ask('unloadObject', { params: { id: 1 } });
    expect([refused.status, (refused.body as unknown as ErrorBody).error.code]).toEqual([503, 'kernel-busy']);
    await eventually(async () => {
      const { kernel } = await daemon.get('health');
      return kernel.boot !== boot && kernel.state === 'running' ? true : undefined;
    }, 50_000);
    expect((await daemon.get('listPrograms')).programs).toHaveLength(2);
    await daemon.stop();
  }, 120_000);
});

describe('starting', () => {
  test.each<[string, readonly string[], number, RegExp]>([
    ['a wrong port', ['--port', 'x'], 2, /--port/],
    ['an unknown flag', ['--prot', '1'], 2, /--prot/],
    ['an unknown scenario', ['--scenario', 'none'], 2, /no scenario none/],
    ['BTF that is not there', ['--btf', '/nowhere/vmlinux'], 1, /\/nowhere\/vmlinux/],
    ['BTF that is none', ['--btf', join(ROOT, 'package.json')], 1, /package\.json/],
    [
      'BTF of an object',
      ['--btf', join(ROOT, 'examples/opensnoop/opensnoop.bpf.o')],
      1,
      /not the BTF of a whole kernel/,
    ],
    ['a release that is none', ['--release', '6.300'], 2, /6\.300 is no kernel release/],
    [
      'a state directory that can not be',
      ['--state-dir', '/dev/null/x'],
      1,
      /state directory: \/dev\/null\/x/,
    ],
  ])('%s is one line', async (_, args, code, line) => {
    const daemon = TestDaemon.spawn({ args });
    expect(await daemon.exited).toEqual({ code, signal: null });
    expect(daemon.stderr).toMatch(line);
    expect(daemon.stderr.trim().split('\n')).toHaveLength(1);
  });

  test('wears another kernel, on every boot, and says so', async () => {
    const stateDir = newStateDir();
    const btf = join(stateDir, 'vmlinux-5.10.0-43.btf');
    writeFileSync(btf, loadReferenceKernel().btf);
    const daemon = await TestDaemon.start({ stateDir, args: ['--btf', btf] });
    await daemon.upload('execaudit');
    const uname = async () =>
      (await daemon.get('startExecSession', { body: { pod: 'toolbox', command: ['uname', '-r'] } })).stdout;
    expect(await uname()).toBe('5.10.0-43\n');
    await daemon.get('restartKernel', { body: {} });
    await eventually(async () =>
      (await daemon.get('health')).kernel.state === 'running' ? true : undefined,
    );
    expect((await daemon.get('health')).kernel).toMatchObject({ release: '5.10.0-43', btf });
    expect((await daemon.get('version')).kernel).toBe('Linux 5.10.0-43 x86_64');
    expect((await daemon.get('listLinks')).links.map(({ state }) => state)).toEqual(['live', 'live']);
    await daemon.stop();
  });

  test('a damaged token is refused, a stale lock is taken over', async () => {
    const stateDir = newStateDir();
    const first = await TestDaemon.start({ stateDir });
    await first.kill();
    expect(existsSync(join(stateDir, 'probed.lock'))).toBe(true);
    const second = await TestDaemon.start({ stateDir });
    expect(second.token).toBe(first.token);
    await second.stop('SIGINT');
  });
});
