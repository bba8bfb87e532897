import type { Kernel } from '../kernel';
import type { AddressSpace } from '../mm/address-space';
import { TASK_STATE } from '../task/state';
import type { Task } from '../task/task';
import { traced, tracedBlocking } from '../trace/traced';
import type { Sys } from './task-program';

const EAGAIN = -11;
const EFAULT = -14;
const ETIMEDOUT = -110;
const ERESTARTSYS = -512;

interface Waiter {
  readonly task: Task;
  woken: boolean;
}

const futexWait = tracedBlocking<[number, number, number]>(
  'futex_wait',
  (_k, address, _value, _until) => [address, 0, 0, 0, 0],
  function* (k, address, value, untilNs): Sys {
    const { task } = k;
    const now = k.user.read32(task.mm!, address);
    if (now === undefined) return EFAULT;
    if (now !== (value | 0)) return EAGAIN;
    const waiter: Waiter = { task, woken: false };
    const queue = k.futex.queue(task.mm!, address);
    queue.push(waiter);
    const timer = untilNs === Number.POSITIVE_INFINITY ? undefined : k.sched.wakeAt(task, untilNs);
    while (!waiter.woken && k.sched.cur.clock < untilNs && !task.signalPending())
      yield* k.sched.block(TASK_STATE.INTERRUPTIBLE);
    if (timer) timer.cancelled = true;
    if (waiter.woken) return 0;
    queue.splice(queue.indexOf(waiter), 1);
    return task.signalPending() ? ERESTARTSYS : ETIMEDOUT;
  },
);

const futexWake = traced<[AddressSpace, number, number]>(
  'futex_wake',
  (_k, _mm, address, count) => [address, 0, count, 0],
  (k, mm, address, count) => {
    const queue = k.futex.queue(mm, address);
    let woken = 0;
    while (queue.length > 0 && woken < count) {
      const waiter = queue.shift()!;
      waiter.woken = true;
      k.sched.wake(waiter.task);
      woken++;
    }
    return woken;
  },
);

/** Waiters on user addresses (`kernel/futex/`). Private futexes only: the key is (address space, address). */
export class Futexes {
  private readonly queues = new WeakMap<AddressSpace, Map<number, Waiter[]>>();

  queue(mm: AddressSpace, address: number): Waiter[] {
    let map = this.queues.get(mm);
    if (!map) this.queues.set(mm, (map = new Map()));
    let queue = map.get(address);
    if (!queue) map.set(address, (queue = []));
    return queue;
  }

  wait(k: Kernel, address: number, value: number, untilNs: number): Sys {
    return futexWait(k, address, value, untilNs);
  }

  wake(k: Kernel, mm: AddressSpace, address: number, count: number): number {
    return futexWake(k, mm, address, count);
  }
}
