import { type ClusterScenario, onCluster } from '../cluster-scenario';
import { SCENARIOS } from '../scenarios';
import { DEMO_CLUSTER } from './demo-cluster';

/** All that can run on a cluster, the default first: those made for one, and each scenario for one node. */
export const CLUSTER_SCENARIOS: readonly ClusterScenario[] = [DEMO_CLUSTER, ...SCENARIOS.map(onCluster)];

export function findClusterScenario(name: string): ClusterScenario | undefined {
  return CLUSTER_SCENARIOS.find((scenario) => scenario.name === name);
}
