import type { Command } from 'commander';
import type { DaemonOptions } from '../client/daemon-address';
import { newCommand } from '../command';
import { withDaemon } from './daemon-options';

/** `probectl pods`. */
export function podsCommand(): Command {
  const command = newCommand({
    usage: 'pods',
    summary: 'pods of the emulated cluster',
    examples: ['probectl pods', 'probectl pods --json'],
  });
  return withDaemon(command).action(async (options: DaemonOptions) => {
    const { listPods } = await import('../client/sessions.js');
    await listPods(options);
  });
}
