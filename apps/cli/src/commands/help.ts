import { suggestion } from '@probed/base';
import type { Command } from 'commander';
import { newCommand } from '../command';
import { failUsage } from '../errors';

/** `probectl help [COMMAND…]`. */
export function helpCommand(root: Command): Command {
  return newCommand({
    usage: 'help [command...]',
    summary: 'show how a command is used',
    examples: ['probectl help run', 'probectl help prog verify'],
  }).action((names: string[]) => {
    let at = root;
    for (const name of names) {
      const known = at.commands.map((command) => command.name());
      const next = at.commands.find((command) => command.name() === name);
      if (!next) return failUsage(`no command ${name}`, suggestion(name, known));
      at = next;
    }
    at.outputHelp();
  });
}
