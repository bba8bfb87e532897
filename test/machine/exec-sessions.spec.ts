import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { Prng } from '@probed/base';
import { Cluster, type SessionCommand } from '@probed/cluster';
import { Machine, type OutputRecord } from '@probed/machine';
import { parseObject } from '@probed/object';
import { installShell } from '@probed/shell';
import { findClusterScenario, startTypedSession } from '@probed/workload';

const image = loadKernelImage();
const FILE = join(__dirname, '../../examples/execaudit/execaudit.bpf.o');
const demo = findClusterScenario('demo-cluster')!;
const decoder = new TextDecoder();

/** The demo cluster with the real shell in its containers. */
function boot(seed: number) {
  const machines = demo.nodes.map((hostname, i) => new Machine({ image, hostname, seed: seed + i }));
  const cluster = new Cluster(machines.map(({ kernel }) => kernel));
  for (const { name, kernel } of cluster.nodes)
    installShell(kernel, {
      onLine: (note) => cluster.noteLine(name, note),
      onBuiltin: (note) => cluster.noteBuiltin(name, note),
    });
  demo.start(cluster, new Prng(seed));
  const commands: SessionCommand[] = [];
  cluster.onCommand((event) => {
    // The end of a command, or all that there is of a line or builtin.
    if ('command' in event && event.kind !== 'command_started') commands.push(event.command);
  });
  return { machines, cluster, commands };
}

/** Loads execaudit on every node and collects who emitted what. */
function audit(machines: readonly Machine[]) {
  const records: OutputRecord[] = [];
  const object = parseObject(readFileSync(FILE), 'execaudit.bpf.o');
  if (!object.ok) throw new Error(object.error.message);
  for (const machine of machines) {
    const loaded = machine.load({ object: object.value });
    if (!loaded.ok) throw new Error(loaded.error.message);
    for (const program of loaded.value.programs) expect(loaded.value.attach(program).ok).toBe(true);
  }
  const drain = () => {
    for (const machine of machines)
      machine.drain((output) => {
        if (output.kind !== 'record') throw new Error(`lost ${output.count}`);
        records.push(output);
      });
  };
  return { records, drain };
}

const SESSIONS = 5;
const COMMANDS = 100;
const TARGETS = ['toolbox', 'web', 'db-0', 'cache-0', 'web'] as const;

test('five shells at once, a hundred commands each: every one is attributed to its session', async () => {
  const { machines, cluster, commands } = boot(11);
  const { records, drain } = audit(machines);
  await cluster.runAsync(cluster.nowNs() + 0.3e9);
  const wanted = (n: number) => Array.from({ length: COMMANDS }, (_, i) => ['cat', `/tmp/s${n}/${i}`]);
  for (let n = 0; n < SESSIONS; n++) {
    const request = {
      id: `s${n}`,
      pod: TARGETS[n],
      command: ['bash'],
      tty: true,
      stdin: true,
      user: `u${n}`,
    };
    const opened = cluster.exec(request);
    if (!opened.ok) throw new Error(opened.error.message);
    for (const argv of wanted(n)) opened.value.write(`${argv.join(' ')}\r`);
    opened.value.write('exit 3\r');
  }
  const running = () => [...cluster.sessions()].some((session) => session.state === 'running');
  for (let i = 0; i < 2_000 && running(); i++) {
    await cluster.runAsync(cluster.nowNs() + 10e6);
    drain();
  }
  for (let n = 0; n < SESSIONS; n++) {
    const session = cluster.session(`s${n}`)!;
    expect(session).toMatchObject({ state: 'exited', exitCode: 3, user: `u${n}` });
    const own = commands.filter((command) => command.session === session.id);
    const cats = own.filter((command) => command.comm === 'cat');
    expect(cats.map(({ argv }) => argv)).toEqual(wanted(n));
    expect(cats.every((command) => command.exit_code === 1 && command.ppid === session.pid)).toBe(true);
    const lines = own.filter((command) => command.kind === 'line');
    expect(lines.map(({ argv }) => argv[0])).toEqual([...wanted(n).map((argv) => argv.join(' ')), 'exit 3']);
    expect(own.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(own.map((_, i) => i + 1));
    // What a program sees of it: an attempt and an exec each, from the same session, in the same container.
    const seen = records.filter(({ origin }) => origin.execSession === session.id);
    const pids = new Set(cats.map(({ pid }) => pid));
    expect(seen.filter(({ origin }) => pids.has(origin.pid))).toHaveLength(2 * COMMANDS);
    const containers = seen.map(({ origin }) => cluster.identify(session.node, origin.cgroupId)?.pod);
    expect(new Set(containers)).toEqual(new Set([session.pod]));
  }
});

test('the demo session with the real shell is the same for the same seed, however slow its code is', async () => {
  const run = async (seed: number, wait: () => Promise<void> | undefined) => {
    const { cluster, commands } = boot(seed);
    let screen = '';
    cluster.onCommand((event) => {
      if (event.kind === 'session_started')
        event.session.onOutput((_stream, data) => {
          screen += decoder.decode(data);
        });
    });
    startTypedSession(cluster, demo.session!, new Prng(seed), { sessions: 1 });
    await cluster.runAsync(cluster.nowNs() + 39e9, wait);
    return { screen, commands, sessions: [...cluster.sessions()].map(({ state }) => state) };
  };
  const fast = await run(6, () => undefined);
  const slow = await run(6, () => new Promise((resolve) => setImmediate(resolve)));
  expect(slow).toEqual(fast);
  expect(fast.sessions).toEqual(['exited']);
  for (const line of demo.session!.lines) expect(fast.screen).toContain(`# ${line}\r\n`);
  expect(fast.screen).toContain('uid=0');
  expect(fast.screen).toContain('index.html');
  expect(fast.screen).toContain('No such file or directory');
  const started = fast.commands
    .filter((command) => command.kind === 'exec')
    .map(({ argv }) => argv.join(' '));
  for (const command of ['id', 'ls -la /var/www/html', 'cp /etc/passwd /tmp/backup/passwd'])
    expect(started).toContain(command);
  const other = await run(7, () => undefined);
  expect(other.commands).not.toEqual(fast.commands);
});
