import type { Kernel } from '../kernel';
import type { Namespace, NetNamespace, PidNamespace, UtsNamespace } from './namespace';

/** The namespaces of a task; `pid` is the one that its children will be born into. */
export interface NamespaceSet {
  readonly uts: UtsNamespace;
  readonly ipc: Namespace;
  readonly mnt: Namespace;
  readonly pid: PidNamespace;
  readonly net: NetNamespace;
  readonly time: Namespace;
  readonly cgroup: Namespace;
}

/** `struct nsproxy`, shared by all tasks with the same namespaces. */
export class NsProxy {
  readonly offset: number;

  constructor(
    k: Kernel,
    readonly all: NamespaceSet,
  ) {
    const L = k.layout.nsproxy;
    const at = k.memory.alloc(L.sizeBytes);
    k.w.ptr(at, L.uts_ns, all.uts.offset);
    k.w.ptr(at, L.ipc_ns, all.ipc.offset);
    k.w.ptr(at, L.mnt_ns, all.mnt.offset);
    k.w.ptr(at, L.pid_ns_for_children, all.pid.offset);
    k.w.ptr(at, L.net_ns, all.net.offset);
    k.w.ptr(at, L.time_ns, all.time.offset);
    k.w.ptr(at, L.time_ns_for_children, all.time.offset);
    k.w.ptr(at, L.cgroup_ns, all.cgroup.offset);
    this.offset = at;
  }
}
