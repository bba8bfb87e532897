import { assert, type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import type { Kernel } from '@probed/system';
import { NodeAudit } from './audit';
import { type ExecRequest, ExecSession } from './exec-session';
import { findPod } from './find-pod';
import { Lockstep } from './lockstep';
import { ClusterNetwork } from './network';
import { createPod, type Pod, type PodOptions } from './pod';
import type { ContainerIdentity, PodSpec } from './pod-spec';
import type { BuiltinNote, LineNote, SessionEvent } from './session-event';

const ENOENT = 2;
const EINVAL = 22;
const EEXIST = 17;
const ECONNREFUSED = 111;
const KUBELET_PORT = 10250;

/** Ended sessions that are still known. */
const ENDED_SESSIONS_MAX = 1_000;

/** A node: one emulated kernel and what the cluster knows about it. */
export interface ClusterNode {
  readonly name: string;
  readonly kernel: Kernel;
  /** Address in the nodes' network. */
  readonly ip: string;
  /** False: nothing runs on it any more, and nobody reaches it. */
  readonly ready: boolean;
}

interface NodeState extends ClusterNode {
  ready: boolean;
  readonly audit: NodeAudit;
  readonly identities: Map<number, ContainerIdentity>;
}

/** Nodes that share one virtual clock, the pods on them, and exec sessions in those. */
export class Cluster {
  private readonly states: readonly NodeState[];
  private readonly byName: ReadonlyMap<string, NodeState>;
  private readonly allPods: Pod[] = [];
  private readonly network = new ClusterNetwork();
  private readonly clock: Lockstep;
  private readonly allSessions = new Map<string, ExecSession>();
  /** Ended sessions, the longest ended first. */
  private readonly ended: string[] = [];
  private readonly listeners = new Set<(event: SessionEvent) => void>();

  /** @param kernels one a node, named by its host name; they must have booted at the same virtual time */
  constructor(kernels: readonly Kernel[]) {
    this.states = kernels.map((kernel) => ({
      name: kernel.hostname,
      kernel,
      ip: this.network.addNode(kernel.hostname, kernel),
      ready: true,
      audit: new NodeAudit(
        kernel,
        (id) => this.allSessions.get(id),
        (event) => this.emit(event),
      ),
      identities: new Map(),
    }));
    this.byName = new Map(this.states.map((node) => [node.name, node]));
    assert(this.byName.size === this.states.length, 'two nodes have the same name');
    this.clock = new Lockstep(kernels, (index) => this.states[index].ready);
  }

  get nodes(): readonly ClusterNode[] {
    return this.states;
  }

  node(name: string): ClusterNode | undefined {
    return this.byName.get(name);
  }

  /** A node that is not ready stands still, and exec into its pods is refused. */
  setReady(name: string, ready: boolean): void {
    this.state(name).ready = ready;
  }

  /** Creates a pod on its node; its containers start as time passes. */
  addPod(spec: PodSpec, options?: PodOptions): Pod {
    const node = this.state(spec.node);
    const pod = createPod(node.kernel, spec, options);
    this.allPods.push(pod);
    this.network.addPod(pod, spec);
    for (const container of pod.containers)
      node.identities.set(container.place.cgroupId, {
        pod: pod.name,
        namespace: pod.namespace,
        container: container.name,
        container_id: container.id,
        image: container.image,
        node: pod.node,
      });
    return pod;
  }

  /** Makes a service name resolve, on each node to a pod of it there if there is one. */
  addService(name: string, namespace: string, pods: readonly Pod[]): void {
    assert(pods.length > 0, `service ${name} without pods`);
    this.network.addService(name, namespace, pods);
  }

  pods(): readonly Pod[] {
    return this.allPods;
  }

  /** By name, `pod/NAME`, `NAMESPACE/NAME`, or a beginning of a name that says which. */
  findPod(name: string, namespace?: string): Pod | undefined {
    const found = findPod(this.allPods, name, namespace);
    return 'pod' in found ? found.pod : undefined;
  }

  /** The container that a cgroup id of a node belongs to; undefined for the node's own processes. */
  identify(node: string, cgroupId: number): ContainerIdentity | undefined {
    return this.byName.get(node)?.identities.get(cgroupId);
  }

  /**
   * Starts a command in a container. One that cannot be started is a session all the same, with exit code 126 or 127.
   * Errors: `pod-not-found`, `pod-ambiguous`, `container-not-found` (ENOENT), `node-down` (ECONNREFUSED),
   * `exec-no-command` (EINVAL), `session-exists` (EEXIST).
   */
  exec(request: ExecRequest): Result<ExecSession> {
    if (!request.command[0])
      return err(
        diagnostic('exec-no-command', 'you must specify at least one command for the container', {
          errno: EINVAL,
        }),
      );
    if (this.allSessions.has(request.id))
      return err(
        diagnostic('session-exists', `there is an exec session ${request.id} already`, { errno: EEXIST }),
      );
    const found = findPod(this.allPods, request.pod, request.namespace);
    if ('notFound' in found) return err(podNotFound(found.notFound, found.namespace));
    if ('ambiguous' in found) return err(podAmbiguous(request.pod, found.ambiguous));
    const { pod } = found;
    const container = pod.container(request.container);
    if (!container) return err(containerNotFound(pod, request.container!));
    const node = this.state(pod.node);
    if (!node.ready) return err(nodeDown(node));
    const session = new ExecSession(request, pod, container, { ended: (one) => this.sessionEnded(one) });
    this.allSessions.set(session.id, session);
    node.audit.started();
    session.start(request);
    this.emit({ kind: 'session_started', session });
    return ok(session);
  }

  /** All that run and those that ended last, oldest first. */
  sessions(): Iterable<ExecSession> {
    return this.allSessions.values();
  }

  session(id: string): ExecSession | undefined {
    return this.allSessions.get(id);
  }

  /** What happens in all sessions, as it happens. @returns a function that stops it */
  onCommand(listener: (event: SessionEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A line entered at the prompt of a shell on `node`; ignored outside of sessions. */
  noteLine(node: string, note: LineNote): void {
    this.state(node).audit.noteLine(note);
  }

  /** A builtin that a shell on `node` has done; ignored outside of sessions. */
  noteBuiltin(node: string, note: BuiltinNote): void {
    this.state(node).audit.noteBuiltin(note);
  }

  /** CLOCK_MONOTONIC that all nodes have reached, ns. */
  nowNs(): number {
    return this.clock.nowNs;
  }

  /**
   * Lets virtual time pass on all nodes, in steps of at most 1 ms.
   * @returns false when a node had to stop at a driven task; call again once its code has posted what it does next
   */
  run(untilNs: number): boolean {
    return this.clock.run(untilNs);
  }

  /** As {@link run}, waiting for driven tasks. @param pause called before going on, to give way to other work */
  runAsync(untilNs: number, pause?: () => Promise<void> | undefined): Promise<void> {
    return this.clock.runAsync(untilNs, pause);
  }

  /** The kernel that virtual time waits for after {@link run} has given false. */
  get waiting(): Kernel | undefined {
    return this.clock.waiting;
  }

  private state(name: string): NodeState {
    const node = this.byName.get(name);
    assert(node !== undefined, `the cluster has no node ${name}`);
    return node;
  }

  private sessionEnded(session: ExecSession): void {
    this.emit({ kind: 'session_ended', session });
    this.state(session.node).audit.ended();
    this.ended.push(session.id);
    if (this.ended.length > ENDED_SESSIONS_MAX) this.allSessions.delete(this.ended.shift()!);
  }

  private emit(event: SessionEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}

function podNotFound(name: string, namespace: string): Diagnostic {
  const hint = `namespace ${namespace}`;
  return diagnostic('pod-not-found', `pods "${name}" not found`, { hint, errno: ENOENT });
}

function podAmbiguous(name: string, pods: readonly Pod[]): Diagnostic {
  const names = pods.map((pod) => pod.name).join(', ');
  return diagnostic('pod-ambiguous', `"${name}" may be any of these pods: ${names}`, { errno: ENOENT });
}

function containerNotFound(pod: Pod, name: string): Diagnostic {
  const valid = pod.containers.map((container) => container.name).join(', ');
  const message = `container ${name} not found in pod ${pod.name}_${pod.namespace}; it has: ${valid}`;
  return diagnostic('container-not-found', message, { errno: ENOENT });
}

function nodeDown(node: ClusterNode): Diagnostic {
  const message = `error dialing backend: dial tcp ${node.ip}:${KUBELET_PORT}: connect: connection refused`;
  return diagnostic('node-down', message, { where: `node ${node.name}`, errno: ECONNREFUSED });
}
