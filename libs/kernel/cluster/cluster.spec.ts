import { loadReferenceKernel } from '@probed/assets';
import type { Pod } from './index';
import { fixtures, pass } from './testing';

const { bootNode, smallCluster } = fixtures(loadReferenceKernel());

const decoder = new TextDecoder();

test('containers of a pod share net, uts and ipc; each has its own mnt, pid and cgroup', () => {
  const { box } = smallCluster();
  const [first, second] = box.containers.map((container) => container.place.nsproxy.all);
  for (const kind of ['net', 'uts', 'ipc'] as const) expect(second[kind]).toBe(first[kind]);
  for (const kind of ['mnt', 'pid', 'cgroup'] as const) expect(second[kind]).not.toBe(first[kind]);
  expect(second.pid.level).toBe(1);
  expect(first.uts.nodename).toBe(box.name);
});

test('cgroups are named as kubelet and containerd name them, and tell the container in one look', () => {
  const { cluster, box, far } = smallCluster();
  const [shell, sidecar] = box.containers;
  const pod = box.uid.replaceAll('-', '_');
  expect(box.uid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(shell.cgroup).toBe(
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${pod}.slice/cri-containerd-${shell.id}.scope`,
  );
  expect(shell.id).toMatch(/^[0-9a-f]{64}$/);
  expect(cluster.identify('node-1', sidecar.place.cgroupId)).toEqual({
    pod: box.name,
    namespace: 'team',
    container: 'sidecar',
    container_id: sidecar.id,
    image: 'sidecar:1',
    node: 'node-1',
  });
  expect(cluster.identify('node-2', far.containers[0].place.cgroupId)).toMatchObject({ pod: 'far-0' });
  expect(cluster.identify('node-1', 1)).toBeUndefined();
  expect(cluster.identify('node-9', 1)).toBeUndefined();
});

test('every container has a pid 1 of its own user', () => {
  const { cluster, box } = smallCluster();
  pass(cluster, 0.1);
  const inits = box.containers.map(({ place }) =>
    [...box.kernel.allTasks()].filter((task) => task.cgroupId === place.cgroupId),
  );
  expect(inits.map((tasks) => tasks.map((task) => [task.comm, task.thread.own, task.uid]))).toEqual([
    [['pause', 1, 0]],
    [['pause', 1, 1000]],
  ]);
});

test('orphans of a container are adopted and buried by its pid 1', () => {
  const { cluster, box } = smallCluster();
  const [{ place }] = box.containers;
  cluster.exec({
    id: 'a',
    pod: 'box',
    command: ['leave', '/usr/bin/sleep', '0.3'],
    tty: false,
    stdin: false,
  });
  const processes = () =>
    [...box.kernel.allTasks()]
      .filter((task) => task.cgroupId === place.cgroupId)
      .map((task) => `${task.comm} ${task.parent.comm}`);
  pass(cluster, 0.2);
  expect(processes()).toContain('sleep pause');
  pass(cluster, 1);
  expect(processes()).toEqual(['pause systemd']);
});

test('nodes keep one time', () => {
  const { cluster } = smallCluster();
  const start = cluster.nowNs();
  const ahead: number[] = [];
  const [first, second] = cluster.nodes.map((node) => node.kernel);
  for (const [one, other] of [
    [first, second],
    [second, first],
  ])
    one.hooks.tracepoint('sched', 'sched_switch')!.record.add(() => {
      ahead.push(one.nowNs() - other.nowNs());
    });
  expect(cluster.run(start + 0.3e9)).toBe(true);
  expect(cluster.nowNs()).toBe(start + 0.3e9);
  expect(ahead.length).toBeGreaterThan(5);
  // A step, and what a system call takes that began within it.
  expect(Math.max(...ahead.map(Math.abs))).toBeLessThan(2e6);
});

test('a run is the same however it is cut into calls', () => {
  const trace = (cutNs: number) => {
    const { cluster } = smallCluster(8);
    const seen: string[] = [];
    for (const { name, kernel } of cluster.nodes)
      kernel.hooks.tracepoint('raw_syscalls', 'sys_enter')!.record.add((fields) => {
        seen.push(`${name} ${kernel.nowNs()} ${kernel.current().pid} ${JSON.stringify(fields)}`);
      });
    cluster.exec({ id: 'a', pod: 'box', command: ['bash', '-c', 'ls /; id'], tty: false, stdin: false });
    const start = Math.ceil(cluster.nowNs() / 1e6) * 1e6;
    for (let at = start; at < start + 0.4e9; at += cutNs) cluster.run(at + cutNs);
    return seen;
  };
  const whole = trace(0.4e9);
  expect(whole.length).toBeGreaterThan(100);
  expect(trace(5e6)).toEqual(whole);
});

test('a driven task on one node holds the time of all until its code goes on', async () => {
  const { cluster, far } = smallCluster();
  let go = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  far.kernel.programs.replace({
    name: 'id',
    image: { path: '/usr/bin/id', symbols: ['main'], entry: ['main'] },
    driver: async (process) => {
      await gate;
      return process.run(function* (u) {
        yield* u.sleep(50e6);
        return 7;
      });
    },
  });
  const opened = cluster.exec({ id: 'd', pod: 'far-0', command: ['id'], tty: false, stdin: false });
  if (!opened.ok) throw new Error(opened.error.message);
  const until = cluster.nowNs() + 1e9;
  expect(cluster.run(until)).toBe(false);
  expect(cluster.waiting).toBe(far.kernel);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(cluster.run(until)).toBe(false);
  const stuckNs = cluster.nowNs();
  expect(stuckNs).toBeLessThan(until - 0.9e9);
  for (const { kernel } of cluster.nodes) expect(kernel.nowNs()).toBeLessThan(stuckNs + 2e6);
  go();
  await cluster.runAsync(until);
  expect(cluster.nowNs()).toBe(until);
  expect(opened.value).toMatchObject({ state: 'exited', exitCode: 7 });
});

test('names of pods and services resolve on both nodes, and a pod elsewhere answers on its ports', () => {
  const { cluster, box, far } = smallCluster();
  cluster.addService('shop', 'team', [box, far]);
  const output = new Map<string, string>();
  const curl = (id: string, pod: Pod, url: string) => {
    const opened = cluster.exec({
      id,
      pod: pod.name,
      command: ['curl', url],
      tty: false,
      stdin: false,
    });
    if (!opened.ok) throw new Error(opened.error.message);
    opened.value.onOutput((_stream, data) => output.set(id, (output.get(id) ?? '') + decoder.decode(data)));
  };
  curl('by-name', box, 'http://far-0.default.svc.cluster.local/');
  curl('refused', box, 'http://far-0:81/');
  curl('other-way', far, 'http://box-5f6d8-k2x4z.team/');
  curl('outside', far, 'http://example.com/');
  pass(cluster, 3);
  expect(output.get('by-name')).toContain('hi');
  expect(output.get('refused')).toContain('Failed to connect');
  // It resolves; nothing listens there.
  expect(output.get('other-way')).toContain('Failed to connect');
  expect(output.get('outside')).toContain('200 OK');
});

describe('which pod a name means', () => {
  const { cluster, box, far } = smallCluster();
  const replica = cluster.addPod({
    name: 'box-5f6d8-q9v7n',
    namespace: 'team',
    node: 'node-2',
    ip: '10.244.2.6',
    containers: [{ name: 'shell', image: 'debian:12', tree: {} }],
  });
  cluster.addPod({
    name: 'fargo-0',
    namespace: 'team',
    node: 'node-2',
    ip: '10.244.2.7',
    containers: [{ name: 'main', image: 'debian:12', tree: {} }],
  });
  for (const [i, name] of ['toolbox', 'toolboy'].entries())
    cluster.addPod({
      name,
      namespace: 'team',
      node: 'node-2',
      ip: `10.244.2.${8 + i}`,
      containers: [{ name: 'main', image: 'debian:12', tree: {} }],
    });
  test.each<[string, string | undefined, Pod | undefined]>([
    ['box-5f6d8-k2x4z', undefined, box],
    ['box-5f6d8-q9v7n', 'team', replica],
    ['pod/far-0', undefined, far],
    ['pods/far-0', 'default', far],
    ['default/far-0', undefined, far],
    ['box', undefined, box],
    ['box-5f6d8-q', undefined, replica],
    ['far-0', 'team', undefined],
    // Of two workloads, the one in the default namespace.
    ['far', undefined, far],
    // Of two workloads in one namespace, none.
    ['tool', undefined, undefined],
    ['nothing', undefined, undefined],
    ['', undefined, undefined],
  ])('%s in %s', (name, namespace, pod) => {
    expect(cluster.findPod(name, namespace)).toBe(pod);
  });
});

test('two nodes of one name are refused', () => {
  const { cluster } = smallCluster();
  const [{ kernel }] = cluster.nodes;
  expect(
    () => new (cluster.constructor as typeof import('./index').Cluster)([kernel, bootNode('node-1', 9)]),
  ).toThrow('two nodes have the same name');
});
