import { S } from '@probed/abi';
import type { Kernel } from '../kernel';
import { WaitQueue } from '../sched/wait-queue';
import type { FileOps } from './file';
import type { SuperBlock } from './super-block';

/** Text of a file that is made when it is opened (procfs, sysfs). */
export type Generator = (k: Kernel) => string;

const EFBIG = -27;
const ENOSPC = -28;
/** Largest file that can be written, bytes; beyond it write(2) says EFBIG, as under RLIMIT_FSIZE. */
const FILE_BYTES_MAX = 128 * 1024 * 1024;
/** What a file grows by ahead of its writer, at most. */
const GROW_BYTES_MAX = 16 * 1024 * 1024;
const utf8 = new TextEncoder();
const EMPTY = new Uint8Array(0);

/** One inode. Its `struct inode` exists from the moment that a dentry refers to it. */
export class Inode {
  offset = 0;
  nlink = 1;
  uid = 0;
  gid = 0;
  rdev = 0;
  /** Seconds since 1970 and the rest in ns. */
  mtimeSec = 0;
  mtimeNsec = 0;
  /** Open descriptions of it. */
  opens = 0;
  /** Bytes; a file's data may be shorter than this, the rest reads as zero. */
  size = 0;
  data: Uint8Array = EMPTY;
  /** Directory entries by name, in order of creation. */
  readonly entries: Map<string, Inode> | undefined;
  /** Target of a symbolic link. */
  link = '';
  generate: Generator | undefined;
  /** Name of the emulated program that runs when it is executed. */
  program: string | undefined;
  /** Listening unix socket bound here, a pipe's buffer, a terminal: what `ops` works on. */
  object: unknown;
  /** Pages in the page cache; undefined for files that are in memory as a whole. */
  cache: Set<number> | undefined;
  /** Pages that the disk does not have yet. */
  readonly dirty = new Set<number>();
  /** Wakes readers of what can be polled. */
  readonly wait = new WaitQueue();

  constructor(
    readonly sb: SuperBlock,
    readonly ino: number,
    public mode: number,
    public ops: FileOps,
  ) {
    if ((mode & S.IFMT) === S.IFDIR) this.entries = new Map();
  }

  get type(): number {
    return this.mode & S.IFMT;
  }

  get isDir(): boolean {
    return this.type === S.IFDIR;
  }

  get isLink(): boolean {
    return this.type === S.IFLNK;
  }

  setText(text: string): void {
    this.data = utf8.encode(text);
    this.size = this.data.length;
  }

  /** Copies [position, position + bytes) of the content, zero-filled past the data. */
  readInto(target: Uint8Array, at: number, position: number, bytes: number): void {
    const have = this.data.subarray(position, position + bytes);
    target.set(have, at);
    if (have.length < bytes) target.fill(0, at + have.length, at + bytes);
  }

  /** @returns 0, or a negative errno when the file would get too large or its file system is full */
  writeFrom(source: Uint8Array, position: number): number {
    const end = position + source.length;
    if (end > FILE_BYTES_MAX) return EFBIG;
    if (end > this.data.length && !this.grow(end)) return ENOSPC;
    this.data.set(source, position);
    if (end > this.size) this.size = end;
    return 0;
  }

  /** Cuts the content, or makes it longer by a hole. */
  truncate(length: number): void {
    if (length < this.data.length) {
      this.sb.release(this.data.length - length);
      this.data = this.data.slice(0, length);
    }
    this.size = length;
  }

  /** Doubles, so that appending costs the same for each byte; takes no more than needed when space is short. */
  private grow(end: number): boolean {
    const have = this.data.length;
    const generous = Math.max(end, Math.min(have * 2, have + GROW_BYTES_MAX));
    const length = this.sb.reserve(generous - have) ? generous : end;
    if (length === end && length !== generous && !this.sb.reserve(end - have)) return false;
    const grown = new Uint8Array(length);
    grown.set(this.data);
    this.data = grown;
    return true;
  }
}

/** Writes a new inode's struct; later changes go through {@link syncInode}. */
export function instantiateInode(k: Kernel, inode: Inode): number {
  if (inode.offset) return inode.offset;
  const L = k.layout.inode;
  const at = (inode.offset = k.memory.alloc(L.sizeBytes));
  k.w.put(at, L.i_ino, inode.ino);
  k.w.ptr(at, L.i_sb, inode.sb.offset);
  k.w.put(at, L.i_rdev, inode.rdev);
  syncInode(k, inode);
  return at;
}

export function syncInode(k: Kernel, inode: Inode): void {
  const at = inode.offset;
  if (!at) return;
  const L = k.layout.inode;
  k.w.put(at, L.i_mode, inode.mode);
  k.w.put(at, L.i_uid, inode.uid);
  k.w.put(at, L.i_gid, inode.gid);
  k.w.put(at, L.i_nlink, inode.nlink);
  k.w.put(at, L.i_size, inode.size);
  for (const field of [L.i_atime_sec, L.i_mtime_sec, L.i_ctime_sec]) k.w.put(at, field, inode.mtimeSec);
  for (const field of [L.i_atime_nsec, L.i_mtime_nsec, L.i_ctime_nsec]) k.w.put(at, field, inode.mtimeNsec);
}

/** Frees the content and the struct of an inode that no name and no description refers to any more (`evict`). */
export function evictInode(k: Kernel, inode: Inode): void {
  if (inode.nlink > 0 || inode.opens > 0) return;
  if (inode.type === S.IFREG) inode.truncate(0);
  if (!inode.offset) return;
  k.memory.free(inode.offset);
  inode.offset = 0;
}

/** Sets the modification time to now. */
export function touch(k: Kernel, inode: Inode): void {
  const { sec, nsec } = k.realtime();
  inode.mtimeSec = sec;
  inode.mtimeNsec = nsec;
  syncInode(k, inode);
}
