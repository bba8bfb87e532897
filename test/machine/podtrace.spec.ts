import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { Prng } from '@probed/base';
import { Cluster, type SessionCommand } from '@probed/cluster';
import {
  encodeMapKey,
  encodeMapValue,
  Machine,
  type OutputRecord,
  RecordDecoder,
  wallTimeOf,
} from '@probed/machine';
import { parseObject } from '@probed/object';
import { findClusterScenario } from '@probed/workload';

const image = loadKernelImage();
const FILE = join(__dirname, '../../examples/podtrace/podtrace.bpf.o');
const parsed = parseObject(readFileSync(FILE), 'podtrace.bpf.o');
if (!parsed.ok) throw new Error(parsed.error.message);
const object = parsed.value;

interface PodEvent {
  readonly type: string;
  readonly ret: number;
  readonly pid: number;
  readonly fd: number;
  readonly bytes: number;
  readonly duration_ns: number;
  readonly cgroup_id: number;
  readonly family: number;
  readonly port: number;
  readonly daddr: number;
  readonly comm: string;
  readonly path: string;
  readonly argv: string;
  readonly signal: number;
}

/** The demo cluster's first node with podtrace on it. */
function traced() {
  const demo = findClusterScenario('demo-cluster')!;
  const machines = demo.nodes.map((hostname, i) => new Machine({ image, hostname, seed: 3 + i }));
  const cluster = new Cluster(machines.map(({ kernel }) => kernel));
  demo.start(cluster, new Prng(3));
  const [machine] = machines;
  const loaded = machine.load({ object });
  if (!loaded.ok) throw new Error(loaded.error.message);
  const collection = loaded.value;
  for (const program of collection.programs) {
    const link = collection.attach(program);
    expect(link.ok && link.value.attachment.state).toBe('live');
  }
  return { machine, cluster, collection };
}

function watch({ machine, collection }: ReturnType<typeof traced>, cgroupId: number): void {
  const map = collection.maps.get('watched_cgroups')!;
  const key = encodeMapKey(map, cgroupId, collection.spec.btf);
  const value = encodeMapValue(map, { value: 1 }, collection.spec.btf, machine.kernel.cpus);
  if (!key.ok || !value.ok) throw new Error('cgroup id not encoded');
  expect(map.updateElem(key.value, value.value, 0)).toBe(0);
}

/** Lets time pass, and decodes what comes. */
function run({ machine, cluster }: ReturnType<typeof traced>, seconds: number) {
  const decoder = RecordDecoder.create(object, image.btf, machine.kernel);
  if (!decoder.ok) throw new Error(decoder.error.message);
  const events: PodEvent[] = [];
  const records: OutputRecord[] = [];
  const end = cluster.nowNs() + seconds * 1e9;
  while (cluster.nowNs() < end) {
    expect(cluster.run(Math.min(end, cluster.nowNs() + 5e6))).toBe(true);
    machine.drain((output) => {
      if (output.kind !== 'record') throw new Error(`lost ${output.count}`);
      records.push(output);
      const { value } = decoder.value.decode(output.map, output.bytes, machine.kernel.nowNs());
      events.push(value as unknown as PodEvent);
    });
  }
  return { events, records };
}

test('of one container it tells what the kernel did in there, and of others nothing', () => {
  const setup = traced();
  const { machine, cluster } = setup;
  const web = cluster.findPod('web')!.container('nginx')!;
  const { kernel } = machine;
  run(setup, 0.4);
  const truth = { read: 0, write: 0, openat: 0, connect: 0 };
  const count = (name: keyof typeof truth) =>
    kernel.hooks.tracepoint('syscalls', `sys_exit_${name}`)!.record.add(() => {
      if (kernel.current().cgroupId === web.place.cgroupId) truth[name]++;
    });
  watch(setup, web.place.cgroupId);
  (Object.keys(truth) as (keyof typeof truth)[]).forEach(count);
  const { events, records } = run(setup, 2);
  expect(new Set(events.map((event) => event.cgroup_id))).toEqual(new Set([web.place.cgroupId]));
  expect(
    records.every(({ origin }) => cluster.identify('node-1', origin.cgroupId)?.container === 'nginx'),
  ).toBe(true);
  const seen = (type: string) => events.filter((event) => event.type === type).length;
  expect(truth.openat).toBeGreaterThan(5);
  expect(truth.connect).toBeGreaterThan(5);
  const counted = {
    read: seen('POD_READ'),
    write: seen('POD_WRITE'),
    openat: seen('POD_OPEN'),
    connect: seen('POD_CONNECT'),
  };
  // A call that was in progress when watching began returns without an event.
  for (const name of Object.keys(truth) as (keyof typeof truth)[])
    expect([name, [0, 1].includes(truth[name] - counted[name])]).toEqual([name, true]);
});

test('an exec session as podtrace sees it is the session as the audit has it', () => {
  const setup = traced();
  const { cluster } = setup;
  const box = cluster.findPod('toolbox')!.container('shell')!;
  run(setup, 0.1);
  watch(setup, box.place.cgroupId);
  const audit: SessionCommand[] = [];
  cluster.onCommand((event) => {
    if (event.kind === 'command_exited') audit.push(event.command);
  });
  const script = 'cat /etc/os-release; cat /no/such/file; curl http://example.com:80/; sleep 0.2';
  cluster.exec({ id: 's', pod: 'toolbox', command: ['bash', '-c', script], tty: false, stdin: false });
  const { events, records } = run(setup, 2);
  expect(records.every(({ origin }) => origin.execSession === 's')).toBe(true);
  const of = (type: string, pid?: number) =>
    events.filter((event) => event.type === type && (pid === undefined || event.pid === pid));
  const execs = of('POD_EXEC');
  expect(audit).toHaveLength(5);
  for (const command of audit) {
    const exec = execs.find((event) => event.pid === command.pid)!;
    expect([exec.path, exec.argv, exec.comm]).toEqual([
      command.filename,
      command.argv.join(' '),
      command.comm,
    ]);
    const [exit] = of('POD_EXIT', command.pid);
    expect([exit.ret, exit.signal]).toEqual([command.exit_code, 0]);
    expect(exit.duration_ns).toBeGreaterThan(command.end_ns! - command.start_ns);
  }
  expect(execs).toHaveLength(audit.length);
  const cat = audit.filter((command) => command.comm === 'cat');
  const opened = of('POD_OPEN', cat[0].pid).find((event) => event.path === '/etc/os-release')!;
  const read = of('POD_READ', cat[0].pid).find(
    (event) => event.fd === opened.ret && events.indexOf(event) > events.indexOf(opened),
  )!;
  const written = of('POD_WRITE', cat[0].pid).find((event) => event.fd === 1)!;
  expect(written).toMatchObject({ bytes: read.ret, ret: read.ret });
  expect(of('POD_OPEN', cat[1].pid)).toContainEqual(
    expect.objectContaining({ path: '/no/such/file', ret: -2 }),
  );
  const sleep = audit.find((command) => command.comm === 'sleep')!;
  expect(of('POD_EXIT', sleep.pid)[0].duration_ns).toBeGreaterThan(0.2e9);
  const connects = of('POD_CONNECT').filter((event) => event.port === 80);
  // 93.184.215.14 in network order; a connect that does not block is in progress.
  expect(connects).toContainEqual(
    expect.objectContaining({ family: 2, daddr: 0x0ed7b85d, ret: -115, comm: 'curl' }),
  );
  expect(wallTimeOf(setup.machine.kernel, records[0].origin.ns)).toMatch(/^2026-/);
});

test('unloaded and loaded again it watches nothing until told to', () => {
  const setup = traced();
  const web = setup.cluster.findPod('web')!.container('nginx')!;
  watch(setup, web.place.cgroupId);
  expect(run(setup, 0.5).events.length).toBeGreaterThan(3);
  setup.collection.unload();
  const again = setup.machine.load({ object });
  if (!again.ok) throw new Error(again.error.message);
  for (const program of again.value.programs) again.value.attach(program);
  expect(run(setup, 0.5).events).toEqual([]);
  watch({ ...setup, collection: again.value }, web.place.cgroupId);
  expect(run(setup, 0.5).events.length).toBeGreaterThan(3);
});
