import { loadReferenceKernel } from '@probed/assets';
import { Prng } from '@probed/base';
import { Btf } from '@probed/btf';
import { KernelMemory, offsetOf } from '@probed/memory';
import { Kernel } from '@probed/system';
import { findScenario } from './index';

const reference = loadReferenceKernel();
const parsed = Btf.parse(reference.btf);
if (!parsed.ok) throw new Error(parsed.error.message);
const btf = parsed.value;

function started(name: string, seed: number): Kernel {
  const kernel = new Kernel({ memory: new KernelMemory(), btf, symbols: reference.symbols, seed });
  findScenario(name)!.start(kernel, new Prng(seed));
  return kernel;
}

function record(
  kernel: Kernel,
  group: string,
  name: string,
  listener: (f: Record<string, number>) => void,
): void {
  kernel.hooks.tracepoint(group, name)!.record.add((f) => listener(f as Record<string, number>));
}

/** RFC 9293 §3.3.2 as Linux shows it: TIME_WAIT is another socket, so FIN_WAIT2 goes to CLOSE. */
const TCP_NEXT: Readonly<Record<number, readonly number[]>> = {
  7: [2, 10],
  2: [1, 7],
  10: [3, 7],
  3: [1, 7],
  1: [4, 8, 7],
  4: [5, 11, 7],
  5: [7],
  8: [9, 7],
  9: [7],
  11: [7],
};

describe.each(['demo', 'network', 'cpu-bound', 'exec-storm'])('%s', (name) => {
  test('who is switched in is who is switched out next on that CPU', () => {
    const kernel = started(name, 21);
    const running = new Map<number, number>();
    let switches = 0;
    const wrong: unknown[] = [];
    record(kernel, 'sched', 'sched_switch', (f) => {
      const cpu = kernel.cpu();
      if ((running.get(cpu) ?? f.prev_pid) !== f.prev_pid) wrong.push(f);
      running.set(cpu, f.next_pid);
      switches++;
    });
    kernel.run(kernel.nowNs() + 0.5e9);
    expect(wrong).toEqual([]);
    expect(switches).toBeGreaterThan(50);
  });

  test('each exit of a system call follows its enter in the same task', () => {
    const kernel = started(name, 22);
    const inside = new Map<number, number>();
    const wrong: unknown[] = [];
    record(kernel, 'sched', 'sched_process_fork', (f) => {
      inside.set(f.child_pid, inside.get(f.parent_pid)!);
    });
    record(kernel, 'raw_syscalls', 'sys_enter', (f) => {
      const { pid } = kernel.current();
      if (inside.has(pid)) wrong.push({ pid, enter: f.id, in: inside.get(pid) });
      inside.set(pid, f.id);
    });
    record(kernel, 'raw_syscalls', 'sys_exit', (f) => {
      const { pid } = kernel.current();
      if (f.id !== inside.get(pid)) wrong.push({ pid, exit: f.id, in: inside.get(pid) });
      inside.delete(pid);
    });
    record(kernel, 'sched', 'sched_process_exit', (f) => inside.delete(f.pid));
    kernel.run(kernel.nowNs() + 0.5e9);
    expect(wrong).toEqual([]);
  });

  test('processes have parents that exist, and time on a CPU never runs backwards', () => {
    const kernel = started(name, 23);
    const clocks = new Map<number, number>();
    const wrong: unknown[] = [];
    const tick = () => {
      if (kernel.nowNs() < (clocks.get(kernel.cpu()) ?? 0)) wrong.push([kernel.cpu(), kernel.nowNs()]);
      clocks.set(kernel.cpu(), kernel.nowNs());
    };
    record(kernel, 'sched', 'sched_switch', tick);
    record(kernel, 'raw_syscalls', 'sys_enter', tick);
    record(kernel, 'sched', 'sched_process_fork', (f) => {
      const parent = kernel.taskByPid(f.parent_pid);
      const child = kernel.taskByPid(f.child_pid);
      // A thread has its creator's parent.
      const expected = child?.tgid === parent?.tgid ? parent?.ppid : parent?.tgid;
      if (!parent || child?.ppid !== expected) wrong.push(f);
    });
    kernel.run(kernel.nowNs() + 0.5e9);
    expect(wrong).toEqual([]);
  });
});

test('TCP states follow the RFC and connections end', () => {
  const kernel = started('network', 24);
  const states = new Map<number, number>();
  let closed = 0;
  const wrong: unknown[] = [];
  record(kernel, 'sock', 'inet_sock_set_state', (f) => {
    const known = states.get(f.skaddr) ?? f.oldstate;
    if (!TCP_NEXT[f.oldstate]?.includes(f.newstate) || known !== f.oldstate) wrong.push([known, f]);
    if (f.newstate === 7) {
      states.delete(f.skaddr);
      closed++;
    } else states.set(f.skaddr, f.newstate);
  });
  kernel.run(kernel.nowNs() + 1e9);
  expect(wrong).toEqual([]);
  expect(closed).toBeGreaterThan(150);
  expect(states.size).toBeLessThan(40);
});

test('tcp_rcv_state_process sees each connection in SYN_SENT once, tcp_rcv_established none', () => {
  const kernel = started('network', 27);
  const place = btf.member(btf.findByName('sock', 'struct')!, '__sk_common.skc_state')!;
  const state = (word: number) => kernel.memory.view.getUint8(offsetOf(word) + place.offsetBits / 8);
  const seen = { connects: 0, synSent: 0, established: 0, other: 0 };
  const ESTABLISHED = 1;
  const SYN_SENT = 2;
  record(kernel, 'sock', 'inet_sock_set_state', (f) => {
    if (f.newstate === SYN_SENT) seen.connects++;
  });
  kernel.hooks.kernelFunction('tcp_rcv_state_process')!.entry.add(({ args }) => {
    if (state(args[0]) === SYN_SENT) seen.synSent++;
    if (state(args[0]) === ESTABLISHED) seen.other++;
  });
  kernel.hooks.kernelFunction('tcp_rcv_established')!.entry.add(({ args }) => {
    if (state(args[0]) === ESTABLISHED) seen.established++;
    else seen.other++;
  });
  kernel.run(kernel.nowNs() + 1e9);
  expect(seen.connects).toBeGreaterThan(50);
  // Connections to hosts that never answer, and those still under way.
  expect(seen.connects - seen.synSent).toBeLessThan(10);
  expect(seen.established).toBeGreaterThan(seen.synSent);
  expect(seen.other).toBe(0);
});

test('what vfs_read returns is what read returns', () => {
  const kernel = started('demo', 25);
  const returned = new Map<number, number>();
  const wrong: unknown[] = [];
  let reads = 0;
  kernel.hooks.kernelFunction('vfs_read')!.exit.add((call) => returned.set(kernel.current().pid, call.ret!));
  record(kernel, 'syscalls', 'sys_exit_read', (f) => {
    const { pid } = kernel.current();
    if (!returned.has(pid)) return;
    if (f.ret !== returned.get(pid)) wrong.push(f);
    returned.delete(pid);
    reads++;
  });
  kernel.run(kernel.nowNs() + 3e9);
  expect(wrong).toEqual([]);
  expect(reads).toBeGreaterThan(100);
});

test('memory does not grow while the same work repeats', () => {
  const kernel = started('network', 26);
  const start = kernel.nowNs();
  kernel.run(start + 0.8e9);
  const before = kernel.memory.usedBytes;
  kernel.run(start + 2e9);
  expect(kernel.memory.usedBytes).toBeLessThan(before * 1.5);
});
