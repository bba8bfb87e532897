import type { Kernel } from '../kernel';
import type { Dentry } from './dentry';
import type { SuperBlock } from './super-block';

/** One mount: a file system's root hung onto a dentry of another. */
export class Mount {
  readonly children = new Map<Dentry, Mount>();
  /** Offset of the `struct vfsmount` inside, which paths point at. */
  readonly vfsmount: number;

  constructor(
    readonly offset: number,
    vfsmountAt: number,
    readonly sb: SuperBlock,
    readonly root: Dentry,
    readonly parent: Mount | undefined,
    readonly mountpoint: Dentry | undefined,
    readonly devname: string,
    readonly id: number,
  ) {
    this.vfsmount = offset + vfsmountAt;
  }
}

/** A place in the file tree: `struct path`. */
export interface Path {
  readonly mnt: Mount;
  readonly dentry: Dentry;
}

export function createMount(k: Kernel, sb: SuperBlock, root: Dentry, devname: string, at?: Path): Mount {
  const L = k.layout.mount;
  const offset = k.memory.alloc(L.sizeBytes);
  const id = k.nextMountId++;
  const mount = new Mount(offset, Math.max(0, L.mnt.offset), sb, root, at?.mnt, at?.dentry, devname, id);
  // A root mount is its own parent, which is how d_path walks know where to stop.
  k.w.ptr(offset, L.mnt_parent, at?.mnt.offset ?? offset);
  k.w.ptr(offset, L.mnt_mountpoint, at?.dentry.offset ?? root.offset);
  k.w.ptr(offset, L['mnt.mnt_root'], root.offset);
  k.w.ptr(offset, L['mnt.mnt_sb'], sb.offset);
  k.w.ptr(offset, L.mnt_devname, k.w.string(devname));
  k.w.put(offset, L.mnt_id, id);
  at?.mnt.children.set(at.dentry, mount);
  return mount;
}

/** `fs/d_path.c: prepend_path`: the path as seen from `root`. */
export function pathString(at: Path, root?: Path): string {
  let { mnt, dentry } = at;
  const parts: string[] = [];
  for (;;) {
    if (root && mnt === root.mnt && dentry === root.dentry) break;
    if (dentry === mnt.root) {
      if (!mnt.parent || !mnt.mountpoint) break;
      dentry = mnt.mountpoint;
      mnt = mnt.parent;
      continue;
    }
    if (dentry.isRoot) {
      // Pipes and sockets live on file systems that are mounted nowhere.
      return dentry.name;
    }
    parts.push(dentry.name);
    dentry = dentry.parent;
  }
  return `/${parts.reverse().join('/')}`;
}
