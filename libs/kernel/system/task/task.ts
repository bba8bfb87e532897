import type { Cgroup } from '../cgroup/cgroup';
import type { TaskIdentity } from '../kernel-api';
import type { AddressSpace } from '../mm/address-space';
import type { NsProxy } from '../namespaces/nsproxy';
import { KernelStack } from '../sched/kernel-stack';
import type { Sys } from '../sched/task-program';
import type { UserImage } from '../user/image';
import type { FilesStruct } from '../vfs/files-struct';
import type { FsStruct } from '../vfs/fs-struct';
import type { Cred } from './cred';
import type { Pid } from './pid';
import type { SignalStruct } from './signal-struct';
import { EXIT_STATE, TASK_STATE } from './state';

/** One thread. Its `task_struct` in linear memory is kept up to date by {@link TaskTable}. */
export class Task implements TaskIdentity {
  readonly stack = new KernelStack();
  /** Coroutine of its user mode. */
  program!: Sys<never>;
  /** What replaces it after a successful execve. */
  nextProgram: Sys<never> | undefined;

  state: number = TASK_STATE.RUNNING;
  exitState: number = EXIT_STATE.NONE;
  exitCode = 0;
  exitSignal = 17;
  flags = 0;
  comm = '';
  mm: AddressSpace | undefined;
  files!: FilesStruct;
  fs!: FsStruct;
  nsproxy!: NsProxy;
  signal!: SignalStruct;
  cred!: Cred;
  cgroup!: Cgroup;
  parent!: Task;
  groupLeader!: Task;
  readonly children = new Set<Task>();
  image: UserImage | undefined;

  cpu = 0;
  /** Bit i: may run on CPU i. */
  allowedCpus = 0xffff_ffff;
  nice = 0;
  /** Virtual runtime per ns executed: 1 at nice 0. */
  weightFactor = 1;
  vruntime = 0;
  switchedInNs = 0;
  sumExecNs = 0;
  utimeNs = 0;
  stimeNs = 0;
  nvcsw = 0;
  nivcsw = 0;
  minFlt = 0;
  majFlt = 0;
  startNs = 0;

  /** Pending for this thread alone, bit n-1 for signal n. */
  pendingSignals = new Set<number>();
  blockedSignals = new Set<number>();

  /** The system call in progress, -1 in none. */
  sysNr = -1;
  readonly sysArgs = new Float64Array(6);
  /** User functions that it is in, addresses, outermost first. */
  userFrames: number[] = [];
  /** Where its user `pt_regs` are: the top of its kernel stack. */
  regsOffset = 0;
  /** Wakes a vfork parent when it execs or exits. */
  vforkParent: Task | undefined;
  /** robust list, rseq and clear_child_tid: user addresses that the thread library registered. */
  clearChildTid = 0;

  /** Exec session (`kubectl exec`) that it was started for; children inherit it. */
  execSession: string | undefined;
  /** The container runtime that started it reaps it at once. */
  autoReap = false;
  /** Told the wait status when the whole process is dead. */
  onExit: ((status: number) => void) | undefined;

  constructor(
    readonly offset: number,
    readonly pid: number,
    public tgid: number,
    readonly thread: Pid,
  ) {}

  get taskOffset(): number {
    return this.offset;
  }

  get ppid(): number {
    return this.parent ? this.parent.tgid : 0;
  }

  get uid(): number {
    return this.cred.ids.uid;
  }

  get gid(): number {
    return this.cred.ids.gid;
  }

  get cgroupId(): number {
    return this.cgroup.id;
  }

  get cgroupPath(): string {
    return this.cgroup.path;
  }

  /** `task->prio` of a normal task. */
  get prio(): number {
    return 120 + this.nice;
  }

  signalPending(): boolean {
    if (this.pendingSignals.size === 0 && this.signal.pending.size === 0) return false;
    for (const signal of this.pendingSignals) if (!this.blockedSignals.has(signal)) return true;
    for (const signal of this.signal.pending) if (!this.blockedSignals.has(signal)) return true;
    return false;
  }
}
