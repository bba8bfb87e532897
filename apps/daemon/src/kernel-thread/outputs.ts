import type { Cluster } from '@probed/cluster';
import { mergeByTime, timeOf } from '@probed/machine';
import type { PodIdentity } from '@probed/protocol';
import type { ClusterNode } from './cluster-boot';
import type { Outlet, RawOutput } from './outlet';

/** Takes out what programs have emitted on all nodes, in order of time. */
export function collectOutputs(nodes: readonly ClusterNode[], outlet: Outlet): void {
  const ready = nodes.map(({ machine }, node) => {
    const outputs: RawOutput[] = [];
    machine.drain((output) => outputs.push({ node, output }));
    return outputs;
  });
  for (const raw of mergeByTime(ready, ({ output }) => timeOf(output))) outlet.record(raw);
}

/** Looks up whose container a cgroup is; the same value each time for the same one. */
export function podIdentity(cluster: Cluster): (node: string, cgroupId: number) => PodIdentity | undefined {
  return (node, cgroupId) => {
    const identity = cluster.identify(node, cgroupId);
    if (!identity) return undefined;
    const { pod: name, namespace, container, container_id, image } = identity;
    return { name, namespace, container, container_id, image };
  };
}
