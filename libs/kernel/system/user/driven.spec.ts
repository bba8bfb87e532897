import { loadReferenceKernel } from '@probed/assets';
import { Btf } from '@probed/btf';
import { KernelMemory } from '@probed/memory';
import { Kernel } from '../kernel';
import type { Launch } from '../task/launch';
import { createStdio } from '../vfs/stdio';
import { createTty } from '../vfs/tty';
import { type DrivenProcess, type Driver, TaskExited } from './driven';

const reference = loadReferenceKernel();
const parsed = Btf.parse(reference.btf);
if (!parsed.ok) throw new Error(parsed.error.message);
const btf = parsed.value;

function boot(drivers: Readonly<Record<string, Driver>>): Kernel {
  const kernel = new Kernel({ memory: new KernelMemory(), btf, symbols: reference.symbols, seed: 5 });
  for (const [name, driver] of Object.entries(drivers))
    kernel.programs.register({
      name,
      image: { path: `/usr/bin/${name}`, symbols: ['main'], entry: ['main'] },
      isStatic: true,
      driver,
    });
  return kernel;
}

function start(kernel: Kernel, name: string, more: Partial<Launch> = {}) {
  const root = kernel.createRoot({
    'usr/bin/one': { program: 'one' },
    'usr/bin/two': { program: 'two' },
  });
  return kernel.launch({ path: `/usr/bin/${name}`, argv: [name, 'x'], root, ...more });
}

const turns = (count: number) =>
  Array.from({ length: count }).reduce<Promise<void>>((p) => p.then(() => undefined), Promise.resolve());

test('time stands still while a driver thinks, and goes on when it has said what comes next', async () => {
  let go: () => void = () => undefined;
  const thinking = new Promise<void>((resolve) => {
    go = resolve;
  });
  const kernel = boot({
    async one(process) {
      await process.run((u) => u.getpid());
      await thinking;
      return 3;
    },
  });
  const statuses: number[] = [];
  const task = start(kernel, 'one', { onExit: (status) => statuses.push(status) });
  const until = kernel.nowNs() + 1e9;
  while (!kernel.run(until) && kernel.drivers.waiting[0] !== task.pid) await turns(1);
  await turns(50);
  expect(kernel.run(until)).toBe(false);
  const stuckAt = kernel.nowNs();
  expect(kernel.run(until)).toBe(false);
  expect(kernel.nowNs()).toBe(stuckAt);
  expect(stuckAt).toBeLessThan(until);
  expect(kernel.drivers.waiting).toEqual([task.pid]);
  go();
  await kernel.runAsync(until);
  expect(kernel.nowNs()).toBeGreaterThanOrEqual(until);
  expect(statuses).toEqual([3 << 8]);
});

test('however slow the promises, the events and their times are the same', async () => {
  const run = async (delay: () => number) => {
    const events: unknown[] = [];
    const work: Driver = async (process) => {
      for (let i = 0; i < 20; i++) {
        await turns(delay());
        await process.run((u) => (i % 5 === 4 ? u.sleep(50_000) : u.getpid()));
      }
      return 0;
    };
    const kernel = boot({ one: work, two: work });
    kernel.hooks.tracepoint('raw_syscalls', 'sys_enter')!.record.add((f) => {
      events.push([kernel.nowNs(), kernel.current().pid, (f as { id: number }).id]);
    });
    start(kernel, 'one');
    start(kernel, 'two');
    await kernel.runAsync(kernel.nowNs() + 5e7);
    return events;
  };
  let n = 0;
  const quick = await run(() => 0);
  const slow = await run(() => (n++ * 7) % 13);
  expect(slow).toEqual(quick);
  expect(quick.length).toBeGreaterThan(40);
});

test('fork, wait, execve of another driven program', async () => {
  const seen: unknown[] = [];
  const kernel = boot({
    async one(process) {
      const pid = await process.fork(async (child) => {
        seen.push(['child', child.argv, (await child.run((u) => u.getppid())) !== child.ownPid]);
        await child.run((u) => u.exec('/usr/bin/two', ['two', 'a', 'b'], ['K=V=1']));
        return 127;
      });
      const [got, status] = await process.run((u) => u.wait(pid));
      seen.push(['parent', got === pid, status >> 8]);
      return 0;
    },
    async two(process) {
      seen.push(['two', process.argv, process.env.K, process.k.taskByPid(process.pid)?.execSession]);
      return 9;
    },
  });
  start(kernel, 'one', { execSession: 's-1' });
  await kernel.runAsync(kernel.nowNs() + 1e9);
  expect(seen).toEqual([
    ['child', ['one', 'x'], true],
    ['two', ['two', 'a', 'b'], 'V=1', 's-1'],
    ['parent', true, 9],
  ]);
});

test.each<[string, number, (kernel: Kernel, pid: number, tty: ReturnType<typeof createTty>) => void]>([
  ['^C at its terminal', 2, (_kernel, _pid, tty) => tty.type(_kernel, '\x03')],
  ['the terminal hangs up', 1, (_kernel, _pid, tty) => tty.hangUp()],
  ['the host gives it up', 9, (kernel, pid) => expect(kernel.drivers.abort(pid)).toBe(true)],
])('a driver that never comes back: %s', async (_name, signal, end) => {
  let process: DrivenProcess | undefined;
  const kernel = boot({
    one(p) {
      process = p;
      return new Promise(() => undefined);
    },
  });
  const statuses: number[] = [];
  const tty = createTty(kernel);
  const task = start(kernel, 'one', { tty, onExit: (status) => statuses.push(status) });
  const until = kernel.nowNs() + 1e9;
  while (!process) {
    kernel.run(until);
    await turns(3);
  }
  expect(kernel.run(until)).toBe(false);
  end(kernel, task.pid, tty);
  await kernel.runAsync(until);
  expect(statuses).toEqual([signal]);
  expect(process.alive).toBe(false);
  await expect(process.run((u) => u.getpid())).rejects.toBeInstanceOf(TaskExited);
});

test('a pending piece rejects when its task is killed', async () => {
  const outcome: unknown[] = [];
  const kernel = boot({
    async one(process) {
      await process.run((u) => u.sleep(10e9)).catch((error) => outcome.push(error));
      return 0;
    },
  });
  const task = start(kernel, 'one');
  await kernel.runAsync(kernel.nowNs() + 1e9);
  kernel.signals.send(task, 15, true);
  await kernel.runAsync(kernel.nowNs() + 1e9);
  expect(outcome).toEqual([expect.any(TaskExited)]);
});

test('a driver that throws ends with code 1 and the host hears of it', async () => {
  const crashes: unknown[] = [];
  const statuses: number[] = [];
  const kernel = boot({
    async one() {
      throw new Error('no');
    },
  });
  kernel.drivers.onCrash = (pid, error) => crashes.push([pid, (error as Error).message]);
  const task = start(kernel, 'one', { onExit: (status) => statuses.push(status) });
  await kernel.runAsync(kernel.nowNs() + 1e9);
  expect(crashes).toEqual([[task.pid, 'no']]);
  expect(statuses).toEqual([1 << 8]);
});

test('standard streams are pipes whose far ends the host holds', async () => {
  const out: string[] = [];
  const kernel = boot({
    async one(process) {
      const kinds = await process.run(function* (u) {
        const list: number[] = [];
        for (const fd of [0, 1, 2]) {
          yield* u.fstat(fd);
          list.push(new DataView(u.peek(u.lastRoom + 24, 4).buffer).getUint32(0, true) >> 12);
        }
        return list;
      });
      out.push(`types ${kinds}`);
      for (;;) {
        const text = await process.run(function* (u) {
          const bytes = yield* u.read(0, 100);
          return bytes > 0 ? u.text(u.buffer, bytes) : '';
        });
        if (!text) return 0;
        await process.run((u) => u.write(1, text.toUpperCase()));
        await process.run((u) => u.write(2, '!'));
      }
    },
  });
  const stdio = createStdio(kernel);
  const text = new TextDecoder();
  stdio.onStdout = (data) => out.push(`1 ${text.decode(data)}`);
  stdio.onStderr = (data) => out.push(`2 ${text.decode(data)}`);
  const statuses: number[] = [];
  start(kernel, 'one', { stdio, onExit: (status) => statuses.push(status) });
  await kernel.runAsync(kernel.nowNs() + 1e8);
  stdio.write('abc');
  await kernel.runAsync(kernel.nowNs() + 1e8);
  stdio.write('def');
  stdio.closeStdin();
  await kernel.runAsync(kernel.nowNs() + 1e8);
  // S_IFIFO
  expect(out).toEqual(['types 1,1,1', '1 ABC', '2 !', '1 DEF', '2 !']);
  expect(statuses).toEqual([0]);
});
