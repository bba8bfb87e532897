/** Kinds of namespace with the `CLONE_NEW*` flag that makes one (`include/uapi/linux/sched.h`). */
export const NS_FLAGS = {
  mnt: 0x0002_0000,
  cgroup: 0x0200_0000,
  uts: 0x0400_0000,
  ipc: 0x0800_0000,
  user: 0x1000_0000,
  pid: 0x2000_0000,
  net: 0x4000_0000,
  time: 0x0000_0080,
} as const;

export type NsKind = keyof typeof NS_FLAGS;

/** One namespace: its struct in linear memory and its nsfs inode number. */
export class Namespace {
  constructor(
    readonly kind: NsKind,
    readonly offset: number,
    readonly inum: number,
  ) {}
}

export class UtsNamespace extends Namespace {
  constructor(
    offset: number,
    inum: number,
    public nodename: string,
  ) {
    super('uts', offset, inum);
  }
}

/** Highest pid + 1 (`kernel.pid_max` of a 64-bit machine). */
const PID_MAX = 4_194_304;
/** Where allocation restarts after a wrap (`RESERVED_PIDS`). */
const RESERVED_PIDS = 300;

/** A pid namespace and its allocator, which goes round like the kernel's (`idr_alloc_cyclic`). */
export class PidNamespace extends Namespace {
  private readonly used = new Set<number>();
  private next = 1;

  constructor(
    offset: number,
    inum: number,
    readonly level: number,
    readonly parent: PidNamespace | undefined,
  ) {
    super('pid', offset, inum);
  }

  allocate(): number {
    let nr = this.next;
    for (;;) {
      if (nr >= PID_MAX) nr = RESERVED_PIDS;
      if (!this.used.has(nr)) break;
      nr++;
    }
    this.used.add(nr);
    this.next = nr + 1;
    return nr;
  }

  /** Takes a number out of turn. @returns false when it is taken or no pid */
  claim(nr: number): boolean {
    if (!Number.isInteger(nr) || nr < 1 || nr >= PID_MAX || this.used.has(nr)) return false;
    this.used.add(nr);
    return true;
  }

  release(nr: number): void {
    this.used.delete(nr);
  }

  /** The next allocation gives at least `nr`: what was forked and gone before the run began. */
  skipTo(nr: number): void {
    if (nr > this.next) this.next = nr;
  }
}

/** Addresses and ports of one network namespace live in `net/`; this is its identity. */
export class NetNamespace extends Namespace {
  constructor(
    offset: number,
    inum: number,
    readonly cookie: number,
  ) {
    super('net', offset, inum);
  }
}
