import type { Prng } from '@probed/base';
import type { Cluster } from '@probed/cluster';
import { podsIn } from './pod';
import type { Scenario } from './scenario';
import type { ExecScript } from './typed-session';

export interface ClusterScenarioOptions {
  /** Factor on the rates of background work, 1 by default; 0 is none. */
  readonly rate?: number;
}

/** A workload for a cluster. Deterministic: everything random comes from the kernels' seeds or the given `prng`. */
export interface ClusterScenario {
  readonly name: string;
  /** One line. */
  readonly description: string;
  /** What it is good for trying out. */
  readonly teaches: string;
  /** Names of the nodes it needs, in order. */
  readonly nodes: readonly string[];
  /** An exec session that suits it, to be typed by `startTypedSession`. */
  readonly session?: ExecScript;
  /** Sets everything up; from then on it goes by itself as virtual time advances. */
  start(cluster: Cluster, prng: Prng, options?: ClusterScenarioOptions): void;
}

/** A scenario for one node, on a cluster of that one. It has no rates to change. */
export function onCluster(scenario: Scenario): ClusterScenario {
  const { name, description, teaches } = scenario;
  return {
    name,
    description,
    teaches,
    nodes: ['node-1'],
    start(cluster, prng) {
      const [node] = cluster.nodes;
      scenario.start(node.kernel, prng, podsIn(cluster, node.name));
    },
  };
}
