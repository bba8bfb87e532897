import type { Command } from 'commander';
import type { DaemonOptions } from '../client/daemon-address';
import { newCommand, newGroup } from '../command';
import { withDaemon } from './daemon-options';

/** `probectl object`. */
export function objectCommand(): Command {
  return newGroup(
    {
      usage: 'object',
      summary: 'object files that the daemon has loaded',
      examples: ['probectl object list', 'probectl object unload opensnoop'],
    },
    [listCommand(), unloadCommand()],
  );
}

function listCommand(): Command {
  const command = newCommand({
    usage: 'list',
    summary: 'objects with the number of their programs, maps and links',
    examples: ['probectl object list', 'probectl object list --json'],
  });
  return withDaemon(command).action(async (options: DaemonOptions) => {
    const { listObjects } = await import('../client/objects.js');
    await listObjects(options);
  });
}

function unloadCommand(): Command {
  const command = newCommand({
    usage: 'unload <id|name>',
    summary: 'detach and unload everything that came with an object',
    examples: ['probectl object unload 3', 'probectl object unload opensnoop'],
  });
  return withDaemon(command).action(async (object: string, options: DaemonOptions) => {
    const { unloadObject } = await import('../client/objects.js');
    await unloadObject(object, options);
  });
}
