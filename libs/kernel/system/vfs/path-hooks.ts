import type { Kernel } from '../kernel';
import { securityHook } from '../trace/security';
import type { Path } from './mount';
import type { Found } from './namei';

/** Path of the directory and dentry of the name in it: what most path hooks are given. */
function parentAndDentry(k: Kernel, found: Found): [number, number] {
  return [k.transient.path(found.parent), k.ptr(found.path.dentry.offset)];
}

/** Questions about paths rather than inodes (CONFIG_SECURITY_PATH), asked before the file system is. */
export const securityPathUnlink = securityHook<[Found]>('path_unlink', parentAndDentry);
export const securityPathRmdir = securityHook<[Found]>('path_rmdir', parentAndDentry);

export const securityPathMkdir = securityHook<[Found, number]>('path_mkdir', (k, found, mode) => [
  ...parentAndDentry(k, found),
  mode,
]);

/** Making a regular file by open(2), or a socket by bind(2). */
export const securityPathMknod = securityHook<[Found, number]>('path_mknod', (k, found, mode) => [
  ...parentAndDentry(k, found),
  mode,
  0,
]);

export const securityPathSymlink = securityHook<[Found, string]>('path_symlink', (k, found, target) => [
  ...parentAndDentry(k, found),
  k.ptr(k.transient.bytes(new TextEncoder().encode(`${target}\0`))),
]);

export const securityPathRename = securityHook<[Found, Found]>('path_rename', (k, from, to) => [
  ...parentAndDentry(k, from),
  ...parentAndDentry(k, to),
  0,
]);

export const securityPathChmod = securityHook<[Path, number]>('path_chmod', (k, path, mode) => [
  k.transient.path(path),
  mode,
]);

export const securityPathChown = securityHook<[Path, number, number]>('path_chown', (k, path, uid, gid) => [
  k.transient.path(path),
  uid,
  gid,
]);

export const securityPathTruncate = securityHook<[Path]>('path_truncate', (k, path) => [
  k.transient.path(path),
]);

export const securityPathChroot = securityHook<[Path]>('path_chroot', (k, path) => [k.transient.path(path)]);
