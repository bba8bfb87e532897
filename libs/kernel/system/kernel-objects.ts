import { AF } from '@probed/abi';
import type { Cgroup } from './cgroup/cgroup';
import type { Kernel } from './kernel';
import { vmaStruct } from './mm/faults';
import type { Task } from './task/task';

/** Kernel objects by their offsets in linear memory, as an iterator over them comes along. Each walk sees what is there when it gets there. */
export interface KernelObjects {
  /** All threads but the idle ones, by pid. */
  tasks(): Iterable<ThreadObject>;
  /** Open descriptors of a thread. */
  files(pid: number): Iterable<{ readonly fd: number; readonly offset: number }>;
  /** Mappings of a thread's address space (`vm_area_struct`), by address. */
  vmas(pid: number): Iterable<number>;
  /** cgroups from one (id; the root when undefined) on; undefined when there is none of that id. */
  cgroups(from: number | undefined, order: CgroupOrder): Iterable<number> | undefined;
  /** Sockets of the initial network namespace, by when they were made; unix sockets too. */
  sockets(kind: SocketKind): Iterable<{ readonly offset: number; readonly uid: number }>;
}

export interface ThreadObject {
  readonly pid: number;
  readonly tgid: number;
  readonly offset: number;
  /** Another thread's files are its own too; walks over files and mappings show them once, with the leader. */
  readonly sharesFiles: boolean;
}

/** `enum bpf_cgroup_iter_order`. */
export type CgroupOrder = 'self' | 'descendants-pre' | 'descendants-post' | 'ancestors-up';

export type SocketKind = 'tcp' | 'udp' | 'unix';

const PROTOCOL = { tcp: 6, udp: 17 } as const;

export class ObjectWalks implements KernelObjects {
  constructor(private readonly k: Kernel) {}

  *tasks(): Generator<ThreadObject> {
    const pids = Array.from(this.k.tasks.all(), ({ pid }) => pid).sort((a, b) => a - b);
    for (const pid of pids) {
      const task = this.k.tasks.find(pid);
      if (task) yield threadObject(task);
    }
  }

  *files(pid: number): Generator<{ fd: number; offset: number }> {
    const files = this.k.tasks.find(pid)?.files;
    for (let fd = 0; files && fd < files.fds.length; fd++) {
      const file = files.get(fd);
      if (file) yield { fd, offset: file.offset };
    }
  }

  *vmas(pid: number): Generator<number> {
    const mm = this.k.tasks.find(pid)?.mm;
    if (!mm) return;
    for (const vma of [...mm.vmas]) yield vmaStruct(this.k, mm, vma);
  }

  cgroups(from: number | undefined, order: CgroupOrder): Iterable<number> | undefined {
    const { cgroups } = this.k;
    const start = from === undefined ? cgroups.root : cgroups.find(from);
    return start && cgroupWalk(start, order);
  }

  *sockets(kind: SocketKind): Generator<{ offset: number; uid: number }> {
    for (const sock of [...this.k.net.socks]) {
      if (sock.freed) continue;
      const wanted =
        kind === 'unix'
          ? sock.family === AF.UNIX
          : sock.family === AF.INET && sock.protocol === PROTOCOL[kind];
      if (wanted) yield { offset: sock.offset, uid: sock.uid };
    }
  }
}

function threadObject(task: Task): ThreadObject {
  const { pid, tgid, offset, groupLeader, files } = task;
  return { pid, tgid, offset, sharesFiles: groupLeader !== task && groupLeader.files === files };
}

/** Offsets of cgroups from one on. */
export function* cgroupWalk(start: Cgroup, order: CgroupOrder): Generator<number> {
  if (order === 'ancestors-up') {
    for (let at: Cgroup | undefined = start; at; at = at.parent) yield at.offset;
    return;
  }
  if (order !== 'descendants-post') yield start.offset;
  if (order !== 'self') for (const child of [...start.children.values()]) yield* cgroupWalk(child, order);
  if (order === 'descendants-post') yield start.offset;
}
