import { AT } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Task } from '../task/task';
import type { File } from '../vfs/file';
import type { Path } from '../vfs/mount';
import { type Found, pathLookup } from '../vfs/namei';

export const EBADF = -9;
export const EFAULT = -14;
export const EINVAL = -22;
export const ENOENT = -2;
export const ENOTDIR = -20;
const ENAMETOOLONG = -36;
const PATH_MAX = 4096;

/** `getname`: a path from user memory. @returns text or a negative errno */
export function getname(k: Kernel, task: Task, address: number): string | number {
  const text = task.mm && k.user.readText(task.mm, address, PATH_MAX);
  if (text === undefined) return EFAULT;
  return text.length >= PATH_MAX ? ENAMETOOLONG : text;
}

/** Where a relative path starts for an `*at` call. */
export function startOf(task: Task, dfd: number): Path | number {
  const fd = dfd | 0;
  if (fd === AT.FDCWD) return task.fs.pwd;
  const file = task.files.get(fd);
  if (!file) return EBADF;
  return file.path;
}

/** Resolves a path given to a call. */
export function lookupAt(
  k: Kernel,
  task: Task,
  dfd: number,
  address: number,
  follow: boolean,
): Found | number {
  const path = getname(k, task, address);
  if (typeof path === 'number') return path;
  if (path.startsWith('/')) return pathLookup(k, task.fs.root, path, follow);
  const start = startOf(task, dfd);
  return typeof start === 'number' ? start : pathLookup(k, start, path, follow);
}

export function fileOf(task: Task, fd: number): File | undefined {
  return task.files.get(fd | 0);
}
