import type { Scenario } from '../scenario';
import { CPU_BOUND } from './cpu-bound';
import { DEMO } from './demo';
import { EXEC_STORM } from './exec-storm';
import { FILE_IO } from './file-io';
import { IDLE } from './idle';
import { NETWORK } from './network';

/** All scenarios in the box, the tour first. */
export const SCENARIOS: readonly Scenario[] = [DEMO, EXEC_STORM, FILE_IO, NETWORK, CPU_BOUND, IDLE];

export function findScenario(name: string): Scenario | undefined {
  return SCENARIOS.find((scenario) => scenario.name === name);
}
