import { suggestion } from '@probed/base';
import { SCENARIOS, type Scenario } from '@probed/workload';
import { fail } from './errors';

/** The scenario of that name; an unknown one ends the command. */
export function findScenario(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found) return found;
  const hint = suggestion(
    name,
    SCENARIOS.map((scenario) => scenario.name),
  );
  return fail('no-such-scenario', `no scenario ${name}`, { hint: hint ?? 'see: probectl scenario list' });
}
