import { POLL, S, SIGNAL, TIOC } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Source } from '../mm/user-memory';
import type { Sys } from '../sched/task-program';
import { WaitQueue } from '../sched/wait-queue';
import type { Task } from '../task/task';
import { traced, tracedBlocking } from '../trace/traced';
import type { File, FileOps } from './file';
import { Inode } from './inode';
import { LineDiscipline, outputBytes } from './line-discipline';

const encoder = new TextEncoder();

const EIO = -5;
const EAGAIN = -11;
const EFAULT = -14;
const ENOTTY = -25;
const ERESTARTSYS = -512;
const CHAR_NS = 12;
/** `c_cflag` of a fresh pty: B38400, CS8, CREAD. */
const CFLAG = 0xbf;
/** `c_lflag` of a fresh pty: ISIG, ICANON, ECHO and its variants, IEXTEN. */
const LFLAG_COOKED = 0x8a3b;
const ICANON = 2;
/** `UNIX98_PTY_SLAVE_MAJOR` */
const PTS_MAJOR = 136;

/**
 * A pseudo terminal in canonical mode: what is typed comes in line by line, what is written (and the echo of what is
 * typed) goes to whoever watches.
 */
export class Tty {
  readonly wait = new WaitQueue();
  /** Process group that signals of the keyboard go to. */
  foreground = 0;
  rows = 24;
  columns = 80;
  hungUp = false;
  /** `c_lflag` of its termios. */
  localFlags = LFLAG_COOKED;
  /** Receives what tasks write and the echo of what is typed, NL as CR NL. */
  onOutput: ((data: Uint8Array) => void) | undefined;
  readonly input: LineDiscipline;

  constructor(
    private readonly k: Kernel,
    /** Offset of its `tty_struct`. */
    readonly offset: number,
    readonly index: number,
  ) {
    this.input = new LineDiscipline({
      echo: (bytes) => this.onOutput?.(bytes),
      signal: (number) => this.signalForeground(number),
    });
  }

  /**
   * Bytes typed at the terminal; a complete line wakes the reader, ^C interrupts the foreground process group. Call it
   * from an event or between runs.
   */
  type(k: Kernel, text: string | Uint8Array): void {
    if (this.hungUp) return;
    const bytes = typeof text === 'string' ? encoder.encode(text) : text;
    if (this.input.type(bytes)) this.wait.wake(k);
  }

  /** The window has another size (TIOCSWINSZ at the master): SIGWINCH to the foreground. */
  resize(rows: number, columns: number): void {
    if (rows === this.rows && columns === this.columns) return;
    this.rows = rows;
    this.columns = columns;
    this.signalForeground(SIGNAL.SIGWINCH);
  }

  /** The far end is gone: SIGHUP to everything that has it as its terminal, end of file to who reads. */
  hangUp(): void {
    if (this.hungUp) return;
    this.hungUp = true;
    for (const task of this.processes()) {
      this.k.signals.send(task, SIGNAL.SIGHUP, true);
      this.k.signals.send(task, SIGNAL.SIGCONT, true);
    }
    this.wait.wake(this.k);
  }

  private processes(): Task[] {
    return [...this.k.tasks.all()].filter(
      (task) => task.groupLeader === task && task.signal.tty === this && !task.exitState,
    );
  }

  private signalForeground(number: number): void {
    for (const task of this.processes())
      if (task.signal.pgrp === this.foreground) this.k.signals.send(task, number, true);
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
    if (tty.hungUp) return EIO;
    tty.onOutput?.(outputBytes(data));
    return data.length;
  },
);

const ttyRead = tracedBlocking<[File, number, number]>(
  'tty_read',
  (k, file) => [k.transient.kiocb(file), 0],
  function* (k, file, buf, count): Sys {
    const tty = file.inode.object as Tty;
    if (!tty.input.ready && !tty.hungUp) {
      if (file.nonblocking) return EAGAIN;
      const woken = yield* tty.wait.waitFor(k, () => tty.input.ready || tty.hungUp);
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
    return POLL.OUT | (tty.input.ready ? POLL.IN : 0) | (tty.hungUp ? POLL.HUP : 0);
  },
  waitQueues: (_k, file) => [(file.inode.object as Tty).wait],
  ioctl(k, file, cmd, arg) {
    const tty = file.inode.object as Tty;
    return IOCTLS[cmd]?.(k, tty, arg) ?? ENOTTY;
  },
};

/** Of a termios only ICANON counts; one that did not come from TCGETS is taken for noise. */
function setTermios(k: Kernel, tty: Tty, arg: number): number {
  const bytes = k.user.peek(k.task.mm!, arg, 36);
  if (!bytes) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(8, true) !== CFLAG) return 0;
  tty.localFlags = view.getUint32(12, true);
  tty.input.setCanonical((tty.localFlags & ICANON) !== 0);
  return 0;
}

const IOCTLS: Readonly<Record<number, (k: Kernel, tty: Tty, arg: number) => number>> = {
  // A termios: cooked mode, 38400 baud, as a fresh pty has it.
  [TIOC.TCGETS]: (k, tty, arg) => {
    const termios = new Uint8Array(36);
    new DataView(termios.buffer).setUint32(0, 0x4500, true);
    new DataView(termios.buffer).setUint32(4, 0x05, true);
    new DataView(termios.buffer).setUint32(8, CFLAG, true);
    new DataView(termios.buffer).setUint32(12, tty.localFlags, true);
    return k.user.write(k.task.mm!, arg, termios) ? 0 : EFAULT;
  },
  [TIOC.TCSETS]: setTermios,
  [TIOC.TCSETSW]: setTermios,
  [TIOC.TCSETSF]: setTermios,
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
  const tty = new Tty(k, offset, index);
  const { sb, root } = k.vfs.devpts;
  const inode = new Inode(sb, index + 3, S.IFCHR | 0o620, ttyOps);
  inode.rdev = (PTS_MAJOR << 20) | index;
  inode.object = tty;
  root.entries!.set(String(index), inode);
  return tty;
}
