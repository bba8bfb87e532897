import { O, S } from '@probed/abi';
import type { Kernel } from '../kernel';
import { securityHook } from '../trace/security';
import { traced } from '../trace/traced';
import { freeDentry, setDentryInode } from './dentry';
import { createFile, type File, markCreated } from './file';
import type { FilesStruct } from './files-struct';
import { evictInode, Inode, touch } from './inode';
import type { Path } from './mount';
import { type Found, inodePermission, MAY, pathLookup } from './namei';
import { securityPathMknod, securityPathTruncate } from './path-hooks';
import { openRegular, regularOps } from './regular';

const EEXIST = -17;
const ENOENT = -2;
const EISDIR = -21;
const ENOTDIR = -20;
const ELOOP = -40;
const EROFS = -30;
const OPEN_COST_NS = 1_700;

/** What open(2) was asked for, carried through the functions that can be probed. */
interface OpenRequest {
  readonly start: Path;
  readonly path: string;
  /** User address of the path. */
  readonly uptr: number;
  readonly dfd: number;
  readonly flags: number;
  readonly mode: number;
  file: File | undefined;
}

const securityFileOpen = securityHook<[File]>('file_open', (k, file) => [k.ptr(file.offset)]);

const securityInodeCreate = securityHook<[Inode, Path, number]>('inode_create', (k, dir, at, mode) => [
  k.ptr(dir.offset),
  k.ptr(at.dentry.offset),
  mode,
]);

const vfsOpen = traced<[Path, File]>(
  'vfs_open',
  (k, path, file) => [k.transient.path(path), k.ptr(file.offset)],
  (k, _path, file) => {
    const denied = securityFileOpen(k, file);
    if (denied < 0) return denied;
    if (file.inode.generate) file.snapshot = new TextEncoder().encode(file.inode.generate(k));
    return file.ops === regularOps ? openRegular(k, file) : 0;
  },
);

const vfsCreate = traced<[Found, number]>(
  'vfs_create',
  (k, found, mode) => [0, k.ptr(found.parent.dentry.inode!.offset), k.ptr(found.path.dentry.offset), mode, 0],
  (k, found, mode) => {
    const verdict = securityInodeCreate(k, found.parent.dentry.inode!, found.path, mode);
    if (verdict < 0) return verdict;
    addInode(k, found, S.IFREG | mode, regularOps);
    return 0;
  },
);

/** `fs/namei.c: lookup_open`: makes the file when it is missing and O_CREAT asks for it. */
function createMissing(k: Kernel, found: Found, mode: number): number {
  const dir = found.parent.dentry.inode!;
  const denied = inodePermission(k, dir, MAY.WRITE | MAY.EXEC);
  if (denied < 0) return denied;
  if (dir.sb.fsType === 'proc' || dir.sb.fsType === 'sysfs') return EROFS;
  const wanted = mode & 0o7777 & ~k.task.fs.umask;
  const verdict = securityPathMknod(k, found, S.IFREG | wanted);
  return verdict < 0 ? verdict : vfsCreate(k, found, wanted);
}

/** A new inode under a negative dentry, owned by the current task. */
export function addInode(k: Kernel, found: Found, mode: number, ops: Inode['ops']): Inode {
  const dir = found.parent.dentry.inode!;
  const inode = new Inode(dir.sb, dir.sb.allocIno(), mode, ops);
  inode.uid = k.task.cred.ids.fsuid;
  inode.gid = k.task.cred.ids.fsgid;
  dir.entries!.set(found.name, inode);
  setDentryInode(k, found.path.dentry, inode);
  touch(k, inode);
  touch(k, dir);
  return inode;
}

function mayOpen(k: Kernel, inode: Inode, flags: number): number {
  if (inode.isLink) return ELOOP;
  const access = flags & O.ACCMODE;
  if (inode.isDir && access !== O.RDONLY) return EISDIR;
  if (flags & O.DIRECTORY && !inode.isDir) return ENOTDIR;
  const mask = access === O.RDONLY ? MAY.READ : access === O.WRONLY ? MAY.WRITE : MAY.READ | MAY.WRITE;
  return flags & O.PATH ? 0 : inodePermission(k, inode, mask);
}

const doFilpOpen = traced<[OpenRequest]>(
  'do_filp_open',
  (k, request) => [request.dfd, k.transient.filename(request.path, request.uptr), 0],
  (k, request) => {
    k.sched.spend(OPEN_COST_NS);
    const { flags } = request;
    const found = pathLookup(k, request.start, request.path, !(flags & O.NOFOLLOW));
    if (typeof found === 'number') return found;
    const missing = !found.path.dentry.inode;
    if (missing) {
      if (!(flags & O.CREAT)) return ENOENT;
      const made = createMissing(k, found, request.mode);
      if (made < 0) return made;
    } else if ((flags & (O.CREAT | O.EXCL)) === (O.CREAT | O.EXCL)) return EEXIST;
    const inode = found.path.dentry.inode!;
    // Who makes a file may use it as asked, whatever its mode.
    const denied = missing ? 0 : mayOpen(k, inode, flags);
    if (denied < 0) return denied;
    return openFile(k, request, found.path, inode, missing);
  },
);

/** `fs/namei.c: handle_truncate`: only what may be opened is emptied. */
function handleTruncate(k: Kernel, flags: number, path: Path, inode: Inode): number {
  const wanted = flags & O.TRUNC && inode.type === S.IFREG && (flags & O.ACCMODE) !== O.RDONLY;
  if (!wanted) return 0;
  const denied = securityPathTruncate(k, path);
  if (denied < 0) return denied;
  inode.truncate(0);
  touch(k, inode);
  return 0;
}

function openFile(k: Kernel, request: OpenRequest, path: Path, inode: Inode, created: boolean): number {
  const file = createFile(
    k,
    path,
    inode,
    (request.flags & ~(O.CREAT | O.EXCL | O.TRUNC | O.CLOEXEC)) | O.LARGEFILE,
  );
  if (created) markCreated(k, file);
  const opened = vfsOpen(k, path, file);
  const denied = opened < 0 ? opened : handleTruncate(k, request.flags, path, inode);
  if (denied < 0) {
    inode.opens--;
    k.memory.free(file.offset);
    return denied;
  }
  request.file = file;
  return 0;
}

/** `fs/file.c: fd_install` */
export const fdInstall = traced<[number, File, boolean, FilesStruct?]>(
  'fd_install',
  (k, fd, file) => [fd, k.ptr(file.offset)],
  (k, fd, file, cloexec, files) => {
    (files ?? k.task.files).install(fd, file, cloexec);
    return 0;
  },
);

/** Gives a file the lowest free descriptor of the current task. @returns it or -EMFILE */
export function installFd(k: Kernel, file: File, cloexec: boolean): number {
  const fd = k.task.files.unused();
  if (fd >= 0) fdInstall(k, fd, file, cloexec);
  return fd;
}

/** `fs/open.c: do_sys_openat2`. @returns a descriptor or a negative errno */
export const doSysOpenat2 = traced<[number, number, number, number, { start: Path; path: string }]>(
  'do_sys_openat2',
  (k, dfd, filename, flags, mode) => [dfd, filename, k.transient.openHow(flags, mode)],
  (k, dfd, uptr, flags, mode, where) => {
    const { task } = k;
    const fd = task.files.unused();
    if (fd < 0) return fd;
    const { start, path } = where;
    const request: OpenRequest = { start, path, uptr, dfd, flags, mode, file: undefined };
    const error = doFilpOpen(k, request);
    if (error < 0) return error;
    fdInstall(k, fd, request.file!, (flags & O.CLOEXEC) !== 0);
    return fd;
  },
);

/** Opens a file for the kernel itself (exec, interpreters), without a descriptor. */
export function openExec(k: Kernel, path: string, start: Path): File | number {
  const request: OpenRequest = {
    start,
    path,
    uptr: 0,
    dfd: -100,
    flags: O.RDONLY,
    mode: 0,
    file: undefined,
  };
  const error = doFilpOpen(k, request);
  return error < 0 ? error : request.file!;
}

const fput = traced<[File]>(
  '__fput',
  (k, file) => [k.ptr(file.offset)],
  (k, file) => {
    file.ops.release?.(k, file);
    releaseInode(k, file);
    k.memory.free(file.offset);
    return 0;
  },
);

/** The description is gone; what has no name goes with its last one. */
function releaseInode(k: Kernel, file: File): void {
  const { inode, path } = file;
  inode.opens--;
  const { dentry, mnt } = path;
  if (inode.opens === 0 && dentry.isRoot && dentry !== mnt.root) {
    inode.nlink = 0;
    freeDentry(k, dentry);
  }
  evictInode(k, inode);
}

/** Gives up one reference; the last one closes the description. */
export function putFile(k: Kernel, file: File): void {
  if (--file.refs === 0) fput(k, file);
}

const filpClose = traced<[File, FilesStruct]>(
  'filp_close',
  (k, file, files) => [k.ptr(file.offset), k.ptr(files.offset)],
  (k, file) => {
    putFile(k, file);
    return 0;
  },
);

export function closeFile(k: Kernel, file: File, files: FilesStruct): number {
  return filpClose(k, file, files);
}

/** Drops one user of a descriptor table; the last one closes everything. */
export function putFiles(k: Kernel, files: FilesStruct): void {
  if (--files.users > 0) return;
  for (let fd = 0; fd < files.fds.length; fd++) {
    const file = files.remove(fd);
    if (file) closeFile(k, file, files);
  }
  files.free();
}
