import type { Command } from 'commander';
import { newCommand, withJson } from '../command';

/** `probectl scenario show`. */
export function scenarioShowCommand(): Command {
  const command = newCommand({
    usage: 'show <name>',
    summary: 'what a scenario does and what it is good for',
    examples: ['probectl scenario show demo'],
  });
  return withJson(command).action(async (name: string, options: { json?: boolean }) => {
    const { showScenario } = await import('../inspect/show-scenarios.js');
    await showScenario(name, options);
  });
}
