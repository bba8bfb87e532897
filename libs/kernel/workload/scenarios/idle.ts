import type { Scenario } from '../scenario';
import { startNodeServices } from '../services';

/** A node without pods. */
export const IDLE: Scenario = {
  name: 'idle',
  description: 'a node with its own services and nothing else',
  teaches: 'what is there before any workload: timers, housekeeping, idle CPUs',
  defaultDurationNs: 5e9,
  start(kernel) {
    startNodeServices(kernel);
  },
};
