import { ARCH, PR, RLIMIT } from '@probed/abi';
import { readU64, writeI64 } from '@probed/base';
import type { Kernel } from '../kernel';
import { NS_FLAGS, type NsKind } from '../namespaces/namespace';
import type { Sys } from '../sched/task-program';
import { YIELD } from '../sched/task-program';
import { CAP, type Cred, capable } from '../task/cred';
import { setTaskComm } from '../task/exec';
import type { Task } from '../task/task';
import { cutComm } from '../task/task-table';
import { securityHook } from '../trace/security';
import type { HandlerTable } from './table';
import { EFAULT, EINVAL } from './util';

const EPERM = -1;
const ESRCH = -3;
const ENOSYS = -38;
const UTS_FIELD_BYTES = 65;
const GRND_NS_PER_BYTE = 1.3;
const PR_GET_NAME = 16;
const RLIM_INFINITY = -1;

const securitySetnice = securityHook<[Task, number]>('task_setnice', (k, task, nice) => [
  k.ptr(task.offset),
  nice,
]);

const securitySetrlimit = securityHook<[Task, number]>('task_setrlimit', (k, task, resource) => [
  k.ptr(task.offset),
  resource,
  0,
]);

const securitySetscheduler = securityHook<[Task]>('task_setscheduler', (k, task) => [k.ptr(task.offset)]);

const securityUsernsCreate = securityHook<[Cred]>('userns_create', (k, cred) => [k.ptr(cred.offset)], {
  caller: 'security_create_user_ns',
});

const securityTaskPrctl = securityHook<[number, number]>(
  'task_prctl',
  (_k, option, arg) => [option, arg, 0, 0, 0],
  { fallback: ENOSYS },
);

function uname(k: Kernel, task: Task, address: number): number {
  const { sysname, release, version, machine } = k.uname;
  const { nodename } = task.nsproxy.all.uts;
  const bytes = new Uint8Array(UTS_FIELD_BYTES * 6);
  [sysname, nodename, release, version, machine, '(none)'].forEach((text, i) => {
    bytes.set(new TextEncoder().encode(text).subarray(0, UTS_FIELD_BYTES - 1), i * UTS_FIELD_BYTES);
  });
  return k.user.write(task.mm!, address, bytes) ? 0 : EFAULT;
}

type Prctl = (k: Kernel, task: Task, arg: number) => number;

const PRCTL: Readonly<Record<number, Prctl>> = {
  [PR.SET_NAME]: (k, task, arg) => {
    const name = k.user.readText(task.mm!, arg, 16);
    if (name === undefined) return EFAULT;
    return setTaskComm(k, cutComm(name), false);
  },
  [PR_GET_NAME]: (k, task, arg) => (k.user.writeText(task.mm!, arg, task.comm) ? 0 : EFAULT),
  [PR.SET_PDEATHSIG]: () => 0,
  [PR.GET_DUMPABLE]: () => 1,
  [PR.SET_DUMPABLE]: () => 0,
  [PR.SET_KEEPCAPS]: () => 0,
  [PR.SET_NO_NEW_PRIVS]: () => 0,
  [PR.GET_NO_NEW_PRIVS]: () => 0,
  [PR.SET_CHILD_SUBREAPER]: () => 0,
  [PR.CAPBSET_READ]: (_k, task, arg) => Math.floor(task.cred.caps.bounding / 2 ** arg) % 2,
};

function prctl(k: Kernel, task: Task, option: number, arg: number): number {
  const verdict = securityTaskPrctl(k, option, arg);
  if (verdict !== ENOSYS) return verdict;
  return PRCTL[option]?.(k, task, arg) ?? EINVAL;
}

/** Limits that differ from "unlimited" (soft, hard). */
const LIMITS: Readonly<Record<number, readonly [number, number]>> = {
  [RLIMIT.STACK]: [8_388_608, RLIM_INFINITY],
  [RLIMIT.CORE]: [0, RLIM_INFINITY],
  [RLIMIT.NOFILE]: [65_536, 1_048_576],
  [RLIMIT.NPROC]: [63_434, 63_434],
  [RLIMIT.MEMLOCK]: [8_388_608, 8_388_608],
};

function prlimit(k: Kernel, task: Task, resource: number, next: number, old: number): number {
  if (resource < 0 || resource > 15) return EINVAL;
  if (old) {
    const pair = task.signal.limits.get(resource) ?? LIMITS[resource] ?? [RLIM_INFINITY, RLIM_INFINITY];
    const bytes = new Uint8Array(16);
    for (const [i, value] of pair.entries()) writeI64(new DataView(bytes.buffer), 8 * i, value);
    if (!k.user.write(task.mm!, old, bytes)) return EFAULT;
  }
  if (next) {
    const bytes = k.user.read(task.mm!, next, 16);
    if (!bytes) return EFAULT;
    const denied = securitySetrlimit(k, task, resource);
    if (denied < 0) return denied;
    const view = new DataView(bytes.buffer);
    task.signal.limits.set(resource, [readU64(view, 0), readU64(view, 8)]);
  }
  return 0;
}

function sysinfo(k: Kernel, task: Task, address: number): number {
  const bytes = new Uint8Array(112);
  const view = new DataView(bytes.buffer);
  const total = 16 * 2 ** 30;
  writeI64(view, 0, Math.floor(k.nowNs() / 1e9));
  writeI64(view, 32, total);
  writeI64(view, 40, total - k.memory.usedBytes);
  view.setUint16(80, k.taskCount(), true);
  view.setUint32(104, 1, true);
  return k.user.write(task.mm!, address, bytes) ? 0 : EFAULT;
}

function* schedYield(k: Kernel): Sys {
  if (k.sched.cur.queue.length > 0) {
    k.sched.cur.needResched = true;
    yield YIELD.PREEMPT;
  }
  return 0;
}

function schedAffinity(k: Kernel, task: Task, bytes: number, at: number): number {
  if (bytes < 8) return EINVAL;
  const mask = new Uint8Array(8);
  mask[0] = task.allowedCpus & ((1 << k.cpus) - 1) & 0xff;
  return k.user.write(task.mm!, at, mask) ? 8 : EFAULT;
}

function setAffinity(k: Kernel, task: Task, at: number): number {
  const mask = k.user.read32(task.mm!, at);
  if (mask === undefined) return EFAULT;
  const usable = mask & ((1 << k.cpus) - 1);
  if (usable === 0) return EINVAL;
  const denied = securitySetscheduler(k, task);
  if (denied < 0) return denied;
  task.allowedCpus = usable;
  return 0;
}

function unshare(k: Kernel, task: Task, flags: number): number {
  const kinds = new Set<NsKind>();
  for (const [kind, flag] of Object.entries(NS_FLAGS) as [NsKind, number][])
    if (kind !== 'time' && Math.floor(flags / flag) % 2 === 1) kinds.add(kind);
  if (kinds.size === 0) return 0;
  if (!kinds.has('user') && !capable(k, CAP.SYS_ADMIN)) return EPERM;
  const denied = kinds.has('user') ? securityUsernsCreate(k, task.cred) : 0;
  if (denied < 0) return denied;
  k.tasks.setNsProxy(task, k.ns.derive(task.nsproxy, kinds));
  return 0;
}

function sethostname(k: Kernel, task: Task, at: number, length: number): number {
  if (!capable(k, CAP.SYS_ADMIN)) return EPERM;
  if (length < 0 || length > 64) return EINVAL;
  const bytes = k.user.read(task.mm!, at, length);
  if (!bytes) return EFAULT;
  k.ns.setNodename(task.nsproxy.all.uts, new TextDecoder().decode(bytes));
  return 0;
}

function setpriority(k: Kernel, task: Task, pid: number, nice: number): number {
  const target = pid === 0 ? task : k.tasks.find(pid);
  if (!target) return ESRCH;
  const value = Math.max(-20, Math.min(19, nice | 0));
  if (value < target.nice && !capable(k, CAP.SYS_NICE)) return -13;
  const denied = securitySetnice(k, target, value);
  if (denied < 0) return denied;
  k.tasks.setNice(target, value);
  return 0;
}

/** What is about the machine, limits, names and scheduling (`kernel/sys.c`, `kernel/sched/syscalls.c`). */
export const SYSTEM: HandlerTable = {
  uname: [90, (k, task, at) => uname(k, task, at)],
  prctl: [60, (k, task, option, arg) => prctl(k, task, option, arg)],
  arch_prctl: [60, (_k, _task, code) => (code === ARCH.SET_FS || code === ARCH.SET_GS ? 0 : EINVAL)],
  getrandom: [
    150,
    (k, task, at, count) => {
      k.sched.spend(count * GRND_NS_PER_BYTE);
      return k.user.write(task.mm!, at, k.randomBytes(Math.min(count, 65_536))) ? count : EFAULT;
    },
  ],
  prlimit64: [70, (k, task, _pid, resource, next, old) => prlimit(k, task, resource, next, old)],
  getrlimit: [60, (k, task, resource, at) => prlimit(k, task, resource, 0, at)],
  setrlimit: [60, (k, task, resource, at) => prlimit(k, task, resource, at, 0)],
  sysinfo: [300, (k, task, at) => sysinfo(k, task, at)],
  sched_yield: [60, (k) => schedYield(k)],
  sched_getaffinity: [60, (k, task, _pid, bytes, at) => schedAffinity(k, task, bytes, at)],
  sched_setaffinity: [200, (k, task, _pid, _bytes, at) => setAffinity(k, task, at)],
  getpriority: [40, (_k, task) => 20 - task.nice],
  setpriority: [90, (k, task, _which, who, nice) => setpriority(k, task, who, nice)],
  getcpu: [
    25,
    (k, task, cpu, node) => {
      if (cpu && !k.user.write32(task.mm!, cpu, k.cpu())) return EFAULT;
      return !node || k.user.write32(task.mm!, node, 0) ? 0 : EFAULT;
    },
  ],
  unshare: [2_500, (k, task, flags) => unshare(k, task, flags)],
  sethostname: [400, (k, task, at, length) => sethostname(k, task, at, length)],
  sync: [500_000, () => 0],
};
