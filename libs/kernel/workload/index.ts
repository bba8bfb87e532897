/** What runs on emulated kernels and clusters: named scenarios, each a set of pods and processes that teach something. */
export type { ClusterScenario, ClusterScenarioOptions } from './cluster-scenario';
export { CLUSTER_SCENARIOS, findClusterScenario } from './cluster-scenarios';
export type { Scenario } from './scenario';
export { findScenario, SCENARIOS } from './scenarios';
export {
  type ExecScript,
  startTypedSession,
  type TypedSessionOptions,
  type TypedSessions,
} from './typed-session';
