import { type Cluster, createPod, type Pod } from '@probed/cluster';
import type { FileTree, Kernel, Launch } from '@probed/system';

/** One pod with one container, on the node that a scenario is given. */
export interface NodePodSpec {
  readonly name: string;
  /** Address in the pod network. */
  readonly ip: string;
  readonly image: string;
  readonly tree: FileTree;
  readonly uid?: number;
}

/** A pod that exists: where its processes are started. */
export interface NodePod {
  readonly ip: string;
  /** Starts a process in the container; the first one is pid 1 in there. */
  launch(process: Omit<Launch, 'root' | 'nsproxy' | 'cgroup'>): ReturnType<Kernel['launch']>;
}

/** Makes a scenario's pods. */
export type PodMaker = (spec: NodePodSpec) => NodePod;

const ENV = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'TERM=xterm'];

/** Pods on a kernel by itself, which no cluster knows. */
export function podsOn(kernel: Kernel): PodMaker {
  return (spec) =>
    soleContainer(
      createPod(kernel, podSpec(spec, kernel.hostname), {
        env: (pod) => [...ENV, `HOSTNAME=${pod.name}`],
      }),
    );
}

/** Pods on a node of a cluster. */
export function podsIn(cluster: Cluster, node: string): PodMaker {
  return (spec) => soleContainer(cluster.addPod(podSpec(spec, node)));
}

function podSpec(spec: NodePodSpec, node: string) {
  const { name, ip, image, tree, uid } = spec;
  const container = { name: name.slice(0, name.indexOf('-')), image, tree, uid, command: [] };
  return { name, ip, node, containers: [container] };
}

function soleContainer(pod: Pod): NodePod {
  const [container] = pod.containers;
  return { ip: pod.ip, launch: (process) => container.launch(process) };
}
