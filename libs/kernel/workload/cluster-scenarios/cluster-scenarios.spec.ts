import { loadReferenceKernel } from '@probed/assets';
import { Prng } from '@probed/base';
import { Btf } from '@probed/btf';
import { Cluster, type SessionCommand } from '@probed/cluster';
import { KernelMemory } from '@probed/memory';
import { Kernel } from '@probed/system';
import { CLUSTER_SCENARIOS, type ClusterScenario, findClusterScenario, startTypedSession } from '../index';

const { btf: bytes, symbols } = loadReferenceKernel();
const parsed = Btf.parse(bytes);
if (!parsed.ok) throw new Error(parsed.error.message);
const btf = parsed.value;

const SECOND_NS = 1e9;

function started(scenario: ClusterScenario, { seed = 3, rate = 1 } = {}): Cluster {
  const kernels = scenario.nodes.map(
    (hostname, i) => new Kernel({ memory: new KernelMemory(), btf, symbols, seed: seed + i, hostname }),
  );
  const cluster = new Cluster(kernels);
  scenario.start(cluster, new Prng(seed), { rate });
  return cluster;
}

function pass(cluster: Cluster, seconds: number): void {
  cluster.run(Math.round(cluster.nowNs() + seconds * SECOND_NS));
}

const demo = findClusterScenario('demo-cluster')!;

/** Counts system calls by container. */
function countSyscalls(cluster: Cluster): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { name, kernel } of cluster.nodes)
    kernel.hooks.tracepoint('raw_syscalls', 'sys_enter')!.raw.add(() => {
      const container = cluster.identify(name, kernel.current().cgroupId);
      const key = container ? `${container.pod}/${container.container}` : name;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    });
  return counts;
}

test('the default comes first, names are unique, every scenario for one node is there too', () => {
  const names = CLUSTER_SCENARIOS.map((scenario) => scenario.name);
  expect(names[0]).toBe('demo-cluster');
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(['demo', 'exec-storm', 'network', 'idle']));
});

test.each(CLUSTER_SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
  '%s: events are told to be of its containers',
  (_name, scenario) => {
    const cluster = started(scenario);
    const counts = countSyscalls(cluster);
    pass(cluster, 1);
    for (const pod of cluster.pods()) {
      const seen = pod.containers.map((container) => counts.get(`${pod.name}/${container.name}`) ?? 0);
      expect([pod.name, Math.min(...seen)]).not.toEqual([pod.name, 0]);
    }
    for (const { name } of cluster.nodes) expect(counts.get(name)).toBeGreaterThan(45);
  },
);

describe('demo-cluster', () => {
  test('same seed, same events on both nodes', () => {
    const trace = (seed: number) => {
      const cluster = started(demo, { seed });
      const seen: string[] = [];
      for (const { name, kernel } of cluster.nodes)
        kernel.hooks.tracepoint('raw_syscalls', 'sys_exit')!.record.add((fields) => {
          seen.push(`${name} ${kernel.nowNs()} ${kernel.current().pid} ${JSON.stringify(fields)}`);
        });
      pass(cluster, 1.5);
      return seen;
    };
    const first = trace(4);
    expect(first.length).toBeGreaterThan(300);
    expect(trace(4)).toEqual(first);
    expect(trace(5)).not.toEqual(first);
  });

  test.each([
    [0, 0, 0],
    [1, 12, 40],
    [100, 1_100, 2_200],
  ])('rate %d: connections a second', (rate, low, high) => {
    const cluster = started(demo, { rate });
    let connects = 0;
    for (const { kernel } of cluster.nodes)
      kernel.hooks.kernelFunction('tcp_v4_connect')!.exit.add(({ ret }) => {
        if (kernel.current().comm === 'wrk' && ret === 0) connects++;
      });
    pass(cluster, 0.5);
    connects = 0;
    pass(cluster, 1);
    expect(connects).toBeGreaterThanOrEqual(low);
    expect(connects).toBeLessThanOrEqual(high);
  });

  test('somebody types the session, all of it is attributed, and then it begins again', () => {
    const cluster = started(demo);
    const commands: SessionCommand[] = [];
    const lines: string[] = [];
    const ended: string[] = [];
    cluster.onCommand((event) => {
      if (event.kind === 'command_started') commands.push(event.command);
      if (event.kind === 'session_ended') ended.push(`${event.session.id} ${event.session.user}`);
    });
    const web = cluster.findPod('web')!;
    web.kernel.hooks.userFunction('/bin/bash', 'readline')!.exit.add(({ ret }) => {
      const { mm, execSession } = web.kernel.task;
      if (ret && execSession) lines.push(web.kernel.user.readText(mm!, ret)!);
    });
    const typed = startTypedSession(cluster, demo.session!, new Prng(1), { newId: (n) => `demo-${n}` });
    pass(cluster, 39);
    expect(ended).toEqual(['demo-1 alice@example.com']);
    expect(lines).toEqual(demo.session!.lines);
    const files = new Set(commands.map((command) => command.filename));
    for (const path of ['/usr/bin/id', '/usr/bin/ls', '/usr/bin/cat', '/usr/bin/curl', '/srv/backup.sh'])
      expect(files).toContain(path);
    expect(commands.every((command) => command.session === 'demo-1')).toBe(true);
    pass(cluster, 5);
    expect(typed.current).toMatchObject({ id: 'demo-2', state: 'running' });
    typed.stop();
    pass(cluster, 0.5);
    expect(ended).toHaveLength(2);
    pass(cluster, 60);
    expect([...cluster.sessions()]).toHaveLength(2);
  });

  test('memory hardly grows with sessions that come and go', () => {
    const grown = (sessions: number) => {
      const cluster = started(demo, { rate: 0 });
      const script = { ...demo.session!, lines: ['id', 'exit'], thinkNs: 1e8, everyNs: 2e9 };
      startTypedSession(cluster, script, new Prng(1), { sessions });
      const used = () => cluster.nodes.reduce((sum, node) => sum + node.kernel.memory.usedBytes, 0);
      pass(cluster, 10);
      const before = used();
      pass(cluster, 150);
      expect([...cluster.sessions()]).toHaveLength(sessions);
      return used() - before;
    };
    expect((grown(60) - grown(2)) / 58).toBeLessThan(3_072);
  });
});
