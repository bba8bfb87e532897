import type { Kernel } from '../kernel';
import type { Source } from '../mm/user-memory';
import type { Sys } from '../sched/task-program';
import { securityHook } from '../trace/security';
import { tracedPair } from '../trace/traced';
import { type File, setFilePos } from './file';
import { MAY } from './namei';

const EBADF = -9;
const EINVAL = -22;
const EISDIR = -21;
const RW_COST_NS = 90;

const securityFilePermission = securityHook<[File, number]>('file_permission', (k, file, mask) => [
  k.ptr(file.offset),
  mask,
]);

function check(k: Kernel, file: File, mask: number): number {
  if (mask === MAY.READ ? !file.readable : !file.writable) return EBADF;
  k.sched.spend(RW_COST_NS);
  return securityFilePermission(k, file, mask);
}

function words(k: Kernel, file: File, buf: number, count: number, pos: number): number[] {
  const own = k.ptr(file.offset + Math.max(0, k.layout.file.f_pos.offset));
  return [k.ptr(file.offset), buf, count, pos < 0 ? own : k.transient.loff(pos)];
}

/** Moves the position that the transfer began at: the file's, or the caller's at `loff` where somebody looks. */
function advance(k: Kernel, file: File, pos: number, loff: number, bytes: number): void {
  if (pos < 0) setFilePos(k, file, file.pos + bytes);
  else if (loff !== 0) k.writeWord(loff, pos + bytes);
}

/** @param pos absolute position, or -1 to use and move the file's own */
function readAt(k: Kernel, file: File, buf: number, count: number, pos: number): number {
  const loff = pos < 0 ? 0 : k.transient.claimLoff();
  const error = check(k, file, MAY.READ);
  if (error < 0) return error;
  if (!file.ops.read) return file.inode.isDir ? EISDIR : EINVAL;
  const bytes = file.ops.read(k, file, buf, count, pos < 0 ? file.pos : pos);
  if (bytes > 0) {
    advance(k, file, pos, loff, bytes);
    k.account.read(bytes);
  }
  return bytes;
}

function writeAt(k: Kernel, file: File, buf: Source, count: number, pos: number): number {
  const loff = pos < 0 ? 0 : k.transient.claimLoff();
  const error = check(k, file, MAY.WRITE);
  if (error < 0) return error;
  if (!file.ops.write) return EINVAL;
  const bytes = file.ops.write(k, file, buf, count, pos < 0 ? file.pos : pos);
  if (bytes > 0) {
    advance(k, file, pos, loff, bytes);
    k.account.write(bytes);
  }
  return bytes;
}

function* readSleeping(k: Kernel, file: File, buf: number, count: number, pos = -1): Sys {
  const loff = pos < 0 ? 0 : k.transient.claimLoff();
  const error = check(k, file, MAY.READ);
  if (error < 0) return error;
  const read = file.ops.readSleeping?.(k, file, buf, count, pos < 0 ? file.pos : pos) ?? EINVAL;
  const bytes = typeof read === 'number' ? read : yield* read;
  if (bytes > 0) {
    if (!file.ops.sleeps) advance(k, file, pos, loff, bytes);
    k.account.read(bytes);
  }
  return bytes;
}

function* writeSleeping(k: Kernel, file: File, buf: Source, count: number): Sys {
  const error = check(k, file, MAY.WRITE);
  if (error < 0) return error;
  const written = file.ops.writeSleeping?.(k, file, buf, count) ?? EINVAL;
  const bytes = typeof written === 'number' ? written : yield* written;
  if (bytes > 0) k.account.write(bytes);
  return bytes;
}

const vfsReadPair = tracedPair<[File, number, number, number]>('vfs_read', words, readAt, readSleeping);
const vfsWritePair = tracedPair<[File, number, number, number]>('vfs_write', words, writeAt, writeSleeping);

function mayWait(file: File, count: number, pos: number): boolean {
  const { ops } = file;
  if (ops.sleeps || !ops.readSleeps) return ops.sleeps;
  return ops.readSleeps(file, count, pos < 0 ? file.pos : pos);
}

/** One element of readv, one piece of sendfile: the same transfer, without `vfs_read`, which the vectored calls do not go through. */
export function readElement(k: Kernel, file: File, buf: number, count: number): number | Sys {
  return mayWait(file, count, -1) ? readSleeping(k, file, buf, count) : readAt(k, file, buf, count, -1);
}

export function writeElement(k: Kernel, file: File, buf: Source, count: number): number | Sys {
  return file.ops.sleeps ? writeSleeping(k, file, buf, count) : writeAt(k, file, buf, count, -1);
}

/** `fs/read_write.c: vfs_read`; a generator only when the kind of file can make the caller sleep. */
export function vfsRead(k: Kernel, file: File, buf: number, count: number, pos = -1): number | Sys {
  return mayWait(file, count, pos)
    ? vfsReadPair.blocking(k, file, buf, count, pos)
    : vfsReadPair.plain(k, file, buf, count, pos);
}

/** `fs/read_write.c: vfs_write` */
export function vfsWrite(k: Kernel, file: File, buf: number, count: number, pos = -1): number | Sys {
  return file.ops.sleeps
    ? vfsWritePair.blocking(k, file, buf, count, pos)
    : vfsWritePair.plain(k, file, buf, count, pos);
}
