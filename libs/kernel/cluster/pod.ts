import { assert } from '@probed/base';
import { type Kernel, parseIp } from '@probed/system';
import { Container, type Place } from './container';
import { findExecutable } from './executable';
import { containerEnv } from './kubelet-env';
import { PAUSE, PAUSE_COMMAND, PAUSE_TREE } from './pause';
import type { ContainerSpec, PodSpec } from './pod-spec';

type NsProxy = Place['nsproxy'];

/** Time between two containers' starts. */
const START_GAP_NS = 3e6;

/** A pod that exists on a node. */
export class Pod {
  readonly name: string;
  readonly namespace: string;
  readonly node: string;
  readonly ip: string;
  readonly labels: Readonly<Record<string, string>>;
  /** CLOCK_MONOTONIC of its creation, ns. */
  readonly startedNs: number;

  constructor(
    readonly kernel: Kernel,
    spec: PodSpec,
    /** Kubernetes' uid of the object. */
    readonly uid: string,
    readonly containers: readonly Container[],
  ) {
    this.name = spec.name;
    this.namespace = spec.namespace ?? 'default';
    this.node = spec.node;
    this.ip = spec.ip;
    this.labels = spec.labels ?? {};
    this.startedNs = kernel.nowNs();
  }

  /** One of its containers, the first when no name is given. */
  container(name?: string): Container | undefined {
    return name === undefined ? this.containers[0] : this.containers.find((one) => one.name === name);
  }
}

/** How pods differ from what a cluster makes by default. */
export interface PodOptions {
  /** Environment of a container's processes; kubelet's by default. */
  readonly env?: (pod: PodSpec, container: ContainerSpec) => readonly string[];
}

/** Makes what kubelet and the container runtime make: cgroups, namespaces, root file systems, address, processes. */
export function createPod(kernel: Kernel, spec: PodSpec, options: PodOptions = {}): Pod {
  assert(spec.containers.length > 0, `pod ${spec.name} has no container`);
  const ip = parseIp(spec.ip);
  assert(ip !== undefined, `pod address ${spec.ip}`);
  const uid = hexId(kernel, `pod/${spec.name}`, 32);
  // One container alone is the sandbox as well.
  const sandbox = spec.containers.length > 1 ? sandboxOf(kernel, spec, ip) : undefined;
  const containers = spec.containers.map((container, index) => {
    const id = hexId(kernel, `container/${spec.name}${index ? `/${container.name}` : ''}`, 64);
    const cgroup = `${sliceOf(uid)}/cri-containerd-${id}.scope`;
    const { id: cgroupId } = kernel.cgroups.ensure(cgroup);
    const nsproxy = sandbox
      ? kernel.ns.derive(sandbox, new Set(['mnt', 'pid', 'cgroup'] as const))
      : soleNamespaces(kernel, spec, ip);
    const root = kernel.createRoot(treeOf(container), nsproxy.all.pid);
    const env = (options.env ?? containerEnv)(spec, container);
    return new Container(kernel, container, id, { root, nsproxy, cgroup, cgroupId }, env);
  });
  containers.forEach((container, index) => {
    startInit(container, spec.containers[index], (index + 1) * START_GAP_NS);
  });
  return new Pod(kernel, spec, dashed(uid, '-'), containers);
}

/** What the containers of a pod share. */
function sandboxOf(kernel: Kernel, spec: PodSpec, ip: number): NsProxy {
  const nsproxy = kernel.ns.derive(kernel.ns.initProxy, new Set(['uts', 'ipc', 'net'] as const), spec.name);
  kernel.net.addAddress(nsproxy.all.net, ip);
  return nsproxy;
}

function soleNamespaces(kernel: Kernel, spec: PodSpec, ip: number): NsProxy {
  const kinds = new Set(['mnt', 'uts', 'ipc', 'pid', 'net', 'cgroup'] as const);
  const nsproxy = kernel.ns.derive(kernel.ns.initProxy, kinds, spec.name);
  kernel.net.addAddress(nsproxy.all.net, ip);
  return nsproxy;
}

function treeOf(container: ContainerSpec): ContainerSpec['tree'] {
  return container.command ? container.tree : { ...container.tree, ...PAUSE_TREE };
}

function startInit(container: Container, spec: ContainerSpec, afterNs: number): void {
  const { kernel } = container;
  const argv = spec.command ?? PAUSE_COMMAND;
  if (argv.length === 0) return;
  if (!spec.command) kernel.programs.register(PAUSE);
  const found = findExecutable(container.place.root, argv[0], container.env);
  assert('path' in found, `container ${spec.name}: its image has no ${argv[0]}`);
  container.launch({ path: found.path, argv, atNs: kernel.nowNs() + afterNs });
}

/** Hex digits that look like pod and container ids, fixed by the name and the kernel's seed. */
function hexId(kernel: Kernel, label: string, digits: number): string {
  const prng = kernel.prng.fork(label);
  let out = '';
  while (out.length < digits) out += prng.u32().toString(16).padStart(8, '0');
  return out.slice(0, digits);
}

/** A uid in its five groups. */
function dashed(uid: string, separator: string): string {
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, i) => uid.slice(cuts[i], end))
    .join(separator);
}

/** The pod's cgroup as kubelet's systemd driver names it. */
function sliceOf(uid: string): string {
  return `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${dashed(uid, '_')}.slice`;
}
