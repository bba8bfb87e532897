import type { Command } from 'commander';
import type { DaemonOptions } from '../client/daemon-address';
import { newCommand } from '../command';
import { withDaemon } from './daemon-options';

/** `probectl status`. */
export function statusCommand(): Command {
  const command = newCommand({
    usage: 'status',
    summary: 'how the daemon is: kernel thread, store, stream, records',
    examples: ['probectl status', 'probectl status --json', 'probectl status --url http://127.0.0.1:8686'],
  });
  return withDaemon(command).action(async (options: DaemonOptions) => {
    const { showStatus } = await import('../client/status.js');
    await showStatus(options);
  });
}
