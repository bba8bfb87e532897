import { EPOLL, EPOLL_CTL, O, POLL, S } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Sys } from '../sched/task-program';
import type { WaitQueue } from '../sched/wait-queue';
import { TASK_STATE } from '../task/state';
import type { Task } from '../task/task';
import { tracedBlocking } from '../trace/traced';
import { createDentry } from '../vfs/dentry';
import { createFile, type File, type FileOps } from '../vfs/file';
import { Inode } from '../vfs/inode';
import { installFd } from '../vfs/open';
import type { HandlerTable } from './table';
import { readTimespec } from './time';
import { EBADF, EFAULT, EINVAL, fileOf } from './util';

const EEXIST = -17;
const ENOENT = -2;
const EINTR = -4;
const EPERM = -1;
const EPOLL_EVENT_BYTES = 12;
const POLLFD_BYTES = 8;
const ALWAYS = POLL.ERR | POLL.HUP;
const MAX_POLLFDS = 65_536;
const POLL_NS_PER_FD = 90;

interface Watch {
  readonly file: File;
  events: number;
  /** `epoll_data`, two words. */
  data: readonly [number, number];
  /** Edge-triggered: what was reported last and has not changed since. */
  reported: number;
}

/** An epoll instance: watched files by descriptor. */
class EpollSet {
  readonly watches = new Map<number, Watch>();
}

const epollOps: FileOps = {
  sleeps: false,
  poll: (k, file) => ([...ready(k, file.private as EpollSet, 1)].length > 0 ? POLL.IN : 0),
  waitQueues: (k, file) =>
    queuesOf(
      k,
      [...(file.private as EpollSet).watches.values()].map((w) => w.file),
    ),
};

function maskOf(k: Kernel, file: File): number {
  return file.ops.poll?.(k, file) ?? POLL.IN | POLL.OUT;
}

function queuesOf(k: Kernel, files: readonly File[]): WaitQueue[] {
  return files.flatMap((file) => file.ops.waitQueues?.(k, file) ?? []);
}

/** Watched files that have something to report. */
function* ready(k: Kernel, set: EpollSet, max: number): Generator<readonly [Watch, number]> {
  let found = 0;
  for (const [fd, watch] of set.watches) {
    if (watch.file.refs <= 0) {
      set.watches.delete(fd);
      continue;
    }
    const mask = maskOf(k, watch.file) & (watch.events | ALWAYS);
    const fresh = watch.events & EPOLL.ET ? mask & ~watch.reported : mask;
    if (watch.events & EPOLL.ET) watch.reported &= mask;
    if (fresh === 0) continue;
    yield [watch, mask];
    if (++found >= max) return;
  }
}

/** Sleeps on many queues at once. @returns false on a signal or time-out */
function* sleepOn(k: Kernel, queues: readonly WaitQueue[], untilNs: number): Sys<boolean> {
  const { task } = k;
  for (const queue of queues) queue.add(task);
  const timer = untilNs === Number.POSITIVE_INFINITY ? undefined : k.sched.wakeAt(task, untilNs);
  yield* k.sched.block(TASK_STATE.INTERRUPTIBLE);
  if (timer) timer.cancelled = true;
  for (const queue of queues) queue.remove(task);
  return !task.signalPending() && k.sched.cur.clock < untilNs;
}

const doEpollWait = tracedBlocking<[number, File, number, number, number]>(
  'do_epoll_wait',
  (_k, epfd, _file, events, max) => [epfd, events, max, 0],
  function* (k, _epfd, file, events, max, untilNs): Sys {
    const set = file.private as EpollSet;
    for (;;) {
      const found = [...ready(k, set, max)];
      if (found.length > 0) return report(k, found, events);
      if (k.sched.cur.clock >= untilNs) return 0;
      if (k.task.signalPending()) return EINTR;
      const queues = queuesOf(
        k,
        [...set.watches.values()].map((watch) => watch.file),
      );
      yield* sleepOn(k, queues, untilNs);
    }
  },
);

function report(k: Kernel, found: readonly (readonly [Watch, number])[], events: number): number {
  const bytes = new Uint8Array(found.length * EPOLL_EVENT_BYTES);
  const view = new DataView(bytes.buffer);
  found.forEach(([watch, mask], i) => {
    const at = i * EPOLL_EVENT_BYTES;
    view.setUint32(at, mask, true);
    view.setUint32(at + 4, watch.data[0], true);
    view.setUint32(at + 8, watch.data[1], true);
    if (watch.events & EPOLL.ET) watch.reported |= mask;
    if (watch.events & EPOLL.ONESHOT) watch.events = 0;
  });
  k.sched.spend(120 * found.length);
  return k.user.write(k.task.mm!, events, bytes) ? found.length : EFAULT;
}

function epollCreate(k: Kernel, flags: number): number {
  const { sb, mnt } = k.vfs.anon;
  const inode = new Inode(sb, sb.allocIno(), S.IFREG | 0o600, epollOps);
  const dentry = createDentry(k, 'anon_inode:[eventpoll]', undefined, inode, sb);
  const file = createFile(k, { mnt, dentry }, inode, O.RDWR);
  file.private = new EpollSet();
  return installFd(k, file, (flags & O.CLOEXEC) !== 0);
}

function epollSetOf(task: Task, fd: number): { file: File; set: EpollSet } | number {
  const file = fileOf(task, fd);
  if (!file) return EBADF;
  return file.private instanceof EpollSet ? { file, set: file.private } : EINVAL;
}

function epollCtl(k: Kernel, task: Task, epfd: number, op: number, fd: number, event: number): number {
  const found = epollSetOf(task, epfd);
  if (typeof found === 'number') return found;
  const file = fileOf(task, fd);
  if (!file) return EBADF;
  if (!file.ops.poll) return EPERM;
  const { watches } = found.set;
  if (op === EPOLL_CTL.DEL) return watches.delete(fd) ? 0 : ENOENT;
  const bytes = k.user.read(task.mm!, event, EPOLL_EVENT_BYTES);
  if (!bytes) return EFAULT;
  const view = new DataView(bytes.buffer);
  const data = [view.getUint32(4, true), view.getUint32(8, true)] as const;
  if (op === EPOLL_CTL.ADD) {
    if (watches.has(fd)) return EEXIST;
    watches.set(fd, { file, events: view.getUint32(0, true), data, reported: 0 });
    return 0;
  }
  const watch = watches.get(fd);
  if (!watch) return ENOENT;
  if (op !== EPOLL_CTL.MOD) return EINVAL;
  watch.events = view.getUint32(0, true);
  watch.data = data;
  watch.reported = 0;
  return 0;
}

function epollWait(
  k: Kernel,
  task: Task,
  epfd: number,
  events: number,
  max: number,
  ms: number,
): number | Sys {
  const found = epollSetOf(task, epfd);
  if (typeof found === 'number') return found;
  if (max <= 0) return EINVAL;
  return doEpollWait(k, epfd, found.file, events, max, deadline(k, ms | 0));
}

/** Negative: for ever. */
function deadline(k: Kernel, ms: number): number {
  return ms < 0 ? Number.POSITIVE_INFINITY : k.nowNs() + ms * 1e6;
}

const doSysPoll = tracedBlocking<[number, number, number]>(
  'do_sys_poll',
  (_k, fds, count) => [fds, count, 0],
  function* (k, fds, count, untilNs): Sys {
    const { task } = k;
    for (;;) {
      const files: File[] = [];
      let hits = 0;
      k.sched.spend(POLL_NS_PER_FD * count);
      for (let i = 0; i < count; i++) {
        const bytes = k.user.read(task.mm!, fds + i * POLLFD_BYTES, POLLFD_BYTES);
        if (!bytes) return EFAULT;
        const view = new DataView(bytes.buffer);
        const fd = view.getInt32(0, true);
        const file = fd < 0 ? undefined : task.files.get(fd);
        const wanted = view.getInt16(4, true) | ALWAYS;
        const got = fd < 0 ? 0 : file ? maskOf(k, file) & wanted : POLL.NVAL;
        view.setInt16(6, got, true);
        k.user.write(task.mm!, fds + i * POLLFD_BYTES, bytes);
        if (got) hits++;
        if (file) files.push(file);
      }
      if (hits > 0) return hits;
      if (k.sched.cur.clock >= untilNs) return 0;
      if (task.signalPending()) return EINTR;
      yield* sleepOn(k, queuesOf(k, files), untilNs);
    }
  },
);

function poll(k: Kernel, fds: number, count: number, untilNs: number): number | Sys {
  return count > MAX_POLLFDS ? EINVAL : doSysPoll(k, fds, count, untilNs);
}

/** select(2): three bit sets of descriptors, answered by the same sleep as poll. */
function* select(k: Kernel, task: Task, count: number, sets: readonly number[], untilNs: number): Sys {
  const bytes = Math.ceil(count / 64) * 8;
  const wanted = sets.map((at) => (at ? k.user.read(task.mm!, at, bytes) : undefined));
  const events = [POLL.IN | POLL.HUP, POLL.OUT, POLL.PRI];
  for (;;) {
    const out = sets.map(() => new Uint8Array(bytes));
    const files: File[] = [];
    let hits = 0;
    for (let fd = 0; fd < count; fd++)
      for (let i = 0; i < 3; i++) {
        if (!wanted[i] || !(wanted[i]![fd >> 3] & (1 << (fd & 7)))) continue;
        const file = task.files.get(fd);
        if (!file) return EBADF;
        files.push(file);
        if (!(maskOf(k, file) & events[i])) continue;
        out[i][fd >> 3] |= 1 << (fd & 7);
        hits++;
      }
    const over = k.sched.cur.clock >= untilNs;
    if (hits > 0 || over) {
      sets.forEach((at, i) => {
        if (at) k.user.write(task.mm!, at, out[i]);
      });
      return hits;
    }
    if (task.signalPending()) return EINTR;
    yield* sleepOn(k, queuesOf(k, files), untilNs);
  }
}

function selectDeadline(k: Kernel, task: Task, at: number, micros: boolean): number {
  if (!at) return Number.POSITIVE_INFINITY;
  const ns = readTimespec(k, task, at) ?? 0;
  const sec = Math.floor(ns / 1e9);
  return k.nowNs() + (micros ? sec * 1e9 + (ns - sec * 1e9) * 1000 : ns);
}

/** Waiting for many descriptors (`fs/select.c`, `fs/eventpoll.c`). */
export const POLLING: HandlerTable = {
  poll: [120, (k, _task, fds, count, ms) => poll(k, fds, count, deadline(k, ms | 0))],
  ppoll: [
    130,
    (k, task, fds, count, timeout) => poll(k, fds, count, selectDeadline(k, task, timeout, false)),
  ],
  select: [
    150,
    (k, task, n, r, w, e, timeout) => select(k, task, n, [r, w, e], selectDeadline(k, task, timeout, true)),
  ],
  pselect6: [
    150,
    (k, task, n, r, w, e, timeout) => select(k, task, n, [r, w, e], selectDeadline(k, task, timeout, false)),
  ],
  epoll_create: [700, (k) => epollCreate(k, 0)],
  epoll_create1: [700, (k, _task, flags) => epollCreate(k, flags)],
  epoll_ctl: [180, (k, task, epfd, op, fd, event) => epollCtl(k, task, epfd, op, fd, event)],
  epoll_wait: [120, (k, task, epfd, events, max, ms) => epollWait(k, task, epfd, events, max, ms)],
  epoll_pwait: [130, (k, task, epfd, events, max, ms) => epollWait(k, task, epfd, events, max, ms)],
};
