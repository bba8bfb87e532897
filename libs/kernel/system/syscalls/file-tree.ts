import { AT, S } from '@probed/abi';
import { writeI64 } from '@probed/base';
import type { Kernel } from '../kernel';
import { CAP, capable } from '../task/cred';
import type { Task } from '../task/task';
import { securityHook } from '../trace/security';
import { traced } from '../trace/traced';
import { moveDentry, setDentryInode } from '../vfs/dentry';
import type { File } from '../vfs/file';
import { setFilePos } from '../vfs/file';
import { evictInode, type Inode, syncInode, touch } from '../vfs/inode';
import { type Path, pathString } from '../vfs/mount';
import { dirType, type Found, inodePermission, MAY } from '../vfs/namei';
import { addInode } from '../vfs/open';
import {
  securityPathChmod,
  securityPathChown,
  securityPathChroot,
  securityPathMkdir,
  securityPathRename,
  securityPathRmdir,
  securityPathSymlink,
  securityPathUnlink,
} from '../vfs/path-hooks';
import { statBuffer, statxBuffer } from './stat-buf';
import type { HandlerTable } from './table';
import { EBADF, EFAULT, EINVAL, ENOENT, ENOTDIR, fileOf, getname, lookupAt } from './util';

const EEXIST = -17;
const EISDIR = -21;
const ENOTEMPTY = -39;
const EPERM = -1;
const ERANGE = -34;

const META_NS = 1_800;
const DIRENT_HEADER = 19;

const securityInodeGetattr = securityHook<[Path]>('inode_getattr', (k, path) => [k.transient.path(path)]);

const securityInodeUnlink = securityHook<[Inode, Path]>('inode_unlink', (k, dir, at) => [
  k.ptr(dir.offset),
  k.ptr(at.dentry.offset),
]);

const securityInodeMkdir = securityHook<[Inode, Path, number]>('inode_mkdir', (k, dir, at, mode) => [
  k.ptr(dir.offset),
  k.ptr(at.dentry.offset),
  mode,
]);

const securityInodeRename = securityHook<[Found, Found]>('inode_rename', (k, from, to) => [
  k.ptr(from.parent.dentry.inode?.offset ?? 0),
  k.ptr(from.path.dentry.offset),
  k.ptr(to.parent.dentry.inode?.offset ?? 0),
  k.ptr(to.path.dentry.offset),
  0,
]);

const securityInodeRmdir = securityHook<[Inode, Path]>('inode_rmdir', (k, dir, at) => [
  k.ptr(dir.offset),
  k.ptr(at.dentry.offset),
]);

const securityInodeReadlink = securityHook<[Path]>('inode_readlink', (k, at) => [k.ptr(at.dentry.offset)]);

const securityInodeSymlink = securityHook<[Found, string]>('inode_symlink', (k, found, target) => [
  k.ptr(found.parent.dentry.inode!.offset),
  k.ptr(found.path.dentry.offset),
  k.ptr(k.transient.bytes(new TextEncoder().encode(`${target}\0`))),
]);

/** The third word is the `struct iattr`, of which no fields are filled. */
const securityInodeSetattr = securityHook<[Path]>('inode_setattr', (k, at) => [
  0,
  k.ptr(at.dentry.offset),
  k.ptr(k.transient.take()),
]);

function mayChange(k: Kernel, found: Found): number {
  const dir = found.parent.dentry.inode!;
  return inodePermission(k, dir, MAY.WRITE | MAY.EXEC);
}

function drop(k: Kernel, found: Found): void {
  const dir = found.parent.dentry.inode!;
  const inode = found.path.dentry.inode!;
  dir.entries!.delete(found.name);
  inode.nlink = inode.isDir ? 0 : inode.nlink - 1;
  touch(k, inode);
  touch(k, dir);
  setDentryInode(k, found.path.dentry, undefined);
  evictInode(k, inode);
}

const vfsUnlink = traced<[Found]>(
  'vfs_unlink',
  (k, found) => [0, k.ptr(found.parent.dentry.inode!.offset), k.ptr(found.path.dentry.offset), 0],
  (k, found) => {
    const denied = mayChange(k, found);
    if (denied < 0) return denied;
    const verdict = securityInodeUnlink(k, found.parent.dentry.inode!, found.path);
    if (verdict < 0) return verdict;
    k.sched.spend(META_NS * 3);
    drop(k, found);
    return 0;
  },
);

const doUnlinkat = traced<[number, number, string]>(
  'do_unlinkat',
  (k, dfd, uptr, path) => [dfd | 0, k.transient.filename(path, uptr)],
  (k, dfd, uptr) => {
    const found = lookupAt(k, k.task, dfd, uptr, false);
    if (typeof found === 'number') return found;
    const { inode } = found.path.dentry;
    if (!inode) return ENOENT;
    if (inode.isDir) return EISDIR;
    const denied = securityPathUnlink(k, found);
    return denied < 0 ? denied : vfsUnlink(k, found);
  },
);

const vfsRmdir = traced<[Found]>(
  'vfs_rmdir',
  (k, found) => [0, k.ptr(found.parent.dentry.inode!.offset), k.ptr(found.path.dentry.offset)],
  (k, found) => {
    const denied = mayChange(k, found);
    if (denied < 0) return denied;
    const verdict = securityInodeRmdir(k, found.parent.dentry.inode!, found.path);
    if (verdict < 0) return verdict;
    if (found.path.dentry.inode!.entries!.size > 0) return ENOTEMPTY;
    k.sched.spend(META_NS * 3);
    drop(k, found);
    return 0;
  },
);

const doRmdir = traced<[number, number, string]>(
  'do_rmdir',
  (k, dfd, uptr, path) => [dfd | 0, k.transient.filename(path, uptr)],
  (k, dfd, uptr) => {
    const found = lookupAt(k, k.task, dfd, uptr, false);
    if (typeof found === 'number') return found;
    const { inode } = found.path.dentry;
    if (!inode) return ENOENT;
    if (!inode.isDir) return ENOTDIR;
    const denied = securityPathRmdir(k, found);
    return denied < 0 ? denied : vfsRmdir(k, found);
  },
);

const vfsMkdir = traced<[Found, number]>(
  'vfs_mkdir',
  (k, found, mode) => [0, k.ptr(found.parent.dentry.inode!.offset), k.ptr(found.path.dentry.offset), mode],
  (k, found, mode) => {
    const denied = mayChange(k, found);
    if (denied < 0) return denied;
    const verdict = securityInodeMkdir(k, found.parent.dentry.inode!, found.path, mode);
    if (verdict < 0) return verdict;
    k.sched.spend(META_NS * 4);
    const inode = addInode(k, found, S.IFDIR | mode, { sleeps: false });
    inode.nlink = 2;
    inode.size = 4096;
    syncInode(k, inode);
    return 0;
  },
);

const doMkdirat = traced<[number, number, string, number]>(
  'do_mkdirat',
  (k, dfd, uptr, path, mode) => [dfd | 0, k.transient.filename(path, uptr), mode],
  (k, dfd, uptr, _path, mode) => {
    const found = lookupAt(k, k.task, dfd, uptr, false);
    if (typeof found === 'number') return found;
    if (found.path.dentry.inode) return EEXIST;
    const wanted = mode & 0o1777 & ~k.task.fs.umask;
    const denied = securityPathMkdir(k, found, wanted);
    return denied < 0 ? denied : vfsMkdir(k, found, wanted);
  },
);

const vfsRename = traced<[Found, Found]>(
  'vfs_rename',
  (k, from, to) => [k.transient.renamedata(from, to)],
  (k, from, to) => {
    const denied = mayChange(k, from) || mayChange(k, to) || securityInodeRename(k, from, to);
    if (denied < 0) return denied;
    const inode = from.path.dentry.inode!;
    const target = to.path.dentry.inode;
    if (target?.isDir && !inode.isDir) return EISDIR;
    if (inode.isDir && target && !target.isDir) return ENOTDIR;
    if (target?.isDir && target.entries!.size > 0) return ENOTEMPTY;
    k.sched.spend(META_NS * 4);
    from.parent.dentry.inode!.entries!.delete(from.name);
    to.parent.dentry.inode!.entries!.set(to.name, inode);
    if (target) setDentryInode(k, to.path.dentry, undefined);
    to.parent.dentry.children.delete(to.name);
    moveDentry(k, from.path.dentry, to.parent.dentry, to.name);
    touch(k, from.parent.dentry.inode!);
    touch(k, to.parent.dentry.inode!);
    return 0;
  },
);

const doRenameat2 = traced<[number, number, number, number]>(
  'do_renameat2',
  (k, dfd, from, toDfd, to) => {
    const name = (at: number) => {
      const path = getname(k, k.task, at);
      return typeof path === 'number' ? 0 : k.transient.filename(path, at);
    };
    return [dfd | 0, name(from), toDfd | 0, name(to), 0];
  },
  (k, dfd, from, toDfd, to) => {
    const source = lookupAt(k, k.task, dfd, from, false);
    if (typeof source === 'number') return source;
    if (!source.path.dentry.inode) return ENOENT;
    const target = lookupAt(k, k.task, toDfd, to, false);
    if (typeof target === 'number') return target;
    if (source.path.mnt !== target.parent.mnt) return -18;
    const denied = securityPathRename(k, source, target);
    return denied < 0 ? denied : vfsRename(k, source, target);
  },
);

/** Paths that must be read before the traced call, for its `struct filename`. */
function withPath(k: Kernel, task: Task, uptr: number, run: (path: string) => number): number {
  const path = getname(k, task, uptr);
  return typeof path === 'number' ? path : run(path);
}

const vfsStatx = traced<[number, number, number, (inode: Inode) => Uint8Array]>(
  'vfs_statx',
  (k, dfd, uptr, flags) => {
    const path = getname(k, k.task, uptr);
    return [dfd | 0, typeof path === 'number' ? 0 : k.transient.filename(path, uptr), flags, 0, 0];
  },
  (k, dfd, uptr, flags, format) => {
    const { task } = k;
    const path = getname(k, task, uptr);
    if (path === '' && flags & AT.EMPTY_PATH) return statFile(k, fileOf(task, dfd), format);
    const found = lookupAt(k, task, dfd, uptr, !(flags & AT.SYMLINK_NOFOLLOW));
    if (typeof found === 'number') return found;
    const { inode } = found.path.dentry;
    if (!inode) return ENOENT;
    return emitStat(k, found.path, inode, format);
  },
);

function emitStat(k: Kernel, path: Path, inode: Inode, format: (inode: Inode) => Uint8Array): number {
  const denied = securityInodeGetattr(k, path);
  if (denied < 0) return denied;
  k.sched.spend(260);
  return k.user.write(k.task.mm!, k.statTarget, format(inode)) ? 0 : EFAULT;
}

function statFile(k: Kernel, file: File | undefined, format: (inode: Inode) => Uint8Array): number {
  return file ? emitStat(k, file.path, file.inode, format) : EBADF;
}

function access(k: Kernel, task: Task, dfd: number, path: number, mode: number, flags: number): number {
  if (mode & ~7) return EINVAL;
  const found = lookupAt(k, task, dfd, path, !(flags & AT.SYMLINK_NOFOLLOW));
  if (typeof found === 'number') return found;
  const { inode } = found.path.dentry;
  if (!inode) return ENOENT;
  return mode === 0 ? 0 : inodePermission(k, inode, mode);
}

function readlink(k: Kernel, task: Task, dfd: number, path: number, buf: number, size: number): number {
  const found = lookupAt(k, task, dfd, path, false);
  if (typeof found === 'number') return found;
  const { inode } = found.path.dentry;
  if (!inode) return ENOENT;
  if (!inode.isLink) return EINVAL;
  const denied = securityInodeReadlink(k, found.path);
  if (denied < 0) return denied;
  const target = new TextEncoder().encode(inode.generate ? inode.generate(k) : inode.link).subarray(0, size);
  return k.user.write(task.mm!, buf, target) ? target.length : EFAULT;
}

/** Entries of a directory as `struct linux_dirent64`, from the file's position on. */
function getdents(k: Kernel, task: Task, file: File, buf: number, size: number): number {
  const { entries } = file.inode;
  if (!entries) return ENOTDIR;
  const all: [string, number, number][] = [
    ['.', file.inode.ino, S.IFDIR],
    ['..', file.path.dentry.parent.inode?.ino ?? file.inode.ino, S.IFDIR],
  ];
  for (const [name, inode] of entries) all.push([name, inode.ino, inode.mode]);
  const out = new Uint8Array(Math.min(size, 65_536));
  const view = new DataView(out.buffer);
  let at = 0;
  let index = file.pos;
  for (; index < all.length; index++) {
    const [name, ino, mode] = all[index];
    const bytes = new TextEncoder().encode(name);
    const length = Math.ceil((DIRENT_HEADER + bytes.length + 1) / 8) * 8;
    if (at + length > out.length) break;
    writeI64(view, at, ino);
    writeI64(view, at + 8, index + 1);
    view.setUint16(at + 16, length, true);
    out[at + 18] = dirType(mode);
    out.set(bytes, at + DIRENT_HEADER);
    at += length;
    k.sched.spend(60);
  }
  if (at === 0 && index < all.length) return EINVAL;
  setFilePos(k, file, index);
  return at === 0 || k.user.write(task.mm!, buf, out.subarray(0, at)) ? at : EFAULT;
}

const iterateDir = traced<[File, number, number]>(
  'iterate_dir',
  (k, file) => [k.ptr(file.offset), 0],
  (k, file, buf, size) => getdents(k, k.task, file, buf, size),
);

function chmod(k: Kernel, at: Path, mode: number): number {
  const { inode } = at.dentry;
  if (!inode) return ENOENT;
  const verdict = securityPathChmod(k, at, mode & 0o7777);
  if (verdict < 0) return verdict;
  const { ids } = k.task.cred;
  if (ids.fsuid !== inode.uid && !capable(k, CAP.FOWNER)) return EPERM;
  const denied = securityInodeSetattr(k, at);
  if (denied < 0) return denied;
  inode.mode = (inode.mode & S.IFMT) | (mode & 0o7777);
  touch(k, inode);
  return 0;
}

function chown(k: Kernel, at: Path, uid: number, gid: number): number {
  const { inode } = at.dentry;
  if (!inode) return ENOENT;
  const verdict = securityPathChown(k, at, uid, gid);
  if (verdict < 0) return verdict;
  if (!capable(k, CAP.CHOWN)) return EPERM;
  const denied = securityInodeSetattr(k, at);
  if (denied < 0) return denied;
  if ((uid | 0) !== -1) inode.uid = uid;
  if ((gid | 0) !== -1) inode.gid = gid;
  touch(k, inode);
  return 0;
}

function changeAt(k: Kernel, task: Task, dfd: number, path: number, change: (at: Path) => number): number {
  const found = lookupAt(k, task, dfd, path, true);
  return typeof found === 'number' ? found : change(found.path);
}

function symlink(k: Kernel, task: Task, target: number, dfd: number, path: number): number {
  const text = getname(k, task, target);
  if (typeof text === 'number') return text;
  const found = lookupAt(k, task, dfd, path, false);
  if (typeof found === 'number') return found;
  if (found.path.dentry.inode) return EEXIST;
  const denied = mayChange(k, found);
  if (denied < 0) return denied;
  const verdict = securityPathSymlink(k, found, text) || securityInodeSymlink(k, found, text);
  if (verdict < 0) return verdict;
  const inode = addInode(k, found, S.IFLNK | 0o777, { sleeps: false });
  inode.link = text;
  inode.size = text.length;
  return 0;
}

function chdirTo(k: Kernel, task: Task, path: Path): number {
  const { inode } = path.dentry;
  if (!inode) return ENOENT;
  if (!inode.isDir) return ENOTDIR;
  const denied = inodePermission(k, inode, MAY.EXEC);
  if (denied < 0) return denied;
  task.fs.setPwd(path);
  return 0;
}

function getcwd(k: Kernel, task: Task, buf: number, size: number): number {
  const path = pathString(task.fs.pwd, task.fs.root);
  const bytes = new TextEncoder().encode(`${path}\0`);
  if (bytes.length > size) return ERANGE;
  return k.user.write(task.mm!, buf, bytes) ? bytes.length : EFAULT;
}

const CWD = AT.FDCWD;

/** Names, attributes and directories (`fs/namei.c`, `fs/stat.c`, `fs/readdir.c`, `fs/open.c`). */
export const FILE_TREE: HandlerTable = {
  stat: [60, (k, _task, path, buf) => k.stat(buf, () => vfsStatx(k, CWD, path, 0, statBuffer))],
  lstat: [
    60,
    (k, _task, path, buf) => k.stat(buf, () => vfsStatx(k, CWD, path, AT.SYMLINK_NOFOLLOW, statBuffer)),
  ],
  fstat: [50, (k, task, fd, buf) => k.stat(buf, () => statFile(k, fileOf(task, fd), statBuffer))],
  newfstatat: [
    60,
    (k, _task, dfd, path, buf, flags) => k.stat(buf, () => vfsStatx(k, dfd, path, flags, statBuffer)),
  ],
  statx: [
    70,
    (k, _task, dfd, path, flags, _mask, buf) => k.stat(buf, () => vfsStatx(k, dfd, path, flags, statxBuffer)),
  ],
  access: [60, (k, task, path, mode) => access(k, task, CWD, path, mode, 0)],
  faccessat: [60, (k, task, dfd, path, mode) => access(k, task, dfd, path, mode, 0)],
  faccessat2: [60, (k, task, dfd, path, mode, flags) => access(k, task, dfd, path, mode, flags)],
  readlink: [70, (k, task, path, buf, size) => readlink(k, task, CWD, path, buf, size)],
  readlinkat: [70, (k, task, dfd, path, buf, size) => readlink(k, task, dfd, path, buf, size)],
  getdents64: [
    120,
    (k, task, fd, buf, size) => {
      const file = fileOf(task, fd);
      return file ? iterateDir(k, file, buf, size) : EBADF;
    },
  ],
  unlink: [60, (k, task, path) => withPath(k, task, path, (text) => doUnlinkat(k, CWD, path, text))],
  unlinkat: [
    60,
    (k, task, dfd, path, flags) =>
      withPath(k, task, path, (text) =>
        flags & AT.REMOVEDIR ? doRmdir(k, dfd, path, text) : doUnlinkat(k, dfd, path, text),
      ),
  ],
  rmdir: [60, (k, task, path) => withPath(k, task, path, (text) => doRmdir(k, CWD, path, text))],
  mkdir: [
    60,
    (k, task, path, mode) => withPath(k, task, path, (text) => doMkdirat(k, CWD, path, text, mode)),
  ],
  mkdirat: [
    60,
    (k, task, dfd, path, mode) => withPath(k, task, path, (text) => doMkdirat(k, dfd, path, text, mode)),
  ],
  rename: [80, (k, _task, from, to) => doRenameat2(k, CWD, from, CWD, to)],
  renameat: [80, (k, _task, dfd, from, toDfd, to) => doRenameat2(k, dfd, from, toDfd, to)],
  renameat2: [
    80,
    (k, _task, dfd, from, toDfd, to, flags) => (flags ? EINVAL : doRenameat2(k, dfd, from, toDfd, to)),
  ],
  symlink: [80, (k, task, target, path) => symlink(k, task, target, CWD, path)],
  symlinkat: [80, (k, task, target, dfd, path) => symlink(k, task, target, dfd, path)],
  chmod: [META_NS, (k, task, path, mode) => changeAt(k, task, CWD, path, (at) => chmod(k, at, mode))],
  fchmod: [
    META_NS,
    (k, task, fd, mode) => {
      const file = fileOf(task, fd);
      return file ? chmod(k, file.path, mode) : EBADF;
    },
  ],
  fchmodat: [META_NS, (k, task, dfd, path, mode) => changeAt(k, task, dfd, path, (at) => chmod(k, at, mode))],
  chown: [META_NS, (k, task, path, uid, gid) => changeAt(k, task, CWD, path, (at) => chown(k, at, uid, gid))],
  fchown: [
    META_NS,
    (k, task, fd, uid, gid) => {
      const file = fileOf(task, fd);
      return file ? chown(k, file.path, uid, gid) : EBADF;
    },
  ],
  fchownat: [
    META_NS,
    (k, task, dfd, path, uid, gid) => changeAt(k, task, dfd, path, (at) => chown(k, at, uid, gid)),
  ],
  utimensat: [
    META_NS,
    (k, task, dfd, path) =>
      changeAt(k, task, dfd, path, (at) => {
        const { inode } = at.dentry;
        if (!inode) return ENOENT;
        touch(k, inode);
        return 0;
      }),
  ],
  chdir: [
    80,
    (k, task, path) => {
      const found = lookupAt(k, task, CWD, path, true);
      return typeof found === 'number' ? found : chdirTo(k, task, found.path);
    },
  ],
  fchdir: [
    80,
    (k, task, fd) => {
      const file = fileOf(task, fd);
      return file ? chdirTo(k, task, file.path) : EBADF;
    },
  ],
  chroot: [
    200,
    (k, task, path) => {
      const found = lookupAt(k, task, CWD, path, true);
      if (typeof found === 'number') return found;
      if (!found.path.dentry.inode) return ENOENT;
      if (!found.path.dentry.inode.isDir) return ENOTDIR;
      if (!capable(k, CAP.SYS_CHROOT)) return EPERM;
      const denied = securityPathChroot(k, found.path);
      if (denied < 0) return denied;
      task.fs.setRoot(found.path);
      return 0;
    },
  ],
  getcwd: [90, (k, task, buf, size) => getcwd(k, task, buf, size)],
  umask: [30, (_k, task, mask) => task.fs.setUmask(mask)],
};
