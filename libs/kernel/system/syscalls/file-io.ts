import { F, FD, O, S, SEEK } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Sys } from '../sched/task-program';
import type { Task } from '../task/task';
import { securityHook } from '../trace/security';
import { tracedBlocking } from '../trace/traced';
import { type File, setFileFlags, setFilePos } from '../vfs/file';
import { touch } from '../vfs/inode';
import { closeFile, doSysOpenat2, fdInstall, installFd } from '../vfs/open';
import { createPipe } from '../vfs/pipe';
import { readElement, vfsRead, vfsWrite, writeElement } from '../vfs/read-write';
import type { HandlerTable } from './table';
import { EBADF, EFAULT, EINVAL, fileOf, getname, startOf } from './util';

const ESPIPE = -29;
const ENOTTY = -25;
const IOV_BYTES = 16;
const IOV_MAX = 1024;
const FSYNC_NS = 2_600;

const vfsFsyncRange = tracedBlocking<[File]>(
  'vfs_fsync_range',
  (k, file) => [k.ptr(file.offset), 0, 0x7fff_ffff, 0],
  function* (k, file): Sys {
    k.sched.spend(FSYNC_NS);
    if (file.ops.sync) yield* file.ops.sync(k, file);
    return 0;
  },
);

const vfsFsync = tracedBlocking<[File, number]>(
  'vfs_fsync',
  (k, file, datasync) => [k.ptr(file.offset), datasync],
  (k, file) => vfsFsyncRange(k, file),
);

const securityFileIoctl = securityHook<[File, number, number]>('file_ioctl', (k, file, cmd, arg) => [
  k.ptr(file.offset),
  cmd,
  arg,
]);

const securityFileFcntl = securityHook<[File, number, number]>('file_fcntl', (k, file, cmd, arg) => [
  k.ptr(file.offset),
  cmd,
  arg,
]);

const securityFileLock = securityHook<[File, number]>('file_lock', (k, file, cmd) => [
  k.ptr(file.offset),
  cmd,
]);

const securityFileTruncate = securityHook<[File]>('file_truncate', (k, file) => [k.ptr(file.offset)]);

function openAt(k: Kernel, task: Task, dfd: number, filename: number, flags: number, mode: number): number {
  const path = getname(k, task, filename);
  if (typeof path === 'number') return path;
  const start = path.startsWith('/') ? task.fs.root : startOf(task, dfd);
  if (typeof start === 'number') return start;
  const effective = flags & (O.CREAT | O.TMPFILE) ? mode & 0o7777 : 0;
  return doSysOpenat2(k, dfd | 0, filename, flags, effective, { start, path });
}

function close(k: Kernel, task: Task, fd: number): number {
  const file = task.files.remove(fd | 0);
  return file ? closeFile(k, file, task.files) : EBADF;
}

function seekable(file: File): boolean {
  return file.inode.type === S.IFREG || file.inode.type === S.IFDIR;
}

function lseek(k: Kernel, file: File, offset: number, whence: number): number {
  if (!seekable(file)) return ESPIPE;
  const base = whence === SEEK.SET ? 0 : whence === SEEK.CUR ? file.pos : file.inode.size;
  if (whence > SEEK.END) return EINVAL;
  const pos = base + offset;
  if (pos < 0) return EINVAL;
  setFilePos(k, file, pos);
  return pos;
}

/** readv and writev: one transfer an element, until one is short. */
function* vectored(
  k: Kernel,
  task: Task,
  file: File,
  vec: number,
  count: number,
  transfer: typeof readElement,
): Sys {
  if (count > IOV_MAX) return EINVAL;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const base = k.user.read64(task.mm!, vec + i * IOV_BYTES);
    const length = k.user.read64(task.mm!, vec + i * IOV_BYTES + 8);
    if (base === undefined || length === undefined) return EFAULT;
    if (length === 0) continue;
    const done = transfer(k, file, base, length);
    const bytes = typeof done === 'number' ? done : yield* done;
    if (bytes < 0) return total || bytes;
    total += bytes;
    if (bytes < length) break;
  }
  return total;
}

function dup(k: Kernel, task: Task, fd: number, from: number, cloexec: boolean): number {
  const file = fileOf(task, fd);
  if (!file) return EBADF;
  const to = task.files.unused(from);
  if (to < 0) return to;
  file.refs++;
  fdInstall(k, to, file, cloexec);
  return to;
}

function dup2(k: Kernel, task: Task, from: number, to: number, cloexec: boolean): number {
  const file = fileOf(task, from);
  if (!file || to < 0 || to > 65_535) return EBADF;
  if (from === to) return to;
  file.refs++;
  close(k, task, to);
  fdInstall(k, to, file, cloexec);
  return to;
}

type Fcntl = (k: Kernel, task: Task, file: File, fd: number, arg: number) => number;

const FCNTL: Readonly<Record<number, Fcntl>> = {
  [F.DUPFD]: (k, task, _file, fd, arg) => dup(k, task, fd, arg, false),
  [F.DUPFD_CLOEXEC]: (k, task, _file, fd, arg) => dup(k, task, fd, arg, true),
  [F.GETFD]: (_k, task, _file, fd) => (task.files.closeOnExec.has(fd) ? FD.CLOEXEC : 0),
  [F.SETFD]: (_k, task, _file, fd, arg) => {
    if (arg & FD.CLOEXEC) task.files.closeOnExec.add(fd);
    else task.files.closeOnExec.delete(fd);
    return 0;
  },
  [F.GETFL]: (_k, _task, file) => file.flags,
  [F.SETFL]: (k, _task, file, _fd, arg) => {
    const settable = O.APPEND | O.NONBLOCK | O.ASYNC | O.DIRECT | O.NOATIME;
    setFileFlags(k, file, (file.flags & ~settable) | (arg & settable));
    return 0;
  },
  // Advisory locks: one owner a node, so each is granted.
  [F.GETLK]: () => 0,
  [F.SETLK]: () => 0,
  [F.SETLKW]: () => 0,
};

function pipe2(k: Kernel, task: Task, address: number, flags: number): number {
  const cloexec = (flags & O.CLOEXEC) !== 0;
  const [read, write] = createPipe(k, flags);
  const fds = [installFd(k, read, cloexec), installFd(k, write, cloexec)];
  const ok = k.user.write32(task.mm!, address, fds[0]) && k.user.write32(task.mm!, address + 4, fds[1]);
  if (ok) return 0;
  for (const fd of fds) close(k, task, fd);
  return EFAULT;
}

/** Moves bytes from a file to anything that can be written, through the page cache. */
function* sendfile(k: Kernel, task: Task, out: File, source: File, offsetAt: number, count: number): Sys {
  const { mm } = task;
  const pos = offsetAt ? k.user.read64(mm!, offsetAt) : source.pos;
  if (pos === undefined) return EFAULT;
  const bytes = Math.min(count, Math.max(0, source.inode.size - pos));
  if (bytes === 0) return 0;
  const data = new Uint8Array(bytes);
  source.inode.readInto(data, 0, pos, bytes);
  const done = writeElement(k, out, data, bytes);
  const sent = typeof done === 'number' ? done : yield* done;
  if (sent <= 0) return sent;
  if (!offsetAt) setFilePos(k, source, pos + sent);
  else if (!k.user.write64(mm!, offsetAt, pos + sent)) return EFAULT;
  return sent;
}

function truncate(k: Kernel, file: File, length: number): number {
  const { inode } = file;
  if (!file.writable || inode.type !== S.IFREG) return EINVAL;
  const denied = securityFileTruncate(k, file);
  if (denied < 0) return denied;
  inode.truncate(length);
  touch(k, inode);
  return 0;
}

/** Reading, writing and descriptors (`fs/read_write.c`, `fs/open.c`, `fs/fcntl.c`, `fs/pipe.c`). */
export const FILE_IO: HandlerTable = {
  read: [
    40,
    (k, task, fd, buf, count) => {
      const file = fileOf(task, fd);
      return file ? vfsRead(k, file, buf, count) : EBADF;
    },
  ],
  write: [
    40,
    (k, task, fd, buf, count) => {
      const file = fileOf(task, fd);
      return file ? vfsWrite(k, file, buf, count) : EBADF;
    },
  ],
  pread64: [
    40,
    (k, task, fd, buf, count, pos) => {
      const file = fileOf(task, fd);
      if (!file) return EBADF;
      return seekable(file) ? vfsRead(k, file, buf, count, pos) : ESPIPE;
    },
  ],
  pwrite64: [
    40,
    (k, task, fd, buf, count, pos) => {
      const file = fileOf(task, fd);
      if (!file) return EBADF;
      return seekable(file) ? vfsWrite(k, file, buf, count, pos) : ESPIPE;
    },
  ],
  readv: [
    60,
    (k, task, fd, vec, count) => {
      const file = fileOf(task, fd);
      return file ? vectored(k, task, file, vec, count, readElement) : EBADF;
    },
  ],
  writev: [
    60,
    (k, task, fd, vec, count) => {
      const file = fileOf(task, fd);
      return file ? vectored(k, task, file, vec, count, writeElement) : EBADF;
    },
  ],
  open: [60, (k, task, path, flags, mode) => openAt(k, task, -100, path, flags, mode)],
  creat: [60, (k, task, path, mode) => openAt(k, task, -100, path, O.CREAT | O.WRONLY | O.TRUNC, mode)],
  openat: [60, (k, task, dfd, path, flags, mode) => openAt(k, task, dfd, path, flags | 0, mode)],
  openat2: [
    80,
    (k, task, dfd, path, how) => {
      const flags = k.user.read64(task.mm!, how);
      const mode = k.user.read64(task.mm!, how + 8);
      return flags === undefined || mode === undefined ? EFAULT : openAt(k, task, dfd, path, flags, mode);
    },
  ],
  close: [50, (k, task, fd) => close(k, task, fd)],
  close_range: [
    80,
    (k, task, first, last) => {
      const end = Math.min(last, task.files.fds.length - 1);
      for (let fd = first; fd <= end; fd++) close(k, task, fd);
      return 0;
    },
  ],
  lseek: [
    40,
    (k, task, fd, offset, whence) => {
      const file = fileOf(task, fd);
      return file ? lseek(k, file, offset, whence) : EBADF;
    },
  ],
  dup: [60, (k, task, fd) => dup(k, task, fd, 0, false)],
  dup2: [70, (k, task, from, to) => dup2(k, task, from, to, false)],
  dup3: [
    70,
    (k, task, from, to, flags) => (from === to ? EINVAL : dup2(k, task, from, to, (flags & O.CLOEXEC) !== 0)),
  ],
  pipe: [900, (k, task, address) => pipe2(k, task, address, 0)],
  pipe2: [900, (k, task, address, flags) => pipe2(k, task, address, flags)],
  fcntl: [
    60,
    (k, task, fd, cmd, arg) => {
      const file = fileOf(task, fd);
      if (!file) return EBADF;
      const denied = securityFileFcntl(k, file, cmd, arg);
      if (denied < 0) return denied;
      return FCNTL[cmd]?.(k, task, file, fd, arg) ?? EINVAL;
    },
  ],
  ioctl: [
    90,
    (k, task, fd, cmd, arg) => {
      const file = fileOf(task, fd);
      if (!file) return EBADF;
      const denied = securityFileIoctl(k, file, cmd, arg);
      if (denied < 0) return denied;
      return file.ops.ioctl?.(k, file, cmd, arg) ?? ENOTTY;
    },
  ],
  fsync: [
    60,
    (k, task, fd) => {
      const file = fileOf(task, fd);
      return file ? vfsFsync(k, file, 0) : EBADF;
    },
  ],
  fdatasync: [
    60,
    (k, task, fd) => {
      const file = fileOf(task, fd);
      return file ? vfsFsync(k, file, 1) : EBADF;
    },
  ],
  ftruncate: [
    400,
    (k, task, fd, length) => {
      const file = fileOf(task, fd);
      return file ? truncate(k, file, length) : EBADF;
    },
  ],
  fadvise64: [60, (_k, task, fd) => (fileOf(task, fd) ? 0 : EBADF)],
  flock: [
    120,
    (k, task, fd, operation) => {
      const file = fileOf(task, fd);
      return file ? securityFileLock(k, file, operation) : EBADF;
    },
  ],
  sendfile: [
    200,
    (k, task, out, from, offsetAt, count) => {
      const target = fileOf(task, out);
      const source = fileOf(task, from);
      return target && source ? sendfile(k, task, target, source, offsetAt, count) : EBADF;
    },
  ],
};
