import { O, S } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Source } from '../mm/user-memory';
import type { Sys } from '../sched/task-program';
import type { WaitQueue } from '../sched/wait-queue';
import type { Inode } from './inode';
import type { Path } from './mount';

/** `FMODE_*` (include/linux/fs.h). */
const FMODE = {
  READ: 1,
  WRITE: 2,
  LSEEK: 4,
  PREAD: 8,
  PWRITE: 0x10,
  ATOMIC_POS: 0x8000,
  CAN_READ: 0x20000,
  CAN_WRITE: 0x40000,
  OPENED: 0x80000,
  CREATED: 0x100000,
} as const;
const SEEKABLE = FMODE.LSEEK | FMODE.PREAD | FMODE.PWRITE | FMODE.ATOMIC_POS;

/**
 * What one kind of file can do (`struct file_operations`). `buf` is a user address of the current task. Kinds that can
 * make the caller wait implement the sleeping functions and set `sleeps`; all others the plain functions. Results are byte
 * counts or negative errnos.
 */
export interface FileOps {
  readonly sleeps: boolean;
  /** Whether this very read would sleep, for kinds that seldom do. */
  readSleeps?(file: File, count: number, pos: number): boolean;
  /** fsync(2). */
  sync?(k: Kernel, file: File): Sys<void>;
  read?(k: Kernel, file: File, buf: number, count: number, pos: number): number;
  write?(k: Kernel, file: File, from: Source, count: number, pos: number): number;
  readSleeping?(k: Kernel, file: File, buf: number, count: number, pos: number): number | Sys;
  writeSleeping?(k: Kernel, file: File, from: Source, count: number): number | Sys;
  /** `POLL*` bits that hold now. */
  poll?(k: Kernel, file: File): number;
  /** Where changes of {@link poll} are announced. */
  waitQueues?(k: Kernel, file: File): readonly WaitQueue[];
  ioctl?(k: Kernel, file: File, cmd: number, arg: number): number;
  /** The last reference is gone. */
  release?(k: Kernel, file: File): void;
}

/** An open file description. */
export class File {
  refs = 1;
  pos = 0;
  /** Text of a generated file, fixed at open. */
  snapshot: Uint8Array | undefined;
  /** Pipe end, socket, epoll set … */
  private: unknown;

  constructor(
    readonly offset: number,
    readonly path: Path,
    readonly inode: Inode,
    readonly ops: FileOps,
    public flags: number,
  ) {}

  get readable(): boolean {
    return (this.flags & O.ACCMODE) !== O.WRONLY;
  }

  get writable(): boolean {
    return (this.flags & O.ACCMODE) !== O.RDONLY;
  }

  get nonblocking(): boolean {
    return (this.flags & O.NONBLOCK) !== 0;
  }
}

/** `alloc_file`: a description in linear memory, with no descriptor yet. */
export function createFile(k: Kernel, path: Path, inode: Inode, flags: number, ops = inode.ops): File {
  const L = k.layout.file;
  const at = k.memory.alloc(L.sizeBytes);
  const file = new File(at, path, inode, ops, flags);
  inode.opens++;
  k.w.put(at, L.f_mode, modeOf(file));
  k.w.put(at, L.f_flags, flags);
  k.w.ptr(at, L.f_inode, inode.offset);
  k.w.ptr(at, L['f_path.mnt'], path.mnt.vfsmount);
  k.w.ptr(at, L['f_path.dentry'], path.dentry.offset);
  k.w.ptr(at, L.f_cred, k.task.cred.offset);
  return file;
}

function modeOf(file: File): number {
  const { type } = file.inode;
  const read = file.readable ? FMODE.READ | FMODE.CAN_READ : 0;
  const write = file.writable ? FMODE.WRITE | FMODE.CAN_WRITE : 0;
  return read | write | (type === S.IFREG || type === S.IFDIR ? SEEKABLE : 0) | FMODE.OPENED;
}

/** This open made the file, as `vfs_open` and the hooks behind it can tell by FMODE_CREATED. */
export function markCreated(k: Kernel, file: File): void {
  k.w.put(file.offset, k.layout.file.f_mode, modeOf(file) | FMODE.CREATED);
}

export function setFilePos(k: Kernel, file: File, pos: number): void {
  file.pos = pos;
  k.w.put(file.offset, k.layout.file.f_pos, pos);
}

export function setFileFlags(k: Kernel, file: File, flags: number): void {
  file.flags = flags;
  k.w.put(file.offset, k.layout.file.f_flags, flags);
}
