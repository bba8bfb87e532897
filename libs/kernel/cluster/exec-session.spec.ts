import { loadReferenceKernel } from '@probed/assets';
import type { Cluster } from './cluster';
import type { ExecRequest, ExecSession } from './exec-session';
import type { SessionCommand, SessionEvent } from './session-event';
import { fixtures, pass } from './testing';

const { smallCluster } = fixtures(loadReferenceKernel());

const decoder = new TextDecoder();

function begin(cluster: Cluster, request: Partial<ExecRequest> & Pick<ExecRequest, 'command'>) {
  const opened = cluster.exec({ id: 's1', pod: 'box', tty: false, stdin: false, ...request });
  if (!opened.ok) throw new Error(opened.error.message);
  const text = { stdout: '', stderr: '' };
  opened.value.onOutput((stream, data) => {
    text[stream] += decoder.decode(data);
  });
  return { session: opened.value, text };
}

/** Listens to all commands; the last word on each counts. */
function listen(cluster: Cluster) {
  const events: SessionEvent[] = [];
  cluster.onCommand((event) => events.push(event));
  const commands = (session: string): SessionCommand[] => {
    const last = new Map<number, SessionCommand>();
    for (const event of events)
      if ('command' in event && event.command.session === session) last.set(event.command.seq, event.command);
    return [...last.values()];
  };
  return { events, commands };
}

describe('what a session does', () => {
  test('output, exit code, identity', () => {
    const { cluster, box } = smallCluster();
    const { session, text } = begin(cluster, {
      command: ['bash', '-c', 'id; cat /missing'],
      user: 'alice',
    });
    expect(session).toMatchObject({ pod: box.name, namespace: 'team', container: 'shell', node: 'node-1' });
    expect(session).toMatchObject({ state: 'running', user: 'alice', commands: 0 });
    const task = box.kernel.taskByPid(session.pid)!;
    expect(task.cgroupId).toBe(box.containers[0].place.cgroupId);
    pass(cluster, 1);
    expect(text.stdout).toContain('uid=0');
    expect(text.stderr).toContain('/missing: No such file or directory');
    expect(session).toMatchObject({ state: 'exited', exitCode: 1 });
    expect(session.endedNs).toBeGreaterThan(session.startedNs);
  });

  test('the environment is the one that kubelet and the runtime give', () => {
    const { cluster, box } = smallCluster();
    const { text } = begin(cluster, { command: ['env'] });
    pass(cluster, 1);
    const env = text.stdout.trim().split('\n');
    expect(env).toContain(`HOSTNAME=${box.name}`);
    expect(env).toContain('KUBERNETES_SERVICE_HOST=10.96.0.1');
    expect(env).toContain('HOME=/root');
  });

  test('standard input through pipes, to its end', () => {
    const { cluster } = smallCluster();
    const { session, text } = begin(cluster, { command: ['cat'], stdin: true });
    session.write('one\n');
    pass(cluster, 0.1);
    session.write('two\n');
    pass(cluster, 0.1);
    expect(session.state).toBe('running');
    session.closeStdin();
    pass(cluster, 0.5);
    expect(text.stdout).toBe('one\ntwo\n');
    expect(session).toMatchObject({ state: 'exited', exitCode: 0 });
  });

  test('a terminal: echo, lines, end of file', () => {
    const { cluster } = smallCluster();
    const { session, text } = begin(cluster, { command: ['cat'], stdin: true, tty: true });
    pass(cluster, 0.1);
    session.write('hello\r');
    pass(cluster, 0.1);
    expect(text).toEqual({ stdout: 'hello\r\nhello\r\n', stderr: '' });
    session.closeStdin();
    pass(cluster, 0.5);
    expect(session.exitCode).toBe(0);
  });

  test('^C ends who is in the foreground', () => {
    const { cluster } = smallCluster();
    const { session } = begin(cluster, { command: ['sleep', '100'], stdin: true, tty: true });
    pass(cluster, 0.1);
    session.write('\x03');
    pass(cluster, 0.1);
    expect(session.exitCode).toBe(130);
  });

  test.each<[string, (session: ExecSession) => void, number]>([
    ['signal', (session) => session.signal(15), 143],
    ['kill', (session) => session.kill(), 137],
    ['the client goes', (session) => session.hangUp(), 129],
  ])('%s', (_name, act, exitCode) => {
    const { cluster } = smallCluster();
    const { session } = begin(cluster, { command: ['sleep', '100'], stdin: true, tty: true });
    pass(cluster, 0.1);
    act(session);
    pass(cluster, 0.1);
    expect(session.exitCode).toBe(exitCode);
    // Afterwards nothing of it does anything.
    act(session);
    session.write('x');
  });

  test('as another user, in another container', () => {
    const { cluster, box } = smallCluster();
    const { text } = begin(cluster, { command: ['id'], container: 'sidecar' });
    begin(cluster, { id: 's2', command: ['id'], uid: 33 }).session.onOutput((_stream, data) => {
      text.stderr += decoder.decode(data);
    });
    pass(cluster, 1);
    expect(text.stdout).toContain('uid=1000');
    expect(text.stderr).toContain('uid=33');
    expect(box.containers).toHaveLength(2);
  });
});

test.each<[string, Partial<ExecRequest>, string, string]>([
  ['no such pod', { pod: 'nope' }, 'pod-not-found', 'pods "nope" not found'],
  ['another namespace', { namespace: 'prod' }, 'pod-not-found', 'pods "box" not found'],
  [
    'no such container',
    { container: 'nope' },
    'container-not-found',
    'container nope not found in pod box-5f6d8-k2x4z_team; it has: shell, sidecar',
  ],
  [
    'no command',
    { command: [] },
    'exec-no-command',
    'you must specify at least one command for the container',
  ],
])('refused: %s', (_name, request, code, message) => {
  const { cluster } = smallCluster();
  const result = cluster.exec({ id: 'x', pod: 'box', command: ['id'], tty: false, stdin: false, ...request });
  expect(result).toMatchObject({ ok: false, error: { code, message } });
  expect([...cluster.sessions()]).toEqual([]);
});

test('refused: an id that is taken, a name that may be two pods, a node that is down', () => {
  const { cluster } = smallCluster();
  begin(cluster, { command: ['id'] });
  const again = cluster.exec({ id: 's1', pod: 'box', command: ['id'], tty: false, stdin: false });
  expect(again).toMatchObject({ ok: false, error: { code: 'session-exists' } });
  cluster.addPod({
    name: 'boxer-0',
    namespace: 'team',
    node: 'node-1',
    ip: '10.244.1.9',
    containers: [{ name: 'main', image: 'debian:12', tree: {} }],
  });
  const either = cluster.exec({ id: 's3', pod: 'box', command: ['id'], tty: false, stdin: false });
  const message = '"box" may be any of these pods: box-5f6d8-k2x4z, boxer-0';
  expect(either).toMatchObject({ ok: false, error: { code: 'pod-ambiguous', message } });
  cluster.setReady('node-2', false);
  const down = cluster.exec({ id: 's2', pod: 'far-0', command: ['id'], tty: false, stdin: false });
  expect(down).toMatchObject({ ok: false, error: { code: 'node-down', where: 'node node-2' } });
  // It stands still, and time goes on without it.
  const stoppedNs = cluster.node('node-2')!.kernel.nowNs();
  pass(cluster, 1);
  expect(cluster.node('node-2')!.kernel.nowNs()).toBe(stoppedNs);
});

test.each<[string, number, string]>([
  ['foo', 127, 'exec: "foo": executable file not found in $PATH'],
  ['/usr/bin/foo', 127, 'exec: "/usr/bin/foo": stat /usr/bin/foo: no such file or directory'],
  ['/srv/plain.txt', 126, 'exec: "/srv/plain.txt": permission denied'],
  ['/etc', 126, 'exec: "/etc": is a directory'],
])('a command that cannot be started: %s', (command, exitCode, failure) => {
  const { cluster } = smallCluster();
  const { events } = listen(cluster);
  const { session, text } = begin(cluster, { command: [command] });
  pass(cluster, 0.01);
  expect(text.stderr).toBe(
    `OCI runtime exec failed: exec failed: unable to start container process: ${failure}\n`,
  );
  expect(session).toMatchObject({ state: 'exited', exitCode, failure, pid: 0 });
  expect(events.map((event) => event.kind)).toEqual(['session_started', 'session_ended']);
});

describe('the audit', () => {
  test('every exec with argv, parent, working directory, times and exit code', () => {
    const { cluster } = smallCluster();
    const { commands, events } = listen(cluster);
    const { session } = begin(cluster, { command: ['bash', '-c', 'cd /tmp; ls -l /etc; cat "/no such"'] });
    pass(cluster, 1);
    const [shell, ls, cat] = commands('s1');
    expect(shell).toMatchObject({ seq: 1, kind: 'exec', pid: session.pid, comm: 'bash', cwd: '/' });
    expect(shell.argv).toEqual(session.command);
    expect(ls).toMatchObject({
      seq: 2,
      argv: ['ls', '-l', '/etc'],
      filename: '/usr/bin/ls',
      ppid: session.pid,
    });
    expect(ls).toMatchObject({ exit_code: 0 });
    expect(cat).toMatchObject({ seq: 3, exit_code: 1 });
    for (const command of [shell, ls, cat]) expect(command.end_ns).toBeGreaterThan(command.start_ns);
    expect(ls.end_ns).toBeLessThan(cat.start_ns);
    expect(session.commands).toBe(3);
    expect(events[0].kind).toBe('session_started');
    expect(events.at(-1)!.kind).toBe('session_ended');
    expect(events.filter((event) => event.kind === 'command_exited')).toHaveLength(3);
  });

  test('a process that has left the session behind is still recorded, and then nobody listens any more', () => {
    const { cluster, box } = smallCluster();
    const { commands } = listen(cluster);
    const { hooks } = box.kernel;
    const exec = hooks.tracepoint('sched', 'sched_process_exec')!;
    const exit = hooks.tracepoint('sched', 'sched_process_exit')!;
    expect([exec.active, exit.active]).toEqual([false, false]);
    const { session } = begin(cluster, { command: ['leave', '/usr/bin/sleep', '1'] });
    pass(cluster, 0.5);
    expect(session.state).toBe('exited');
    expect(commands('s1')).toMatchObject([
      { argv: ['leave', '/usr/bin/sleep', '1'], exit_code: 0 },
      { argv: ['/usr/bin/sleep', '1'], comm: 'sleep' },
    ]);
    expect(commands('s1')[1].end_ns).toBeUndefined();
    expect(exec.active).toBe(true);
    pass(cluster, 1);
    expect(commands('s1')[1]).toMatchObject({ exit_code: 0 });
    expect([exec.active, exit.active]).toEqual([false, false]);
  });

  test('sessions at the same time do not mix', () => {
    const { cluster } = smallCluster();
    const { commands } = listen(cluster);
    const count = 20;
    for (let n = 0; n < 5; n++) {
      const script = Array.from({ length: count }, (_, i) => `uname -${n} ${i}`).join('; ');
      begin(cluster, { id: `s${n}`, pod: n % 2 ? 'far-0' : 'box', command: ['bash', '-c', script] });
    }
    pass(cluster, 3);
    for (let n = 0; n < 5; n++) {
      const [, ...rest] = commands(`s${n}`);
      expect(rest.map(({ argv }) => argv)).toEqual(
        Array.from({ length: count }, (_, i) => ['uname', `-${n}`, String(i)]),
      );
      expect(rest.every((command) => command.end_ns !== undefined)).toBe(true);
    }
  });

  test('lines and builtins that the shell reports', () => {
    const { cluster } = smallCluster();
    const { commands } = listen(cluster);
    const { session } = begin(cluster, { command: ['sleep', '5'] });
    pass(cluster, 0.1);
    cluster.noteLine('node-1', { pid: session.pid, execSession: 's1', line: 'cd /tmp' });
    cluster.noteBuiltin('node-1', {
      pid: session.pid,
      execSession: 's1',
      argv: ['cd', '/tmp'],
      exit_code: 0,
    });
    cluster.noteLine('node-1', { pid: session.pid, line: 'not of a session' });
    cluster.noteLine('node-1', { pid: session.pid, execSession: 'unknown', line: 'nor of this one' });
    expect(commands('s1').slice(1)).toEqual([
      expect.objectContaining({ seq: 2, kind: 'line', argv: ['cd /tmp'], comm: 'sleep' }),
      expect.objectContaining({ seq: 3, kind: 'builtin', argv: ['cd', '/tmp'], exit_code: 0 }),
    ]);
  });
});

test('ended sessions are forgotten in the end, running ones never', () => {
  const { cluster } = smallCluster();
  begin(cluster, { id: 'stays', command: ['sleep', '100000'] });
  for (let n = 0; n < 1_010; n++) {
    begin(cluster, { id: `n${n}`, command: ['nope'] });
    pass(cluster, 0.001);
  }
  expect(cluster.session('stays')).toBeDefined();
  expect(cluster.session('n9')).toBeUndefined();
  expect(cluster.session('n10')).toBeDefined();
  expect([...cluster.sessions()]).toHaveLength(1_001);
});
