import type { Command } from 'commander';
import type { ListOptions } from '../client/links';
import { newCommand } from '../command';
import { refuseOptions, withDaemon } from './daemon-options';
import { withBpffs } from './link';

/** `probectl prog list`. */
export function progListCommand(): Command {
  const command = newCommand({
    usage: 'list [file]',
    summary: "the daemon's programs; or programs, maps and variables of an object file",
    description:
      'Without FILE lists the programs that the daemon has loaded, with their run counts and where they are attached. ' +
      'With FILE lists what is in the object, in this process: no daemon is needed.',
    examples: [
      'probectl prog list',
      'probectl prog list --bpffs',
      'probectl prog list examples/execaudit/execaudit.bpf.o',
      'probectl prog list my.bpf.o --json',
    ],
  });
  return withDaemon(withBpffs(command)).action(async (file: string | undefined, options: ListOptions) => {
    if (file === undefined) {
      const { listPrograms } = await import('../client/programs.js');
      return listPrograms(options);
    }
    refuseOptions(command, new Set(['json']), 'the list without FILE');
    const { listObject } = await import('../inspect/list-object.js');
    return listObject(file, options);
  });
}
