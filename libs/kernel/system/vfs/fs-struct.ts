import type { Kernel } from '../kernel';
import type { Path } from './mount';

/** Root, working directory and umask of a process. */
export class FsStruct {
  readonly offset: number;
  users = 1;
  umask = 0o022;

  constructor(
    private readonly k: Kernel,
    public root: Path,
    public pwd: Path,
  ) {
    this.offset = k.memory.alloc(k.layout.fs.sizeBytes);
    this.write();
  }

  setPwd(path: Path): void {
    this.pwd = path;
    this.write();
  }

  setRoot(path: Path): void {
    this.root = path;
    this.write();
  }

  setUmask(mask: number): number {
    const old = this.umask;
    this.umask = mask & 0o777;
    this.write();
    return old;
  }

  fork(): FsStruct {
    const copy = new FsStruct(this.k, this.root, this.pwd);
    copy.setUmask(this.umask);
    return copy;
  }

  private write(): void {
    const { k, offset: at } = this;
    const L = k.layout.fs;
    k.w.put(at, L.users, this.users);
    k.w.put(at, L.umask, this.umask);
    k.w.ptr(at, L['root.mnt'], this.root.mnt.vfsmount);
    k.w.ptr(at, L['root.dentry'], this.root.dentry.offset);
    k.w.ptr(at, L['pwd.mnt'], this.pwd.mnt.vfsmount);
    k.w.ptr(at, L['pwd.dentry'], this.pwd.dentry.offset);
  }
}
