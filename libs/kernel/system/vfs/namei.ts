import { S } from '@probed/abi';
import type { Kernel } from '../kernel';
import { CAP, capable } from '../task/cred';
import { securityHook } from '../trace/security';
import { traced } from '../trace/traced';
import { createDentry, type Dentry } from './dentry';
import type { Inode } from './inode';
import type { Path } from './mount';

const ENOENT = -2;
const EACCES = -13;
const ENOTDIR = -20;
const ENAMETOOLONG = -36;
const ELOOP = -40;

/** `MAXSYMLINKS` */
const MAX_SYMLINKS = 40;
const NAME_MAX = 255;
const COMPONENT_COST_NS = 55;
const MISS_COST_NS = 900;

/** `MAY_*` bits, as access(2) has them too. */
export const MAY = { EXEC: 1, WRITE: 2, READ: 4 } as const;

/** The last component, found or not. `dentry` is negative when there is no such file. */
export interface Found {
  readonly path: Path;
  readonly parent: Path;
  readonly name: string;
}

const securityInodePermission = securityHook<[Inode, number]>('inode_permission', (k, inode, mask) => [
  k.ptr(inode.offset),
  mask,
]);

/** `fs/namei.c: inode_permission` */
export function inodePermission(k: Kernel, inode: Inode, mask: number): number {
  const { ids } = k.task.cred;
  const { mode } = inode;
  const shift = ids.fsuid === inode.uid ? 6 : ids.fsgid === inode.gid ? 3 : 0;
  if (((mode >> shift) & mask) !== mask) {
    const executable = inode.isDir || (mode & 0o111) !== 0;
    const overridable = !(mask & MAY.EXEC) || executable;
    if (!overridable || !capable(k, CAP.DAC_OVERRIDE)) return EACCES;
  }
  return securityInodePermission(k, inode, mask);
}

/** Dentry-cache hit: the child or undefined. Pointers it leaves are those of `struct nameidata`'s last component. */
const lookupFast = traced<[Lookup]>(
  'lookup_fast',
  (k, lookup) => [k.transient.nameidata(lookup.at, lookup.name)],
  (k, lookup) => {
    k.sched.spend(COMPONENT_COST_NS);
    lookup.result = lookup.at.dentry.children.get(lookup.name);
    return lookup.result ? k.ptr(lookup.result.offset) : 0;
  },
);

const dLookup = traced<[Lookup]>(
  'd_lookup',
  (k, lookup) => [k.ptr(lookup.at.dentry.offset), k.transient.qstr(lookup.name)],
  (_k, lookup) => {
    lookup.result = lookup.at.dentry.children.get(lookup.name);
    return 0;
  },
);

/** One component's lookup in progress. */
interface Lookup {
  at: Path;
  name: string;
  result: Dentry | undefined;
}

/** The child of a directory, from the cache or from the file system; negative when it does not exist. */
function lookupChild(k: Kernel, at: Path, name: string): Dentry {
  const lookup: Lookup = { at, name, result: undefined };
  lookupFast(k, lookup);
  if (!lookup.result) {
    dLookup(k, lookup);
    k.sched.spend(MISS_COST_NS);
    const { dentry } = at;
    lookup.result ??= createDentry(k, name, dentry, dentry.inode?.entries?.get(name), dentry.sb);
  }
  return lookup.result;
}

/** A mount that covers this place, as deep as they are stacked. */
function crossMounts(path: Path): Path {
  let at = path;
  for (;;) {
    const over = at.mnt.children.get(at.dentry);
    if (!over) return at;
    at = { mnt: over, dentry: over.root };
  }
}

/** One path walk (`fs/namei.c: path_lookupat`); results are {@link Found} or a negative errno. */
class Walk {
  private links = 0;
  constructor(
    private readonly k: Kernel,
    private readonly root: Path,
  ) {}

  /** @param follow whether a final symbolic link is followed */
  run(start: Path, path: string, follow: boolean): Found | number {
    let at = path.startsWith('/') ? this.root : start;
    const names = path.split('/').filter((name) => name !== '');
    let found: Found = { path: at, parent: at, name: '.' };
    const mustBeDir = path.endsWith('/');
    for (let i = 0; i < names.length; i++) {
      const last = i === names.length - 1;
      const step = this.step(at, names[i], !last || follow || mustBeDir, last);
      if (typeof step === 'number') return step;
      found = step;
      at = step.path;
      if (!last && !at.dentry.inode) return ENOENT;
    }
    if (mustBeDir && at.dentry.inode && !at.dentry.inode.isDir) return ENOTDIR;
    return found;
  }

  private step(at: Path, name: string, follow: boolean, last: boolean): Found | number {
    const { k } = this;
    const dir = at.dentry.inode;
    if (!dir) return ENOENT;
    if (!dir.isDir) return ENOTDIR;
    if (name.length > NAME_MAX) return ENAMETOOLONG;
    const denied = inodePermission(k, dir, MAY.EXEC);
    if (denied < 0) return denied;
    if (name === '.') return { path: at, parent: at, name };
    if (name === '..') return { path: this.up(at), parent: at, name };
    const dentry = lookupChild(k, at, name);
    const here = { mnt: at.mnt, dentry };
    const { inode } = dentry;
    if (inode?.isLink && follow) {
      if (++this.links > MAX_SYMLINKS) return ELOOP;
      const target = this.run(at, inode.generate ? inode.generate(k) : inode.link, true);
      if (typeof target === 'number') return target;
      if (!target.path.dentry.inode && !last) return ENOENT;
      return target;
    }
    return { path: crossMounts(here), parent: at, name };
  }

  private up(at: Path): Path {
    let { mnt, dentry } = at;
    for (;;) {
      if (mnt === this.root.mnt && dentry === this.root.dentry) return at;
      if (dentry !== mnt.root) return crossMounts({ mnt, dentry: dentry.parent });
      if (!mnt.parent || !mnt.mountpoint) return at;
      dentry = mnt.mountpoint;
      mnt = mnt.parent;
    }
  }
}

/** Resolves a path for the current task. */
export function pathLookup(k: Kernel, start: Path, path: string, follow = true): Found | number {
  if (path === '') return ENOENT;
  return new Walk(k, k.task.fs.root).run(start, path, follow);
}

/** As above, from another root: used before a task's own root is set. */
export function lookupFrom(k: Kernel, root: Path, path: string): Found | number {
  return new Walk(k, root).run(root, path, true);
}

/** Type bits of a mode as `d_type` of getdents has them. */
export function dirType(mode: number): number {
  return (mode & S.IFMT) >> 12;
}
