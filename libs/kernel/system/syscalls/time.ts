import { CLOCK, FUTEX } from '@probed/abi';
import { writeI64 } from '@probed/base';
import type { Kernel } from '../kernel';
import type { Sys } from '../sched/task-program';
import { TASK_STATE } from '../task/state';
import type { Task } from '../task/task';
import { tracedBlocking } from '../trace/traced';
import type { HandlerTable } from './table';
import { EFAULT, EINVAL } from './util';

const ENOSYS = -38;
const EINTR = -4;
const TIMER_ABSTIME = 1;
/** `FUTEX_CMD_MASK` less the private and realtime flags. */
const FUTEX_CMD = 0x7f;
/** Timer slack of a normal task. */
const SLACK_NS = 50_000;

/** `struct timespec` in ns; undefined on -EFAULT. */
export function readTimespec(k: Kernel, task: Task, address: number): number | undefined {
  const sec = k.user.read64(task.mm!, address);
  const nsec = k.user.read64(task.mm!, address + 8);
  return sec === undefined || nsec === undefined ? undefined : sec * 1e9 + nsec;
}

function writeTimespec(k: Kernel, task: Task, address: number, ns: number, unitNs = 1): number {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  writeI64(view, 0, Math.floor(ns / 1e9));
  writeI64(view, 8, Math.floor((ns % 1e9) / unitNs));
  return k.user.write(task.mm!, address, bytes) ? 0 : EFAULT;
}

const hrtimerNanosleep = tracedBlocking<[number, number, number]>(
  'hrtimer_nanosleep',
  (_k, ns, mode, clock) => [ns, mode, clock],
  function* (k, ns): Sys {
    const { task } = k;
    const untilNs = k.sched.cur.clock + ns + (ns > 0 ? SLACK_NS : 0);
    yield* k.sched.sleepUntil(untilNs, TASK_STATE.INTERRUPTIBLE);
    return k.sched.cur.clock < untilNs && task.signalPending() ? EINTR : 0;
  },
);

function clockNs(k: Kernel, task: Task, clock: number): number | undefined {
  if (clock === CLOCK.REALTIME || clock === CLOCK.REALTIME_COARSE) return Number(k.realtimeNs());
  if (clock === CLOCK.PROCESS_CPUTIME_ID) {
    let total = 0;
    for (const thread of task.signal.threads) total += thread.utimeNs + thread.stimeNs;
    return total;
  }
  if (clock === CLOCK.THREAD_CPUTIME_ID) return task.utimeNs + task.stimeNs;
  return clock >= 0 && clock <= 11 ? k.nowNs() : undefined;
}

function clockNanosleep(k: Kernel, task: Task, clock: number, flags: number, request: number): number | Sys {
  const ns = readTimespec(k, task, request);
  if (ns === undefined) return EFAULT;
  const now = clockNs(k, task, clock);
  if (now === undefined || ns < 0) return EINVAL;
  const wait = flags & TIMER_ABSTIME ? Math.max(0, ns - now) : ns;
  return hrtimerNanosleep(k, wait, flags & TIMER_ABSTIME ? 0 : 1, clock);
}

function futex(
  k: Kernel,
  task: Task,
  address: number,
  op: number,
  value: number,
  timeout: number,
): number | Sys {
  const command = op & FUTEX_CMD;
  if (command === FUTEX.WAKE || command === FUTEX.WAKE_BITSET)
    return k.futex.wake(k, task.mm!, address, value);
  if (command !== FUTEX.WAIT && command !== FUTEX.WAIT_BITSET) return ENOSYS;
  let untilNs = Number.POSITIVE_INFINITY;
  if (timeout) {
    const ns = readTimespec(k, task, timeout);
    if (ns === undefined) return EFAULT;
    untilNs = command === FUTEX.WAIT ? k.nowNs() + ns : ns;
  }
  return k.futex.wait(k, address, value, untilNs);
}

function times(k: Kernel, task: Task, address: number): number {
  const ticks = (ns: number) => Math.floor(ns / 1e7);
  const values = [task.utimeNs, task.stimeNs, task.signal.cutimeNs, 0].map(ticks);
  const bytes = new Uint8Array(32);
  for (const [i, value] of values.entries()) writeI64(new DataView(bytes.buffer), i * 8, value);
  if (address && !k.user.write(task.mm!, address, bytes)) return EFAULT;
  return ticks(k.nowNs());
}

function alarm(k: Kernel, task: Task, seconds: number): number {
  const { signal } = task;
  if (signal.alarmAt) signal.alarmAt.cancelled = true;
  signal.alarmAt =
    seconds === 0
      ? undefined
      : k.sched.at(k.nowNs() + seconds * 1e9, k.cpu(), () => {
          if (!task.exitState) k.signals.send(task, 14, true);
        });
  return 0;
}

/** Clocks, sleeping and futexes (`kernel/time/`, `kernel/futex/`). */
export const TIME: HandlerTable = {
  nanosleep: [90, (k, task, request) => clockNanosleep(k, task, CLOCK.MONOTONIC, 0, request)],
  clock_nanosleep: [90, (k, task, clock, flags, request) => clockNanosleep(k, task, clock, flags, request)],
  clock_gettime: [
    30,
    (k, task, clock, at) => {
      const ns = clockNs(k, task, clock);
      return ns === undefined ? EINVAL : writeTimespec(k, task, at, ns);
    },
  ],
  clock_getres: [30, (k, task, _clock, at) => (at ? writeTimespec(k, task, at, 1) : 0)],
  gettimeofday: [30, (k, task, at) => (at ? writeTimespec(k, task, at, Number(k.realtimeNs()), 1000) : 0)],
  time: [
    25,
    (k, task, at) => {
      const { sec } = k.realtime();
      if (at && !k.user.write64(task.mm!, at, sec)) return EFAULT;
      return sec;
    },
  ],
  times: [60, (k, task, at) => times(k, task, at)],
  alarm: [120, (k, task, seconds) => alarm(k, task, seconds)],
  futex: [60, (k, task, address, op, value, timeout) => futex(k, task, address, op, value, timeout)],
};
