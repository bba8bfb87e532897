import { O } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Source } from '../mm/user-memory';
import { traced } from '../trace/traced';
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

const filemapRead = traced<[File, number, number, number]>(
  'filemap_read',
  (k, file) => [k.ptr(file.offset), 0, 0],
  (k, file, buf, count, pos) => copyToUser(k, file, buf, count, pos),
);

const ext4Read = traced<[File, number, number, number]>(
  'ext4_file_read_iter',
  (k, file) => [k.ptr(file.offset), 0],
  (k, file, buf, count, pos) => filemapRead(k, file, buf, count, pos),
);

const overlayRead = traced<[File, number, number, number]>(
  'ovl_read_iter',
  (k, file) => [k.ptr(file.offset), 0],
  (k, file, buf, count, pos) => ext4Read(k, file, buf, count, pos),
);

const genericWrite = traced<[File, Source, number, number]>(
  'generic_perform_write',
  (k, file) => [k.ptr(file.offset), 0],
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
  (k, file) => [k.ptr(file.offset), 0],
  (k, file, buf, count, pos) => genericWrite(k, file, buf, count, pos),
);

const overlayWrite = traced<[File, Source, number, number]>(
  'ovl_write_iter',
  (k, file) => [k.ptr(file.offset), 0],
  (k, file, buf, count, pos) => ext4Write(k, file, buf, count, pos),
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
    if (fsType === 'ext4' || fsType === 'overlay') yield* writeBack(k, file.inode);
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
