import type { Command } from 'commander';
import { newCommand, withJson } from '../command';

/** `probectl version`. */
export function versionCommand(): Command {
  const command = newCommand({
    usage: 'version',
    summary: 'versions of probectl and of the kernel that it emulates',
    examples: ['probectl version', 'probectl version --json'],
  });
  return withJson(command).action(async (options: { json?: boolean }) => {
    const { showVersion } = await import('../inspect/show-version.js');
    showVersion(options);
  });
}
