import { type Command, Option } from 'commander';
import type { RestartKernelOptions } from '../client/workload';
import { newCommand, newGroup } from '../command';
import { withDaemon } from './daemon-options';

/** `probectl kernel`. */
export function kernelCommand(): Command {
  return newGroup(
    {
      usage: 'kernel',
      summary: "the daemon's emulated kernel",
      examples: ['probectl kernel restart'],
    },
    [restartCommand()],
  );
}

function restartCommand(): Command {
  const command = newCommand({
    usage: 'restart',
    summary: 'boot the emulated kernel anew; programs and links are restored',
    description:
      'Boots the emulated kernel anew. --mode rehearses a failure: with crash its thread dies, with hang it stops ' +
      'answering; the daemon notices, says so, and restarts it.',
    examples: ['probectl kernel restart', 'probectl kernel restart --mode crash'],
  }).addOption(
    new Option('--mode <mode>', 'restart in good order, or rehearse a failure')
      .choices(['restart', 'crash', 'hang'])
      .default('restart'),
  );
  return withDaemon(command).action(async (options: RestartKernelOptions) => {
    const { restartKernel } = await import('../client/workload.js');
    await restartKernel(options);
  });
}
