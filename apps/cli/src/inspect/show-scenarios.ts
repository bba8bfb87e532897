import { SCENARIOS, type Scenario } from '@probed/workload';
import { formatTable } from '../output/columns';
import { Printer } from '../output/printer';
import { seconds } from '../output/summary-text';
import { findScenario } from '../scenarios';

interface JsonOption {
  readonly json?: boolean;
}

/** `probectl scenario list`. */
export async function listScenarios(options: JsonOption): Promise<void> {
  const printer = new Printer(options.json === true);
  const rows = SCENARIOS.map(({ name, description, defaultDurationNs }) => [
    name,
    seconds(defaultDurationNs),
    description,
  ]);
  printer.text(
    formatTable([{ title: 'NAME' }, { title: 'LASTS', align: 'right' }, { title: 'DESCRIPTION' }], rows),
  );
  for (const scenario of SCENARIOS) printer.document(scenarioDocument(scenario));
  await printer.drain();
}

/** `probectl scenario show`. */
export async function showScenario(name: string, options: JsonOption): Promise<void> {
  const printer = new Printer(options.json === true);
  const scenario = findScenario(name);
  printer.text(
    [
      `${scenario.name}: ${scenario.description}`,
      `good for: ${scenario.teaches}`,
      `lasts:    ${seconds(scenario.defaultDurationNs)} of virtual time, unless --for says otherwise`,
      `run it:   probectl run FILE.bpf.o --scenario ${scenario.name}`,
    ].join('\n'),
  );
  printer.document(scenarioDocument(scenario));
  await printer.drain();
}

function scenarioDocument({ name, description, teaches, defaultDurationNs }: Scenario) {
  return { name, description, teaches, default_duration_ns: defaultDurationNs };
}
