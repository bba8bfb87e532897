import type { Kernel } from '../kernel';

/** One cgroup of the v2 hierarchy with the css_set that its tasks share. */
export class Cgroup {
  readonly children = new Map<string, Cgroup>();

  constructor(
    readonly offset: number,
    readonly cssSetOffset: number,
    /** kernfs id, which is the inode number in /sys/fs/cgroup. */
    readonly id: number,
    readonly name: string,
    readonly parent: Cgroup | undefined,
    readonly level: number,
  ) {}

  /** As in /proc/PID/cgroup: `/` for the root. */
  get path(): string {
    if (!this.parent) return '/';
    return this.parent.parent ? `${this.parent.path}/${this.name}` : `/${this.name}`;
  }

  ancestor(level: number): Cgroup | undefined {
    if (level < 0 || level > this.level) return undefined;
    let at: Cgroup = this;
    while (at.level > level) at = at.parent!;
    return at;
  }
}

/** The cgroup v2 tree of a node (`kernel/cgroup/cgroup.c`). */
export class CgroupTree {
  readonly root: Cgroup;
  private readonly byId = new Map<number, Cgroup>();
  private nextId = 1;

  constructor(private readonly k: Kernel) {
    this.root = this.create('', undefined);
    // Ids of a node that has been up for a while: systemd made and removed many before.
    this.nextId = 1_200 + k.prng.fork('cgroup').below(4_000);
  }

  find(id: number): Cgroup | undefined {
    return this.byId.get(id);
  }

  all(): Iterable<Cgroup> {
    return this.byId.values();
  }

  /** `mkdir -p` below /sys/fs/cgroup. @param path e.g. `/system.slice/cron.service` */
  ensure(path: string): Cgroup {
    let at = this.root;
    for (const name of path.split('/')) {
      if (!name) continue;
      let child = at.children.get(name);
      if (!child) {
        child = this.create(name, at);
        at.children.set(name, child);
        const { cgroupMkdir } = this.k.tp;
        if (cgroupMkdir.active) cgroupMkdir.fire(child);
      }
      at = child;
    }
    return at;
  }

  private create(name: string, parent: Cgroup | undefined): Cgroup {
    const { k } = this;
    const C = k.layout.cgroup;
    const N = k.layout.kernfs;
    const S = k.layout.cssSet;
    const id = this.nextId;
    this.nextId += parent ? 1 + (id % 3) : 1;
    const kn = k.memory.alloc(N.sizeBytes);
    k.w.put(kn, N.id, id);
    k.w.ptr(kn, N.name, k.w.string(parent ? name : ''));
    const level = parent ? parent.level + 1 : 0;
    const offset = k.memory.alloc(C.sizeBytes + 8 * (level + 1));
    if (parent) k.w.ptr(kn, N.__parent, this.kernfsOf(parent));
    k.w.ptr(offset, C.kn, kn);
    k.w.put(offset, C.level, level);
    k.w.ptr(offset, C['self.cgroup'], offset);
    const set = k.memory.alloc(S.sizeBytes);
    k.w.ptr(set, S.dfl_cgrp, offset);
    // v2 only: each controller's css leads to the same cgroup.
    for (let at = 0; at < S.subsys.bytes; at += 8)
      k.w.ptr(set, { offset: S.subsys.offset + at, bytes: 8 }, offset + Math.max(0, C.self.offset));
    const cgroup = new Cgroup(offset, set, id, name, parent, level);
    for (let i = 0; i <= level && C.ancestors.offset >= 0; i++) {
      const target = i === level ? offset : cgroup.ancestor(i)!.offset;
      k.w.ptr(offset, { offset: C.ancestors.offset + 8 * i, bytes: 8 }, target);
    }
    this.byId.set(id, cgroup);
    return cgroup;
  }

  /** Offset of a cgroup's kernfs node. */
  kernfsOf(cgroup: Cgroup): number {
    return this.k.memory.u32[(cgroup.offset + this.k.layout.cgroup.kn.offset) >> 2];
  }
}
