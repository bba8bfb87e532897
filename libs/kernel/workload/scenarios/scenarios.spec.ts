import { createHash } from 'node:crypto';
import { loadReferenceKernel } from '@probed/assets';
import { Prng } from '@probed/base';
import { Btf } from '@probed/btf';
import { KernelMemory } from '@probed/memory';
import { Kernel } from '@probed/system';
import { findScenario, SCENARIOS } from './index';

const reference = loadReferenceKernel();
const parsed = Btf.parse(reference.btf);
if (!parsed.ok) throw new Error(parsed.error.message);
const btf = parsed.value;

const RUN_NS = 0.5e9;

function boot(seed: number): Kernel {
  return new Kernel({ memory: new KernelMemory(), btf, symbols: reference.symbols, seed });
}

/** Attaches to everything that is live and hashes what happens: hook, time, CPU, task, arguments. */
function fingerprint(name: string, seed: number): { hash: string; events: number } {
  const kernel = boot(seed);
  const hash = createHash('sha1');
  let events = 0;
  const note = (hook: string, data: unknown) => {
    events++;
    hash.update(
      `${hook} ${kernel.nowNs()} ${kernel.cpu()} ${kernel.current().pid} ${JSON.stringify(data)}\n`,
    );
  };
  for (const entry of kernel.hooks.catalogue()) {
    if (entry.state !== 'live') continue;
    if (entry.kind === 'tracepoint') {
      const [group, tp] = entry.name.split(':');
      kernel.hooks.tracepoint(group, tp)?.raw.add((words) => note(entry.name, words));
      kernel.hooks.tracepoint(group, tp)?.record.add((fields) => note(entry.name, fields));
    } else if (entry.kind === 'kprobe') {
      const hook = kernel.hooks.kernelFunction(entry.name)!;
      hook.entry.add((call) => note(entry.name, call.args));
      hook.exit.add((call) => note(entry.name, call.ret));
    }
  }
  kernel.hooks.perf.open({ type: 1, config: 0, frequencyHz: 99 }, () =>
    note('cpu-clock', [kernel.kernelStack(), kernel.userStack()]),
  );
  findScenario(name)!.start(kernel, new Prng(seed));
  kernel.run(kernel.nowNs() + RUN_NS);
  return { hash: hash.digest('hex'), events };
}

test('names are unique and the tour comes first', () => {
  const names = SCENARIOS.map((scenario) => scenario.name);
  expect(new Set(names).size).toBe(names.length);
  expect(names[0]).toBe('demo');
});

test.each(['network'])('%s: same seed, same events, with every live hook attached', (name) => {
  const first = fingerprint(name, 11);
  expect(first.events).toBeGreaterThan(5_000);
  expect(fingerprint(name, 11)).toEqual(first);
  expect(fingerprint(name, 12).hash).not.toBe(first.hash);
});

test('attaching changes nothing about what happens', () => {
  const trace = (attached: boolean) => {
    const kernel = boot(3);
    const execs: string[] = [];
    kernel.hooks.tracepoint('sched', 'sched_process_exec')!.record.add((fields) => {
      execs.push(`${kernel.nowNs()} ${JSON.stringify(fields)}`);
    });
    if (attached)
      for (const name of ['vfs_read', 'tcp_v4_connect', 'do_sys_openat2'])
        kernel.hooks.kernelFunction(name)!.entry.add(() => undefined);
    findScenario('demo')!.start(kernel, new Prng(3));
    kernel.run(kernel.nowNs() + RUN_NS);
    return execs;
  };
  expect(trace(true)).toEqual(trace(false));
});

test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
  '%s runs at a believable rate',
  (_name, scenario) => {
    const kernel = boot(5);
    let syscalls = 0;
    kernel.hooks.tracepoint('raw_syscalls', 'sys_enter')!.raw.add(() => syscalls++);
    scenario.start(kernel, new Prng(5));
    const start = kernel.nowNs();
    kernel.run(start + 1e9);
    const perSecond = syscalls;
    expect(perSecond).toBeGreaterThan(80);
    expect(perSecond).toBeLessThan(100_000);
    expect(kernel.nowNs()).toBeGreaterThanOrEqual(start + 1e9 - 1e6);
  },
);

test('the tour shows what it promises', () => {
  const kernel = boot(9);
  const files = new Set<string>();
  const lines: string[] = [];
  const connects: number[] = [];
  kernel.hooks.tracepoint('sched', 'sched_process_exec')!.record.add((f) => files.add(String(f.filename)));
  kernel.hooks.userFunction('/bin/bash', 'readline')!.exit.add((call) => {
    if (call.ret) lines.push(kernel.user.readText(kernel.task.mm!, call.ret)!);
  });
  kernel.hooks.kernelFunction('tcp_v4_connect')!.exit.add((call) => connects.push(call.ret!));
  const demo = findScenario('demo')!;
  demo.start(kernel, new Prng(9));
  kernel.run(kernel.nowNs() + 1.6 * demo.defaultDurationNs);
  for (const path of ['/usr/bin/id', '/usr/bin/ls', '/usr/bin/curl', '/usr/bin/sudo', '/srv/backup.sh'])
    expect(files).toContain(path);
  expect(lines).toContain('cat /etc/passwd');
  expect(lines.at(-1)).toBe('exit');
  expect(connects.length).toBeGreaterThan(50);
  expect(connects.every((ret) => ret === 0)).toBe(true);
});
