import { CLONE } from '@probed/abi';
import type { Kernel } from '../kernel';
import { NS_FLAGS, type NsKind } from '../namespaces/namespace';
import { wakeUpNewTask } from '../sched/scheduler';
import type { Sys } from '../sched/task-program';
import { securityHook } from '../trace/security';
import { traced, tracedBlocking } from '../trace/traced';
import { CAP, capable } from './cred';
import { discardTask } from './exit';
import { PF, TASK_STATE } from './state';
import type { Task } from './task';

const EAGAIN = -11;
const EINVAL = -22;
const EPERM = -1;
const ENOMEM = -12;
const COPY_PROCESS_NS = 88_000;
const COPY_THREAD_NS = 14_000;
/** `pids.max` of a container, as kubelet's podPidsLimit sets it. */
const PIDS_MAX = 1_024;
/** Structs of a new process, generously. */
const PROCESS_BYTES = 64 * 1024;

/** clone(2) as the kernel sees it, plus what the new task does in user mode. */
export interface CloneRequest {
  readonly flags: number;
  readonly exitSignal: number;
  readonly main: (task: Task) => Sys<never>;
  /** User addresses for CLONE_PARENT_SETTID, CLONE_CHILD_SETTID and CLEARTID. */
  readonly parentTid?: number;
  readonly childTid?: number;
  child?: Task;
}

function has(flags: number, flag: number): boolean {
  return Math.floor(flags / flag) % 2 === 1;
}

function wantedNamespaces(flags: number): Set<NsKind> {
  const kinds = new Set<NsKind>();
  for (const [kind, flag] of Object.entries(NS_FLAGS) as [NsKind, number][])
    if (kind !== 'time' && has(flags, flag)) kinds.add(kind);
  return kinds;
}

const securityTaskAlloc = securityHook<[Task, number]>('task_alloc', (k, task, flags) => [
  k.ptr(task.offset),
  flags,
]);

const copyProcess = traced<[CloneRequest]>(
  'copy_process',
  (k, request) => [0, 0, 0, k.transient.cloneArgs(request.flags, request.exitSignal)],
  (k, request) => {
    const { flags } = request;
    const parent = k.task;
    if (has(flags, CLONE.THREAD) && !has(flags, CLONE.VM)) return EINVAL;
    const kinds = wantedNamespaces(flags);
    if (kinds.size > 0 && !kinds.has('user') && !capable(k, CAP.SYS_ADMIN)) return EPERM;
    const thread = has(flags, CLONE.THREAD);
    k.sched.spend(thread ? COPY_THREAD_NS : COPY_PROCESS_NS);
    if (!hasRoom(k)) return ENOMEM;
    if (k.taskCount() >= PIDS_MAX && inGroup(k, parent) >= PIDS_MAX) return EAGAIN;
    const child = buildChild(k, parent, request, kinds, thread);
    const denied = securityTaskAlloc(k, child, flags);
    if (denied < 0) {
      discardTask(k, child);
      return denied;
    }
    request.child = child;
    return 0;
  },
);

/** Tasks in a control group, as pids.current counts them. */
function inGroup(k: Kernel, { cgroup }: Task): number {
  let count = 0;
  for (const task of k.tasks.all()) if (task.cgroup === cgroup) count++;
  return count;
}

/** Whether a process can still be made; running out in the middle of it would leave half of one. */
function hasRoom(k: Kernel): boolean {
  const spare = k.memory.tryAlloc(PROCESS_BYTES);
  if (spare === undefined) return false;
  k.memory.free(spare);
  return true;
}

function buildChild(
  k: Kernel,
  parent: Task,
  request: CloneRequest,
  kinds: Set<NsKind>,
  thread: boolean,
): Task {
  const { flags } = request;
  const shareMm = has(flags, CLONE.VM);
  const mm = shareMm ? parent.mm : parent.mm?.fork();
  if (shareMm && mm) mm.users++;
  const files = has(flags, CLONE.FILES) ? parent.files : parent.files.fork();
  if (files === parent.files) files.users++;
  const fs = has(flags, CLONE.FS) ? parent.fs : parent.fs.fork();
  if (fs === parent.fs) fs.users++;
  const child = k.tasks.create({
    parent,
    comm: parent.comm,
    cred: parent.cred,
    cgroup: parent.cgroup,
    nsproxy: kinds.size > 0 ? k.ns.derive(parent.nsproxy, kinds) : parent.nsproxy,
    files,
    fs,
    mm,
    threadOf: thread ? parent : undefined,
    flags: PF.FORKNOEXEC,
  });
  child.image = parent.image;
  child.execSession = parent.execSession;
  child.userFrames = parent.userFrames.slice();
  child.blockedSignals = new Set(parent.blockedSignals);
  child.cpu = parent.cpu;
  child.allowedCpus = parent.allowedCpus;
  child.vruntime = parent.vruntime;
  // The child's first act is to leave the same system call with 0.
  child.sysNr = parent.sysNr;
  child.sysArgs.set(parent.sysArgs);
  if (request.childTid) {
    if (has(flags, CLONE.CHILD_CLEARTID)) child.clearChildTid = request.childTid;
    if (has(flags, CLONE.CHILD_SETTID) && mm) k.user.write32(mm, request.childTid, child.thread.own);
  }
  child.program = request.main(child);
  return child;
}

/** `kernel/fork.c: kernel_clone`. @returns the child's pid as its parent sees it, or a negative errno */
export const kernelClone = tracedBlocking<[CloneRequest]>(
  'kernel_clone',
  (k, request) => [k.transient.cloneArgs(request.flags, request.exitSignal)],
  function* (k, request): Sys {
    const parent = k.task;
    const error = copyProcess(k, request);
    if (error < 0) return error;
    const child = request.child;
    if (!child) return EAGAIN;
    if (k.tp.taskNewtask.active) k.tp.taskNewtask.fire(child, request.flags);
    if (k.tp.schedProcessFork.active) k.tp.schedProcessFork.fire(parent, child);
    const nr = child.thread.numberIn(parent.nsproxy.all.pid) || child.thread.own;
    if (has(request.flags, CLONE.PARENT_SETTID) && request.parentTid && parent.mm)
      k.user.write32(parent.mm, request.parentTid, nr);
    const vfork = has(request.flags, CLONE.VFORK);
    if (vfork) child.vforkParent = parent;
    wakeUpNewTask(k, child);
    while (child.vforkParent === parent) yield* k.sched.block(TASK_STATE.UNINTERRUPTIBLE);
    return nr;
  },
);
