import type { Command } from 'commander';
import { newCommand, withJson } from '../command';

/** `probectl prog list`. */
export function progListCommand(): Command {
  const command = newCommand({
    usage: 'list <file>',
    summary: 'programs, maps and variables of an object',
    examples: ['probectl prog list examples/execaudit/execaudit.bpf.o', 'probectl prog list my.bpf.o --json'],
  });
  return withJson(command).action(async (file: string, options: { json?: boolean }) => {
    const { listObject } = await import('../inspect/list-object.js');
    await listObject(file, options);
  });
}
