import type { Command } from 'commander';
import { newGroup } from '../command';
import { scenarioListCommand } from './scenario-list';
import { scenarioShowCommand } from './scenario-show';

/** `probectl scenario`. */
export function scenarioCommand(): Command {
  return newGroup(
    {
      usage: 'scenario',
      summary: 'what can happen in the emulated kernel',
      examples: ['probectl scenario list', 'probectl scenario show demo'],
    },
    [scenarioListCommand(), scenarioShowCommand()],
  );
}
