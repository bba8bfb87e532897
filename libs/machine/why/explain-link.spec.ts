import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { findMap, parseObject, setVariable } from '@probed/object';
import { findScenario, SCENARIOS } from '@probed/workload';
import type { Collection, Link } from '../collection';
import { parseFaults } from '../faults/fault-spec';
import { Machine, type MachineOptions } from '../machine';
import { explainLink } from './explain-link';
import { relatedHooks } from './related-hooks';
import { scenariosThatFire } from './scenarios-that-fire';

const image = loadKernelImage();

interface Setting {
  readonly set?: Readonly<Record<string, number | boolean>>;
  /** Targets by program. */
  readonly attach?: Readonly<Record<string, string>>;
  readonly ns?: number;
  readonly ringBytes?: number;
  readonly options?: Partial<MachineOptions>;
}

interface Ran {
  readonly machine: Machine;
  readonly collection: Collection;
  readonly links: readonly Link[];
}

function run(path: string, { set = {}, attach = {}, ns = 2e8, ringBytes, options }: Setting = {}): Ran {
  const machine = new Machine({ image, ...options });
  const parsed = parseObject(readFileSync(join(__dirname, '../../..', path)), path);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const object = parsed.value;
  for (const [name, value] of Object.entries(set)) expect(setVariable(object, name, value).ok).toBe(true);
  if (ringBytes !== undefined) findMap(object, 'events')!.maxEntries = ringBytes;
  const loaded = machine.load({ object });
  if (!loaded.ok) throw new Error(loaded.error.message);
  const collection = loaded.value;
  const links = collection.programs.map((program) => {
    const link = collection.attach(program, { target: attach[program.name] });
    if (!link.ok) throw new Error(link.error.message);
    return link.value;
  });
  machine.start(findScenario('demo')!);
  machine.run(ns, () => {});
  return { machine, collection, links };
}

function example(name: string): string {
  return `examples/${name}/${name}.bpf.o`;
}

const explained = ({ machine, collection, links }: Ran, index = 0) =>
  explainLink(machine, collection, links[index]);

test('a program that runs and writes has nothing to answer for', () => {
  expect(explained(run(example('opensnoop')), 1)).toEqual([
    {
      code: 'writes',
      what: expect.stringMatching(/^exit_openat ran \d+ times and put out \d+ records$/),
      evidence: expect.anything(),
    },
  ]);
  expect(explained(run(example('opensnoop')))).toMatchObject([
    { code: 'runs', what: expect.stringContaining('writes the maps starts') },
  ]);
});

test('a hook that nothing fires: those that tell of the like', () => {
  const ran = run(example('tcpconnect'), { attach: { enter_tcp_connect: 'tcp_v6_connect' } });
  const [{ code, what, evidence }] = explained(ran);
  if (ran.links[0].attachment.state === 'live') return;
  expect([code, what]).toEqual([
    'hook-inert',
    expect.stringContaining('kprobe:tcp_v6_connect exists, but nothing'),
  ]);
  expect(evidence.join()).toContain('kprobe:tcp_v4_connect');
});

test('an inert hook of the fixture', () => {
  const [, never] = ['looping', 'never'];
  const ran = run('libs/machine/fixtures/covered.bpf.o');
  const index = ran.links.findIndex(({ program }) => program.name === never);
  expect(explained(ran, index)[0]).toMatchObject({ code: 'hook-inert', advice: expect.any(String) });
});

test('a live hook that nothing came to says where it fires', () => {
  const ran = run(example('uprobe_readline'));
  const { machine, collection, links } = ran;
  const { hook } = links[0].attachment;
  const firedIn = scenariosThatFire([hook, 'tracepoint:sched:sched_process_exec'], SCENARIOS, { image });
  expect(firedIn.get(hook)).toEqual(['demo']);
  expect(firedIn.get('tracepoint:sched:sched_process_exec')).toContain('exec-storm');
  expect(explainLink(machine, collection, links[0], { firedIn: ['exec-storm'] })).toMatchObject([
    {
      code: 'nothing-came',
      what: expect.stringContaining(
        'uretprobe:/bin/bash:readline fires in this kernel, but nothing has called it in 0.2 s',
      ),
      evidence: [expect.stringContaining('tasks now: '), 'it fires in the scenarios exec-storm'],
      advice: expect.stringContaining(
        'run something that executes /bin/bash and calls readline; try --scenario exec-storm --for 2s',
      ),
    },
  ]);
});

test('a system call that nobody makes', () => {
  const ran = run(example('opensnoop'), { attach: { enter_openat: 'syscalls/sys_enter_reboot' } });
  expect(explained(ran)[0]).toMatchObject({
    code: 'nothing-came',
    evidence: ['no task has made the system call reboot'],
  });
});

test('a constant that filters everything out, and the line at which runs turn away', () => {
  const set = { target_uid: 54321 };
  const plain = explained(run(example('execaudit'), { set }));
  expect(plain.map(({ code }) => code)).toEqual(['filter-set', 'wrote-nothing']);
  expect(plain[0].evidence).toEqual(['target_uid = 54321']);
  const counted = explained(run(example('execaudit'), { set, options: { coverage: true } }));
  expect(counted.map(({ code }) => code)).toEqual(['runs-end-early', 'filter-set', 'wrote-nothing']);
  expect(counted[0].evidence).toEqual([
    expect.stringMatching(/^all \d+ runs turned away at execaudit\.bpf\.c:\d+: /),
  ]);
});

test('faults that strike', () => {
  const faults = parseFaults('ringbuf-full');
  if (!faults.ok) throw new Error(faults.error.message);
  const [first] = explained(run(example('execaudit'), { options: { faults: faults.value } }));
  expect(first).toMatchObject({
    code: 'output-refused',
    what: 'helper calls were made to fail',
    advice: 'run without the faults',
  });
  expect(first.evidence).toContainEqual(
    expect.stringMatching(/^fault ringbuf-full: (\d+) of \1 calls failed$/),
  );
});

test('a map that is there to let something through, and is empty', () => {
  const ran = run(example('podtrace'));
  const index = ran.links.findIndex(({ program }) => program.name === 'on_exec');
  const findings = explained(ran, index);
  expect(findings.map(({ code }) => code)).toEqual(['filter-empty', 'wrote-nothing']);
  expect(findings[0]).toMatchObject({
    what: 'on_exec looks up in watched_cgroups, where nothing is and no program puts anything',
    evidence: ['map watched_cgroups has 0 entries'],
  });
  const all = run(example('podtrace'), { set: { watch_all: true } });
  expect(explained(all, index).map(({ code }) => code)).toEqual(['writes']);
});

test('a process that is not the one', () => {
  const ran = run(example('uprobe_readline'), { ns: 1e6 });
  const { machine, collection } = ran;
  const link = collection.attach(collection.programs[0], { target: '/bin/bash:readline', pid: 1 });
  if (!link.ok) throw new Error(link.error.message);
  machine.run(2e9, () => {});
  expect(ran.links[0].stats.events).toBeGreaterThan(0);
  expect(explainLink(machine, collection, link.value)).toMatchObject([
    { code: 'other-process', what: expect.stringMatching(/was called \d+ times, in other processes/) },
  ]);
});

test('a ring that is too small', () => {
  const [first] = explained(run(example('execaudit'), { ringBytes: 4096, ns: 1e9 }));
  expect(first).toMatchObject({ code: expect.stringMatching(/^(output-refused|writes)$/) });
});

test('a link that is gone', () => {
  const ran = run(example('opensnoop'), { ns: 1e6 });
  ran.links[0].detach();
  expect(explained(ran)[0]).toMatchObject({ code: 'detached', advice: 'attach it again' });
});

test('related hooks share words with the name', () => {
  const { hooks } = new Machine({ image }).kernel;
  expect(relatedHooks('do_sys_openat', hooks).join()).toContain('open');
  expect(relatedHooks('zzz', hooks)).toEqual([]);
});
