import { suggestion } from '@probed/base';
import { SCENARIOS, type Scenario } from '@probed/workload';
import { fail } from './errors';

/** A kernel in which nothing happens by itself: for events fired by hand. */
export const QUIET: Scenario = {
  name: 'none',
  description: 'no task but init, nothing happens',
  teaches: 'what a program does with events of your own',
  defaultDurationNs: 100e6,
  start() {},
};

/** The scenario of that name; an unknown one ends the command. */
export function findScenario(name: string): Scenario {
  const found = [...SCENARIOS, QUIET].find((scenario) => scenario.name === name);
  if (found) return found;
  const hint = suggestion(
    name,
    SCENARIOS.map((scenario) => scenario.name),
  );
  return fail('no-such-scenario', `no scenario ${name}`, { hint: hint ?? 'see: probectl scenario list' });
}
