import { POLL, S, TIOC } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Source } from '../mm/user-memory';
import type { Sys } from '../sched/task-program';
import { WaitQueue } from '../sched/wait-queue';
import { traced, tracedBlocking } from '../trace/traced';
import { ByteQueue } from './byte-queue';
import type { File, FileOps } from './file';
import { Inode } from './inode';

const EAGAIN = -11;
const EFAULT = -14;
const ENOTTY = -25;
const ERESTARTSYS = -512;
const CHAR_NS = 12;
/** `UNIX98_PTY_SLAVE_MAJOR` */
const PTS_MAJOR = 136;

/** A pseudo terminal: what is typed comes in, what is written goes to whoever watches. */
export class Tty {
  readonly input = new ByteQueue();
  readonly wait = new WaitQueue();
  foreground = 0;
  rows = 24;
  columns = 80;
  hungUp = false;
  /** Receives what tasks write. */
  onOutput: ((data: Uint8Array) => void) | undefined;
  constructor(
    /** Offset of its `tty_struct`. */
    readonly offset: number,
    readonly index: number,
  ) {}

  /** Bytes typed at the terminal: they wake the reader. Call it from an event or before the run. */
  type(k: Kernel, text: string): void {
    this.input.push(new TextEncoder().encode(text));
    this.wait.wake(k);
  }
}

const ttyWrite = traced<[File, Source, number]>(
  'tty_write',
  (k, file) => [k.transient.kiocb(file), 0],
  (k, file, buf, count) => {
    const tty = file.inode.object as Tty;
    const data = k.user.fetch(buf, 0, count);
    if (!data) return EFAULT;
    k.sched.spend(600 + data.length * CHAR_NS);
    tty.onOutput?.(data);
    return data.length;
  },
);

const ttyRead = tracedBlocking<[File, number, number]>(
  'tty_read',
  (k, file) => [k.transient.kiocb(file), 0],
  function* (k, file, buf, count): Sys {
    const tty = file.inode.object as Tty;
    if (tty.input.size === 0 && !tty.hungUp) {
      if (file.nonblocking) return EAGAIN;
      const woken = yield* tty.wait.waitFor(k, () => tty.input.size > 0 || tty.hungUp);
      if (woken < 0) return ERESTARTSYS;
    }
    const data = tty.input.take(count);
    if (data.length > 0 && !k.user.write(k.task.mm!, buf, data)) return EFAULT;
    k.sched.spend(500 + data.length * CHAR_NS);
    return data.length;
  },
);

const ttyOps: FileOps = {
  sleeps: true,
  readSleeping: (k, file, buf, count) => ttyRead(k, file, buf, count),
  writeSleeping: (k, file, buf, count) => ttyWrite(k, file, buf, count),
  poll(_k, file) {
    const tty = file.inode.object as Tty;
    return POLL.OUT | (tty.input.size > 0 ? POLL.IN : 0) | (tty.hungUp ? POLL.HUP : 0);
  },
  waitQueues: (_k, file) => [(file.inode.object as Tty).wait],
  ioctl(k, file, cmd, arg) {
    const tty = file.inode.object as Tty;
    return IOCTLS[cmd]?.(k, tty, arg) ?? ENOTTY;
  },
};

const IOCTLS: Readonly<Record<number, (k: Kernel, tty: Tty, arg: number) => number>> = {
  // A termios of 60 bytes: cooked mode, 38400 baud, as a fresh pty has it.
  [TIOC.TCGETS]: (k, _tty, arg) => {
    const termios = new Uint8Array(36);
    new DataView(termios.buffer).setUint32(0, 0x4500, true);
    new DataView(termios.buffer).setUint32(4, 0x05, true);
    new DataView(termios.buffer).setUint32(8, 0xbf, true);
    new DataView(termios.buffer).setUint32(12, 0x8a3b, true);
    return k.user.write(k.task.mm!, arg, termios) ? 0 : EFAULT;
  },
  [TIOC.TCSETSW]: () => 0,
  [TIOC.TIOCGWINSZ]: (k, tty, arg) => {
    const size = new Uint8Array(8);
    new DataView(size.buffer).setUint16(0, tty.rows, true);
    new DataView(size.buffer).setUint16(2, tty.columns, true);
    return k.user.write(k.task.mm!, arg, size) ? 0 : EFAULT;
  },
  [TIOC.TIOCGPGRP]: (k, tty, arg) => (k.user.write32(k.task.mm!, arg, tty.foreground) ? 0 : EFAULT),
  [TIOC.TIOCSPGRP]: (k, tty, arg) => {
    const group = k.user.read32(k.task.mm!, arg);
    if (group === undefined) return EFAULT;
    tty.foreground = group;
    return 0;
  },
};

/** Makes `/dev/pts/N` and its terminal. */
export function createTty(k: Kernel): Tty {
  const index = k.vfs.nextPty++;
  const L = k.layout.tty;
  const D = k.layout.ttyDriver;
  const driver = k.memory.alloc(D.sizeBytes);
  k.w.put(driver, D.major, PTS_MAJOR);
  k.w.ptr(driver, D.driver_name, k.w.string('pty_slave'));
  k.w.ptr(driver, D.name, k.w.string('pts'));
  const offset = k.memory.alloc(L.sizeBytes);
  k.w.put(offset, L.index, index);
  k.w.text(offset, L.name, `pts${index}`);
  k.w.ptr(offset, L.driver, driver);
  const tty = new Tty(offset, index);
  const { sb, root } = k.vfs.devpts;
  const inode = new Inode(sb, index + 3, S.IFCHR | 0o620, ttyOps);
  inode.rdev = (PTS_MAJOR << 20) | index;
  inode.object = tty;
  root.entries!.set(String(index), inode);
  return tty;
}
