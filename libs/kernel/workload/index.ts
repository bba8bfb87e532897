/** What runs on an emulated kernel: named scenarios, each a set of pods and processes that teach something. */
export { addPod, type Pod, type PodSpec } from './pod';
export type { Scenario } from './scenario';
export { findScenario, SCENARIOS } from './scenarios';
export { typeLines, typingTimes } from './typist';
