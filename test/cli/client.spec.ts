import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  execResult,
  execSession,
  execSessionDetail,
  health,
  link,
  type MapMessage,
  map,
  mapDump,
  mapLookup,
  mapMessage,
  object,
  pod,
  program,
  programDump,
  programLog,
  record,
  traceLine,
  workload,
} from '@probed/protocol';
import type { z } from 'zod';
import { cleanUp, TestDaemon } from '../e2e/support/daemon';
import { example, fixture, parseDocuments, RunningProbectl, rejectedExample } from './probectl';

/** The commands against the daemon, as their users call them. */
let daemon: TestDaemon;

beforeAll(async () => {
  daemon = await TestDaemon.start({ args: ['--no-demo'] });
});
afterAll(cleanUp);

function start(args: readonly string[], input?: string): RunningProbectl {
  return new RunningProbectl(args, { env: { PROBED_STATE_DIR: daemon.stateDir }, input });
}

/** Output of a call that must succeed. */
async function out(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await start(args).done;
  if (code !== 0) throw new Error(`probectl ${args.join(' ')} gave ${code}: ${stderr}`);
  return stdout;
}

/** The one line of a call that must be refused. */
async function refused(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await start(args).done;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  return stderr.split('\n')[0];
}

/** Documents of a `--json` call, each as the schema says. */
async function wire<T extends z.ZodType>(schema: T, ...args: string[]): Promise<z.output<T>[]> {
  const stdout = await out(...args, '--json');
  return stdout === '' ? [] : parseDocuments(stdout).map((document) => schema.parse(document));
}

test('status, pods and workload are what the wire has', async () => {
  const [state] = await wire(health, 'status');
  expect(state).toMatchObject({ status: 'ok', kernel: { state: 'running' }, store: { state: 'ok' } });
  expect(await out('status')).toMatch(
    new RegExp(`^daemon +probed .*, pid ${daemon.pid}, ${daemon.url}`, 'm'),
  );
  const pods = await wire(pod, 'pods');
  expect(new Set(pods.map(({ node }) => node)).size).toBe(2);
  const [runs] = await wire(workload, 'workload');
  expect(runs).toMatchObject({ scenario: 'demo-cluster', state: 'running' });
});

test('a program from load to unload', async () => {
  const [loaded] = await wire(object, 'prog', 'load', example('syscount'), '--set', 'target_pid=0');
  const [counted] = loaded.programs;
  expect(await wire(program, 'prog', 'list')).toEqual([
    expect.objectContaining({ id: counted.id, object: 'syscount' }),
  ]);
  expect(await wire(program, 'prog', 'show', 'count_syscall')).toMatchObject([{ id: counted.id }]);
  const [{ lines }] = await wire(programDump, 'prog', 'dump', 'syscount/count_syscall');
  expect(lines!.join('\n')).toContain('call bpf_map_lookup_elem#1');
  const wasm = join(mkdtempSync(join(tmpdir(), 'probectl-dump-')), 'out.wasm');
  await out('prog', 'dump', String(counted.id), '--format', 'jited', '--out', wasm);
  expect(WebAssembly.validate(readFileSync(wasm))).toBe(true);
  const [{ processed }] = await wire(programLog, 'prog', 'log', 'count_syscall');
  expect(processed).toBe(counted.verified_insns);
  const [{ id: linkId }] = await wire(link, 'link', 'list');
  await out('link', 'detach', String(linkId));
  expect(await wire(link, 'link', 'list')).toEqual([]);
  const [again] = await wire(link, 'link', 'attach', 'count_syscall', 'sys_exit', '--node', 'node-2');
  expect(again).toMatchObject({ hook: 'raw_tracepoint:sys_exit', nodes: ['node-2'] });
  expect(await out('prog', 'unload', 'count_syscall')).toBe(
    `unloaded count_syscall (id ${counted.id}) of syscount\n`,
  );
  expect(await wire(object, 'object', 'list')).toEqual([]);
});

test('what cannot be loaded is one line, with the log of the verifier below', async () => {
  const { stderr } = await start(['prog', 'load', rejectedExample('missing_null_check')]).done;
  const [line, ...log] = stderr.trimEnd().split('\n');
  expect(line).toMatch(
    /^probectl: missing_null_check: program count_opens .*R0 invalid mem access.*\(EACCES\)$/,
  );
  expect(log.length).toBeGreaterThan(3);
  expect(log.every((text) => text.startsWith('    '))).toBe(true);
  const odd = ['prog', 'load', fixture('odd_hooks'), '--strict'];
  expect(await refused(...odd)).toMatch(/tcp_v4_konnect does not exist.*did you mean/);
  expect(await refused('prog', 'load', fixture('typed'), '--set', 'tga=x')).toMatch(
    /no global variable tga.*tag\?/,
  );
  expect(await wire(object, 'object', 'list')).toEqual([]);
});

test('programs whose hook is missing are left out of a load by name', async () => {
  const { code, stdout, stderr } = await start(['prog', 'load', fixture('odd_hooks')]).done;
  expect({ code, lines: stdout.split('\n').filter((line) => /^ *\d+ /.test(line)).length }).toEqual({
    code: 0,
    lines: 3,
  });
  expect(stderr).toMatch(/left out, since this kernel has not what they attach to.*tcp_v4_konnect/);
  await out('object', 'unload', 'odd_hooks');
});

describe('with a typed program', () => {
  beforeAll(() => out('prog', 'load', fixture('typed'), '--name', 'shapes', '--event', 'raw=owner'));
  afterAll(() => out('object', 'unload', 'shapes'));

  test('maps are read and changed by BTF', async () => {
    expect((await wire(map, 'map', 'show', 'shapes/owners'))[0]).toMatchObject({
      type: 'hash',
      object: 'shapes',
    });
    const key = '{"pid": 77, "color": "RED"}';
    const value = '{"start_ns": 18446744073709551615, "level": -2}';
    await out('map', 'update', 'owners', key, value, '--node', 'node-1', '--flags', 'noexist');
    const [{ entries }] = await wire(mapLookup, 'map', 'lookup', 'owners', key, '--node', 'node-1');
    expect(entries).toEqual([
      {
        node: 'node-1',
        key: { pid: 77, color: 'RED' },
        value: { start_ns: '18446744073709551615', level: -2 },
      },
    ]);
    expect(await out('map', 'lookup', 'owners', 'hex:4d00000000000000', '--node', 'node-1')).toMatch(
      /77 +RED/,
    );
    expect(
      await refused('map', 'update', 'owners', key, value, '--node', 'node-1', '--flags', 'noexist'),
    ).toMatch(/\(EEXIST\)/);
    expect(await refused('map', 'update', 'owners', '{"pid": 1, "color": "PINK"}', '5')).toMatch(
      /no PINK.*RED/,
    );
    await out('map', 'delete', 'owners', key, '--node', 'node-1');
    expect(await refused('map', 'lookup', 'owners', key, '--node', 'node-1')).toMatch(/no key.*\(ENOENT\)/);
    const [{ nodes }] = await wire(mapDump, 'map', 'dump', 'levels');
    expect(nodes.map(({ node }) => node)).toEqual(['node-1', 'node-2']);
    expect(nodes[0].entries![0].values).toHaveLength(4);
  });

  test('map watch shows a change as it is made', async () => {
    const watching = start(['map', 'watch', 'sparse', '--node', 'node-1', '--interval', '100ms', '--json']);
    await watching.until('snapshot', () => watching.stdout.includes('\n'));
    await out('map', 'update', 'sparse', '9', '1234', '--node', 'node-1');
    await watching.until('change', () => watching.stdout.includes('1234'));
    watching.child.kill('SIGINT');
    const { code, stdout } = await watching.done;
    const messages = parseDocuments(stdout).map((message) => mapMessage.parse(message) as MapMessage);
    expect(code).toBe(0);
    expect(messages.map(({ snapshot }) => snapshot)[0]).toBe(true);
    const changes = messages.slice(1).flatMap(({ nodes }) => nodes.flatMap(({ entries = [] }) => entries));
    expect(changes).toContainEqual(expect.objectContaining({ key: 9, value: 1234 }));
  });

  test('trace, history and exec tell the same story', async () => {
    const live = start(['trace', '--json', '--program', 'emit', '--map', 'shapes', '--pod', 'toolbox']);
    const sayings = start(['prog', 'tracelog', '--json']);
    // A subscription has no echo: what runs until the first record comes shows that it is there.
    const runs: string[] = [];
    while (live.stdout === '' || sayings.stdout === '')
      runs.push(await out('exec', 'toolbox', '--', 'hostname'));
    const { code, stdout, stderr } = await start(['exec', 'toolbox', '--', 'ls', '/nowhere']).done;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/nowhere.*No such file/);
    const sessions = await wire(execSession, 'sessions', 'list', '--pod', 'toolbox', '--state', 'exited');
    expect(sessions[0]).toMatchObject({ command: ['ls', '/nowhere'], exit_code: 2 });
    await live.until('record of ls', () => live.stdout.includes(sessions[0].id));
    for (const command of [live, sayings]) command.child.kill('SIGINT');
    const traced = parseDocuments((await live.done).stdout).map((item) => record.parse(item));
    for (const line of parseDocuments((await sayings.done).stdout)) traceLine.parse(line);
    expect(runs.every((text) => text === 'toolbox\n')).toBe(true);
    expect(traced.every((item) => item.pod?.name === 'toolbox')).toBe(true);
    const [first] = traced;
    const stored = await wire(record, 'history', '--program', 'emit', '--map', 'shapes', '--pod', 'toolbox');
    const known = stored.findIndex(({ sequence }) => sequence === first.sequence);
    expect(stored.slice(known, known + traced.length)).toEqual(traced);
    const [detail] = await wire(execSessionDetail, 'sessions', 'show', sessions[0].id);
    expect(detail.command_list).toContainEqual(
      expect.objectContaining({ argv: ['ls', '/nowhere'], exit_code: 2 }),
    );
    expect(await out('sessions', 'show', sessions[0].id)).toMatch(/ 2 .*exec +ls \/nowhere$/m);
  });
});

test('exec hands on input, both outputs and the exit code', async () => {
  const script = 'read line; echo "got $line"; echo "sorry" >&2; exit 5';
  const { code, stdout, stderr } = await start(
    ['exec', '-i', 'toolbox', '--', 'bash', '-c', script],
    'a word\n',
  ).done;
  expect({ code, stdout, stderr }).toEqual({ code: 5, stdout: 'got a word\n', stderr: 'sorry\n' });
  const { stdout: json } = await start(['exec', 'toolbox', '--json', '--user', 'eve', '--', 'false']).done;
  expect(execResult.parse(JSON.parse(json)).session).toMatchObject({ user: 'eve', exit_code: 1 });
  expect(await refused('exec', 'toolbx', '--', 'ls')).toMatch(/"toolbx" not found/);
});

test('the workload stops, starts and changes its speed', async () => {
  expect((await wire(workload, 'workload', 'stop'))[0].state).toBe('stopped');
  expect((await wire(workload, 'workload', 'start', '--speed', '2'))[0]).toMatchObject({
    state: 'running',
    speed: 2,
  });
  expect((await wire(workload, 'workload', 'speed', '1'))[0].speed).toBe(1);
  expect(await refused('workload', 'start', 'nowhere')).toMatch(/no scenario nowhere.*demo-cluster/);
});

test('trace goes on over a daemon that is killed, with no record twice and none missing', async () => {
  await out('prog', 'load', example('opensnoop'));
  const live = start(['trace', '--json', '--program', 'exit_openat']);
  await live.until('records', () => live.stdout.split('\n').length > 10);
  await daemon.kill();
  daemon = await TestDaemon.start({ args: ['--no-demo'], stateDir: daemon.stateDir });
  await live.until('reconnection', () => live.stderr.includes('connected again'));
  const seen = live.stdout.split('\n').length;
  await live.until('records of the new boot', () => live.stdout.split('\n').length > seen + 10);
  live.child.kill('SIGINT');
  const traced = parseDocuments((await live.done).stdout).filter(({ type }) => type === 'record');
  const names = traced.map(({ boot, sequence }) => `${boot}:${sequence}`);
  expect(new Set(traced.map(({ boot }) => boot)).size).toBe(2);
  const stored = (await wire(record, 'history', '--program', 'exit_openat')).map(
    ({ boot, sequence }) => `${boot}:${sequence}`,
  );
  const from = stored.indexOf(names[0]);
  expect(stored.slice(from, from + names.length)).toEqual(names);
});

test('a kernel that crashes comes back with its programs', async () => {
  const [{ kernel }] = await wire(health, 'status');
  await out('kernel', 'restart', '--mode', 'crash');
  let state = kernel;
  while (state.boot === kernel.boot || state.state !== 'running')
    [{ kernel: state }] = await wire(health, 'status');
  expect(state.restarts).toBe(kernel.restarts + 1);
  expect(await out('prog', 'list')).toMatch(/exit_openat +tracepoint +opensnoop/);
});
