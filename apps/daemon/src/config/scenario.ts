import { suggestion } from '@probed/base';
import { StartFault } from './config';
import { SCENARIO_DEFAULT } from './options';

/** @throws StartFault there is no such scenario; else every boot of the kernel thread would fail */
export async function ensureScenario(name: string): Promise<void> {
  // It takes a while to load them all, and this one is there.
  if (name === SCENARIO_DEFAULT) return;
  const { CLUSTER_SCENARIOS } = await import('@probed/workload');
  const names = CLUSTER_SCENARIOS.map((scenario) => scenario.name);
  if (names.includes(name)) return;
  const hint = suggestion(name, names) ?? `there are: ${names.join(', ')}`;
  throw new StartFault(`no scenario ${name}; ${hint}`, 2);
}
