import { CAP_CONTAINER, type FileTree, type Kernel, type Launch, parseIp } from '@probed/system';

/** One pod with one container. */
export interface PodSpec {
  readonly name: string;
  /** Address in the pod network. */
  readonly ip: string;
  readonly tree: FileTree;
  readonly uid?: number;
}

/** A pod that exists: where its processes are started. */
export interface Pod {
  readonly name: string;
  readonly ip: string;
  readonly cgroup: string;
  /** Starts a process in the container; the first one is pid 1 in there. */
  launch(spec: Omit<Launch, 'root' | 'nsproxy' | 'cgroup'>): ReturnType<Kernel['launch']>;
}

const POD_ENV = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'TERM=xterm',
];

/** Hex digits that look like container and pod ids, fixed by the pod's name and the kernel's seed. */
function hexId(kernel: Kernel, label: string, digits: number): string {
  const prng = kernel.prng.fork(label);
  let out = '';
  while (out.length < digits) out += prng.u32().toString(16).padStart(8, '0');
  return out.slice(0, digits);
}

/** Makes what kubelet and the container runtime make: cgroup, namespaces, root file system, address. */
export function addPod(kernel: Kernel, spec: PodSpec): Pod {
  const uid = hexId(kernel, `pod/${spec.name}`, 32);
  const dashed = [
    uid.slice(0, 8),
    uid.slice(8, 12),
    uid.slice(12, 16),
    uid.slice(16, 20),
    uid.slice(20),
  ].join('_');
  const container = hexId(kernel, `container/${spec.name}`, 64);
  const slice = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${dashed}.slice`;
  const cgroup = `${slice}/cri-containerd-${container}.scope`;
  kernel.cgroups.ensure(cgroup);
  const kinds = new Set(['mnt', 'uts', 'ipc', 'pid', 'net', 'cgroup'] as const);
  const nsproxy = kernel.ns.derive(kernel.ns.initProxy, kinds, spec.name);
  const ip = parseIp(spec.ip);
  if (ip === undefined) throw new Error(`invariant broken: pod address ${spec.ip}`);
  kernel.net.addAddress(nsproxy.all.net, ip);
  const root = kernel.createRoot(spec.tree, nsproxy.all.pid);
  return {
    name: spec.name,
    ip: spec.ip,
    cgroup,
    launch: (process) =>
      kernel.launch({
        uid: spec.uid,
        caps: CAP_CONTAINER,
        env: [...POD_ENV, `HOSTNAME=${spec.name}`],
        ...process,
        root,
        nsproxy,
        cgroup,
      }),
  };
}
