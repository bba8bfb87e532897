import { S } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { PidNamespace } from '../namespaces/namespace';
import type { Pid } from '../task/pid';
import type { Task } from '../task/task';
import { createDentry, type Dentry, freeDentry } from './dentry';
import { fullOps, nullOps, randomOps, zeroOps } from './devices';
import { evictInode, Inode } from './inode';
import { createMount, type Mount, type Path, pathString } from './mount';
import { lookupFrom } from './namei';
import { createProcRoot } from './proc';
import { type FsTypeName, SuperBlock } from './super-block';
import { type FileTree, makeInode, plantTree } from './tree';

/** First minor of anonymous devices (major 0), given to file systems without a disk. */
const FIRST_ANON_MINOR = 22;
/** 253:1, a virtio disk's first partition. */
const DISK_DEV = (253 << 20) | 1;

const DEV_TREE: FileTree = {
  null: { device: [1, 3, nullOps] },
  zero: { device: [1, 5, zeroOps] },
  full: { device: [1, 7, fullOps] },
  random: { device: [1, 8, randomOps] },
  urandom: { device: [1, 9, randomOps] },
  fd: { link: '/proc/self/fd' },
  stdin: { link: '/proc/self/fd/0' },
  stdout: { link: '/proc/self/fd/1' },
  stderr: { link: '/proc/self/fd/2' },
  pts: { dir: true },
  shm: { dir: true, mode: 0o1777 },
};

/** A file system that is mounted for internal use: pipes, sockets, epoll sets, terminals. */
interface Internal {
  readonly sb: SuperBlock;
  readonly mnt: Mount;
  readonly root: Inode;
}

/** All file systems and mounts of a node. */
export class Vfs {
  nextPty = 0;
  readonly pipefs: Internal;
  readonly sockfs: Internal;
  readonly anon: Internal;
  readonly devpts: Internal;
  private nextMinor = FIRST_ANON_MINOR;
  private readonly procRoots: { readonly root: Dentry; readonly ns: PidNamespace }[] = [];

  constructor(private readonly k: Kernel) {
    this.pipefs = this.internal('pipefs');
    this.sockfs = this.internal('sockfs');
    this.anon = this.internal('anon_inodefs');
    this.devpts = this.internal('devpts');
  }

  /** The empty first root, on which the node's own is mounted (`init_mount_tree`). */
  createRootfs(): Path {
    const sb = this.superBlock('tmpfs');
    const dentry = createDentry(this.k, '/', undefined, this.rootInode(sb, 0), sb);
    return { mnt: createMount(this.k, sb, dentry, 'rootfs'), dentry };
  }

  /** A new file tree with the mounts that every node and container has; gives its root. */
  createRoot(fsType: 'ext4' | 'overlay', tree: FileTree, ns: PidNamespace, mtimeSec: number): Path {
    const sb = this.superBlock(fsType);
    const root = this.rootInode(sb, mtimeSec);
    plantTree(root, { proc: { dir: true }, dev: { dir: true }, sys: { dir: true }, ...tree }, mtimeSec);
    const dentry = createDentry(this.k, '/', undefined, root, sb);
    const devname = fsType === 'ext4' ? '/dev/vda1' : 'overlay';
    const mnt = createMount(this.k, sb, dentry, devname);
    const path = { mnt, dentry };
    this.mountProc(path, ns);
    this.mountTree(path, '/dev', fsType === 'ext4' ? 'devtmpfs' : 'tmpfs', DEV_TREE, mtimeSec);
    this.mountInternal(path, '/dev/pts', this.devpts);
    this.mountTree(path, '/sys', 'sysfs', { 'fs/cgroup': { dir: true } }, mtimeSec);
    return path;
  }

  /** Mounts a new file system with the given content on a directory. */
  mountTree(root: Path, at: string, fsType: FsTypeName, tree: FileTree, mtimeSec: number): Mount {
    const sb = this.superBlock(fsType);
    const inode = this.rootInode(sb, mtimeSec);
    plantTree(inode, tree, mtimeSec);
    return this.mount(root, at, sb, inode, fsType);
  }

  /** As /proc/mounts lists them, for the mounts below a task's root. */
  mountLines(task: Task): string {
    const lines: string[] = [];
    const visit = (mnt: Mount) => {
      const at = pathString({ mnt, dentry: mnt.root }, task.fs.root);
      lines.push(`${mnt.devname} ${at} ${mnt.sb.fsType} rw,relatime 0 0\n`);
      for (const child of mnt.children.values()) visit(child);
    };
    visit(task.fs.root.mnt);
    return lines.join('');
  }

  /** A process is gone: its directories leave the dentry cache. */
  forgetPid(pid: Pid): void {
    for (const { root, ns } of this.procRoots) {
      const dentry = root.children.get(String(pid.numberIn(ns)));
      if (!dentry) continue;
      root.children.delete(dentry.name);
      this.prune(dentry);
    }
  }

  superBlock(fsType: FsTypeName): SuperBlock {
    const onDisk = fsType === 'ext4';
    const dev = onDisk ? DISK_DEV : this.nextMinor++;
    const firstIno = onDisk || fsType === 'overlay' ? 262_144 : 2;
    return new SuperBlock(this.k, fsType, dev, onDisk ? 'vda1' : fsType, firstIno);
  }

  /** Frees a subtree of the dentry cache, less what is still open. */
  private prune(dentry: Dentry): void {
    for (const child of dentry.children.values()) this.prune(child);
    const { inode } = dentry;
    if (inode && inode.opens > 0) return;
    if (inode) {
      inode.nlink = 0;
      evictInode(this.k, inode);
    }
    freeDentry(this.k, dentry);
  }

  private mountProc(root: Path, ns: PidNamespace): void {
    const sb = this.superBlock('proc');
    const mount = this.mount(root, '/proc', sb, createProcRoot(this.k, sb, ns), 'proc');
    this.procRoots.push({ root: mount.root, ns });
  }

  private mountInternal(root: Path, at: string, fs: Internal): void {
    this.mount(root, at, fs.sb, fs.root, fs.sb.fsType);
  }

  private mount(root: Path, at: string, sb: SuperBlock, inode: Inode, devname: string): Mount {
    const found = lookupFrom(this.k, root, at);
    if (typeof found === 'number') throw new Error(`invariant broken: no mount point ${at} (${found})`);
    const dentry = createDentry(this.k, '/', undefined, inode, sb);
    return createMount(this.k, sb, dentry, devname, found.path);
  }

  private rootInode(sb: SuperBlock, mtimeSec: number): Inode {
    return makeInode(sb, { dir: true }, mtimeSec);
  }

  private internal(fsType: FsTypeName): Internal {
    const sb = this.superBlock(fsType);
    const root = new Inode(sb, 1, S.IFDIR | 0o755, { sleeps: false });
    const dentry = createDentry(this.k, `${fsType}:`, undefined, root, sb);
    return { sb, mnt: createMount(this.k, sb, dentry, fsType), root };
  }
}
