import { O } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Source } from '../mm/user-memory';
import type { Sys } from '../sched/task-program';
import { traced, tracedBlocking } from '../trace/traced';
import { type File, type FileOps, setFilePos } from './file';
import { touch } from './inode';
import { dirtyPages, fillPages, isCached, touchPages, writeBack } from './page-cache';

const EFAULT = -14;
/** Copying from and to the page cache: base and per byte. */
const COPY_BASE_NS = 180;
const COPY_NS_PER_BYTE = 0.045;

function copyCost(bytes: number): number {
  return COPY_BASE_NS + bytes * COPY_NS_PER_BYTE;
}

function copyToUser(k: Kernel, file: File, buf: number, count: number, pos: number): number {
  const source = file.snapshot ?? file.inode.data;
  const size = file.snapshot ? source.length : file.inode.size;
  const bytes = Math.min(count, size - pos);
  if (bytes <= 0) return 0;
  const { mm } = k.task;
  if (!mm) return bytes;
  const have = source.subarray(pos, pos + bytes);
  if (have.length > 0 && !k.user.write(mm, buf, have)) return EFAULT;
  if (have.length < bytes && !k.user.fill(mm, buf + have.length, bytes - have.length, 0)) return EFAULT;
  k.sched.spend(copyCost(bytes));
  return bytes;
}

/** What `read_iter` and `write_iter` are called with: a `struct kiocb` and a `struct iov_iter`. */
function kiocbAndIter(k: Kernel, file: File, count: number, pos: number): number[] {
  return [k.transient.kiocb(file, pos), k.transient.iovIter(count)];
}

const filemapRead = traced<[File, number, number, number]>(
  'filemap_read',
  (k, file, _buf, count, pos) => [...kiocbAndIter(k, file, count, pos), 0],
  (k, file, buf, count, pos) => copyToUser(k, file, buf, count, pos),
);

const ext4Read = traced<[File, number, number, number]>(
  'ext4_file_read_iter',
  (k, file, _buf, count, pos) => kiocbAndIter(k, file, count, pos),
  (k, file, buf, count, pos) => filemapRead(k, file, buf, count, pos),
);

const overlayRead = traced<[File, number, number, number]>(
  'ovl_read_iter',
  (k, file, _buf, count, pos) => kiocbAndIter(k, file, count, pos),
  (k, file, buf, count, pos) => ext4Read(k, file, buf, count, pos),
);

const genericWrite = traced<[File, Source, number, number]>(
  'generic_perform_write',
  (k, file, _buf, count, pos) => kiocbAndIter(k, file, count, pos),
  (k, file, buf, count, pos) => {
    const data = k.user.fetch(buf, 0, count);
    if (!data) return EFAULT;
    const error = file.inode.writeFrom(data, pos);
    if (error < 0) return error;
    touch(k, file.inode);
    k.sched.spend(copyCost(count) + 420);
    return count;
  },
);

const ext4Write = traced<[File, Source, number, number]>(
  'ext4_file_write_iter',
  (k, file, _buf, count, pos) => kiocbAndIter(k, file, count, pos),
  (k, file, buf, count, pos) => genericWrite(k, file, buf, count, pos),
);

const overlayWrite = traced<[File, Source, number, number]>(
  'ovl_write_iter',
  (k, file, _buf, count, pos) => kiocbAndIter(k, file, count, pos),
  (k, file, buf, count, pos) => ext4Write(k, file, buf, count, pos),
);

/** The highest offset that a word of ours holds, for LLONG_MAX. */
const OFFSET_MAX = 2 ** 63 - 1024;

const ext4Sync = tracedBlocking<[File]>(
  'ext4_sync_file',
  (k, file) => [k.ptr(file.offset), 0, OFFSET_MAX, 0],
  function* (k, file): Sys {
    yield* writeBack(k, file.inode);
    return 0;
  },
);

const ext4Open = traced<[File]>(
  'ext4_file_open',
  (k, file) => [k.ptr(file.inode.offset), k.ptr(file.offset)],
  () => 0,
);

/** `f_op->read_iter` and `write_iter` by file system; what is not listed copies without a named function. */
const READ: Partial<Record<string, typeof ext4Read>> = {
  ext4: ext4Read,
  overlay: overlayRead,
  tmpfs: filemapRead,
};
const WRITE: Partial<Record<string, typeof ext4Write>> = {
  ext4: ext4Write,
  overlay: overlayWrite,
  tmpfs: genericWrite,
};

/** `f_op->open` of a file on disk: 0, with its calls seen. */
export function openRegular(k: Kernel, file: File): number {
  const { sb, isDir } = file.inode;
  const onDisk = sb.fsType === 'ext4' || sb.fsType === 'overlay';
  return onDisk && !isDir ? ext4Open(k, file) : 0;
}

/** Files with bytes: on disk, in tmpfs, and generated ones of procfs. */
export const regularOps: FileOps = {
  sleeps: false,
  read(k, file, buf, count, pos) {
    const { fsType } = file.inode.sb;
    const read = READ[fsType];
    touchPages(k, file.inode, pos, Math.min(count, file.inode.size - pos));
    return read ? read(k, file, buf, count, pos) : copyToUser(k, file, buf, count, pos);
  },
  readSleeps: (file, count, pos) => file.inode.cache !== undefined && !isCached(file.inode, pos, count),
  *readSleeping(k, file, buf, count, pos) {
    yield* fillPages(k, file.inode, pos, count);
    return regularOps.read!(k, file, buf, count, pos);
  },
  *sync(k, file) {
    const { fsType } = file.inode.sb;
    if (fsType === 'ext4' || fsType === 'overlay') yield* ext4Sync(k, file);
  },
  write(k, file, buf, count, pos) {
    const at = file.flags & O.APPEND ? file.inode.size : pos;
    const write = WRITE[file.inode.sb.fsType] ?? genericWrite;
    const written = write(k, file, buf, count, at);
    if (written > 0) dirtyPages(file.inode, at, written);
    if (written > 0 && file.flags & O.APPEND) setFilePos(k, file, at);
    return written;
  },
};
