import type { Command } from 'commander';
import type { DaemonOptions } from '../client/daemon-address';
import type { AttachLinkOptions } from '../client/links';
import { newCommand, newGroup } from '../command';
import { parseCount } from '../input/values';
import { withDaemon } from './daemon-options';

/** `probectl link`. */
export function linkCommand(): Command {
  return newGroup(
    {
      usage: 'link',
      summary: "where the daemon's programs are attached",
      examples: ['probectl link list', 'probectl link attach on_exec', 'probectl link detach 4'],
    },
    [listCommand(), attachCommand(), detachCommand()],
  );
}

function listCommand(): Command {
  const command = newCommand({
    usage: 'list',
    summary: 'links with program, hook and nodes',
    examples: ['probectl link list', 'probectl link list --json'],
  });
  return withDaemon(command).action(async (options: DaemonOptions) => {
    const { listLinks } = await import('../client/links.js');
    await listLinks(options);
  });
}

function attachCommand(): Command {
  const command = newCommand({
    usage: 'attach <program> [target]',
    summary: 'attach a loaded program where its section says, or to TARGET',
    examples: [
      'probectl link attach on_exec',
      'probectl link attach execaudit/on_exec sched/sched_process_fork',
      'probectl link attach sample cpu-clock:hz=99 --node node-1',
    ],
  })
    .option('--node <node>', 'on this node only (default: all nodes of the object)')
    .option('--cookie <n>', 'what bpf_get_attach_cookie gives', parseCount(0, Number.MAX_SAFE_INTEGER));
  return withDaemon(command).action(
    async (program: string, target: string | undefined, options: AttachLinkOptions) => {
      const { attachLink } = await import('../client/links.js');
      await attachLink(program, target, options);
    },
  );
}

function detachCommand(): Command {
  const command = newCommand({
    usage: 'detach <id>',
    summary: 'destroy a link: its program runs there no more',
    examples: ['probectl link detach 4'],
  });
  // An argument is parsed where it is added, not in `usage`.
  command.registeredArguments[0].argParser(parseCount(1, Number.MAX_SAFE_INTEGER));
  return withDaemon(command).action(async (id: number, options: DaemonOptions) => {
    const { detachLink } = await import('../client/links.js');
    await detachLink(id, options);
  });
}
