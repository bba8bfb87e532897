import type { Command } from 'commander';
import { newCommand, withJson } from '../command';

/** `probectl scenario list`. */
export function scenarioListCommand(): Command {
  const command = newCommand({
    usage: 'list',
    summary: 'scenarios by name',
    examples: ['probectl scenario list', 'probectl scenario list --json'],
  });
  return withJson(command).action(async (options: { json?: boolean }) => {
    const { listScenarios } = await import('../inspect/show-scenarios.js');
    await listScenarios(options);
  });
}
