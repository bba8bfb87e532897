import { S } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { PidNamespace } from '../namespaces/namespace';
import type { Task } from '../task/task';
import { Inode } from './inode';
import { pathString } from './mount';
import type { SuperBlock } from './super-block';
import { type FileTree, makeInode, plantTree } from './tree';

/** Letters of /proc/PID/stat by state. */
const STATE_LETTER: Readonly<Record<number, string>> = { 0: 'R', 1: 'S', 2: 'D', 4: 'T' };

function letter(task: Task): string {
  return task.exitState ? 'Z' : (STATE_LETTER[task.state] ?? 'S');
}

/** Text of one file below /proc/PID. */
type PidFile = (k: Kernel, task: Task, ns: PidNamespace) => string;

function ticks(ns: number): number {
  return Math.floor(ns / 10_000_000);
}

/** Files that only their process's owner may read. */
const PRIVATE_FILES: Readonly<Record<string, PidFile>> = {
  environ: (k, task) => {
    const { mm } = task;
    if (!mm) return '';
    const { envStart, envEnd } = mm.marks;
    const bytes = k.user.read(mm, envStart, envEnd - envStart);
    return bytes ? new TextDecoder().decode(bytes) : '';
  },
};

const PID_FILES: Readonly<Record<string, PidFile>> = {
  comm: (_k, task) => `${task.comm}\n`,
  cmdline: (k, task) => {
    const { mm } = task;
    if (!mm) return '';
    const { argStart, argEnd } = mm.marks;
    const bytes = k.user.read(mm, argStart, argEnd - argStart);
    return bytes ? new TextDecoder().decode(bytes) : '';
  },
  stat: (_k, task, ns) => {
    const { signal } = task;
    const parent = task.parent.thread.numberIn(ns);
    const head = `${task.thread.numberIn(ns)} (${task.comm}) ${letter(task)} ${parent} ${signal.pgrp} ${signal.session}`;
    const tail = `${ticks(task.utimeNs)} ${ticks(task.stimeNs)} 0 0 ${task.prio - 100} ${task.nice}`;
    const start = ticks(task.startNs);
    const minor = task.minFlt;
    return `${head} 0 -1 ${task.flags} ${minor} 0 ${task.majFlt} 0 ${tail} ${signal.threads.size} 0 ${start} 0 0\n`;
  },
  status: (_k, task, ns) => {
    const { ids } = task.cred;
    const uids = [ids.uid, ids.euid, ids.suid, ids.fsuid].join('\t');
    const gids = [ids.gid, ids.egid, ids.sgid, ids.fsgid].join('\t');
    return [
      `Name:\t${task.comm}`,
      `State:\t${letter(task)}`,
      `Tgid:\t${task.groupLeader.thread.numberIn(ns)}`,
      `Pid:\t${task.thread.numberIn(ns)}`,
      `PPid:\t${task.parent.thread.numberIn(ns)}`,
      `Uid:\t${uids}`,
      `Gid:\t${gids}`,
      `Threads:\t${task.signal.threads.size}`,
      `NSpid:\t${task.thread.numbers.map((n) => n.nr).join('\t')}`,
      `voluntary_ctxt_switches:\t${task.nvcsw}`,
      `nonvoluntary_ctxt_switches:\t${task.nivcsw}`,
      '',
    ].join('\n');
  },
  cgroup: (_k, task) => `0::${task.cgroup.path}\n`,
  loginuid: () => '4294967295',
  maps: (_k, task) =>
    (task.mm?.vmas ?? [])
      .map((vma) => {
        const hex = (n: number) => n.toString(16).padStart(12, '0');
        const bit = (mask: number, char: string) => (vma.flags & mask ? char : '-');
        const prot = bit(1, 'r') + bit(2, 'w') + bit(4, 'x') + (vma.flags & 8 ? 's' : 'p');
        const name = vma.file ? pathString(vma.file.path) : vma.name;
        return `${hex(vma.start)}-${hex(vma.end)} ${prot} ${vma.fileOffset.toString(16).padStart(8, '0')} 00:00 0 ${name}\n`;
      })
      .join(''),
};

const PID_LINKS: Readonly<Record<string, (task: Task) => string>> = {
  cwd: (task) => pathString(task.fs.pwd, task.fs.root),
  root: (task) => pathString(task.fs.root),
  exe: (task) => (task.mm?.exe ? pathString(task.mm.exe.path, task.fs.root) : ''),
};

/** Files of /proc that belong to no process. */
const SYSTEM_FILES: FileTree = {
  meminfo: {
    generate: (k) => {
      const kb = (bytes: number) => `${Math.floor(bytes / 1024)} kB`;
      const total = 16 * 2 ** 30;
      const free = total - k.memory.usedBytes;
      return `MemTotal:       ${kb(total)}\nMemFree:        ${kb(free)}\nMemAvailable:   ${kb(free)}\n`;
    },
  },
  loadavg: { generate: (k) => `0.08 0.12 0.10 ${k.runnable()}/${k.taskCount()} ${k.lastPid()}\n` },
  uptime: {
    generate: (k) => `${(k.nowNs() / 1e9).toFixed(2)} ${((k.nowNs() / 1e9) * k.cpus * 0.9).toFixed(2)}\n`,
  },
  version: { generate: (k) => `Linux version ${k.uname.release} (gcc) ${k.uname.version}\n` },
  stat: {
    generate: (k) =>
      Array.from({ length: k.cpus }, (_, cpu) => `cpu${cpu} 0 0 0 ${ticks(k.nowNs())} 0 0 0 0 0 0\n`).join(
        '',
      ),
  },
  cpuinfo: {
    generate: (k) =>
      Array.from(
        { length: k.cpus },
        (_, cpu) => `processor\t: ${cpu}\nmodel name\t: Virtual CPU @ 3.00GHz\n\n`,
      ).join(''),
  },
  filesystems: 'nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup2\nnodev\toverlay\n\text4\n',
  mounts: { generate: (k) => k.vfs.mountLines(k.task) },
  'sys/kernel/hostname': { generate: (k) => `${k.task.nsproxy.all.uts.nodename}\n` },
  'sys/kernel/osrelease': { generate: (k) => `${k.uname.release}\n` },
  'sys/kernel/ngroups_max': '65536\n',
  'sys/kernel/cap_last_cap': '40\n',
  'sys/kernel/pid_max': '4194304\n',
  'sys/net/core/somaxconn': '4096\n',
  'sys/vm/overcommit_memory': '0\n',
};

/** Entries of /proc itself: a directory for each process of the namespace comes and goes with it. */
class ProcEntries extends Map<string, Inode> {
  constructor(
    private readonly k: Kernel,
    private readonly sb: SuperBlock,
    private readonly ns: PidNamespace,
  ) {
    super();
  }

  override get(name: string): Inode | undefined {
    if (!/^\d+$/.test(name)) return super.get(name);
    const task = this.task(Number(name));
    return task && this.directory(task);
  }

  override *[Symbol.iterator](): MapIterator<[string, Inode]> {
    yield* super[Symbol.iterator]();
    for (const task of this.k.tasks.all()) {
      const nr = task.thread.numberIn(this.ns);
      if (nr && task.groupLeader === task) yield [String(nr), this.directory(task)];
    }
  }

  private task(nr: number): Task | undefined {
    for (const task of this.k.tasks.all()) if (task.thread.numberIn(this.ns) === nr) return task;
    return undefined;
  }

  private directory(task: Task): Inode {
    const dir = makeInode(this.sb, { dir: true, mode: 0o555, uid: task.uid, gid: task.gid }, 0);
    for (const [name, text] of Object.entries(PID_FILES)) {
      const file = makeInode(this.sb, { generate: (k) => text(k, task, this.ns) }, 0);
      dir.entries!.set(name, file);
    }
    for (const [name, text] of Object.entries(PRIVATE_FILES)) {
      const owner = { mode: 0o400, uid: task.uid, gid: task.gid };
      const file = makeInode(this.sb, { ...owner, generate: (k) => text(k, task, this.ns) }, 0);
      dir.entries!.set(name, file);
    }
    for (const [name, target] of Object.entries(PID_LINKS)) {
      const link = makeInode(this.sb, { link: '' }, 0);
      link.generate = () => target(task);
      dir.entries!.set(name, link);
    }
    return dir;
  }
}

/** Root inode of a procfs instance for one pid namespace. */
export function createProcRoot(k: Kernel, sb: SuperBlock, ns: PidNamespace): Inode {
  const template = makeInode(sb, { dir: true, mode: 0o555 }, 0);
  const root = new Inode(sb, 1, S.IFDIR | 0o555, template.ops);
  Object.defineProperty(root, 'entries', { value: new ProcEntries(k, sb, ns) });
  plantTree(root, SYSTEM_FILES, 0);
  const self = makeInode(sb, { link: '' }, 0);
  self.generate = () => String(k.task.groupLeader.thread.numberIn(ns));
  root.entries!.set('self', self);
  return root;
}
