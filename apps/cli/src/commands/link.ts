import type { Command } from 'commander';
import type { DaemonOptions } from '../client/daemon-address';
import type { AttachLinkOptions, ListOptions } from '../client/links';
import { newCommand, newGroup } from '../command';
import { parseCount } from '../input/values';
import { pinKindCommand } from './bpffs';
import { withDaemon } from './daemon-options';

/** Pids of the emulated kernel are below this. */
const PID_MAX = 4_194_304;

/** `probectl link`. */
export function linkCommand(): Command {
  return newGroup(
    {
      usage: 'link',
      summary: "where the daemon's programs are attached",
      examples: ['probectl link list', 'probectl link attach on_exec', 'probectl link detach 4'],
    },
    [
      listCommand(),
      showCommand(),
      whyCommand(),
      attachCommand(),
      updateCommand(),
      readCommand(),
      detachCommand(),
      pinKindCommand('link', 'probectl link pin 4 /sys/fs/bpf/audit'),
    ],
  );
}

function listCommand(): Command {
  const command = newCommand({
    usage: 'list',
    summary: 'links with program, hook and nodes',
    examples: ['probectl link list', 'probectl link list --bpffs', 'probectl link list --json'],
  });
  return withDaemon(withBpffs(command)).action(async (options: ListOptions) => {
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
    .option('--cookie <n>', 'what bpf_get_attach_cookie gives', parseCount(0, Number.MAX_SAFE_INTEGER))
    .option(
      '--symbol <function>',
      'for kprobe.multi and uprobe.multi: this function in place of a pattern; repeatable',
      collectText,
    )
    .option('--cookies <n,n…>', 'a cookie for each --symbol, in their order', parseCookies)
    .option(
      '--pid <pid>',
      'uprobes and USDT probes: in this process only; iterators: over its threads',
      parseCount(1, PID_MAX),
    )
    .option('--tid <tid>', 'iterators: over this thread only', parseCount(1, PID_MAX))
    .option('--map <id|name>', 'iterators of bpf_map_elem: over this map');
  return withDaemon(command).action(
    async (program: string, target: string | undefined, options: AttachLinkOptions) => {
      const { attachLink } = await import('../client/links.js');
      await attachLink(program, target, options);
    },
  );
}

function showCommand(): Command {
  const command = newCommand({
    usage: 'show <id|program>',
    summary: 'one link: where it is, what has come to it, node by node',
    examples: ['probectl link show 4', 'probectl link show on_exec --json'],
  });
  return withDaemon(command).action(async (link: string, options: DaemonOptions) => {
    const { showLink } = await import('../client/links.js');
    await showLink(link, options);
  });
}

function whyCommand(): Command {
  const command = newCommand({
    usage: 'why <id|program>',
    summary: 'why its program has not fired, or has nothing to show',
    examples: ['probectl link why 4', 'probectl link why execaudit/on_exec --json'],
  });
  return withDaemon(command).action(async (link: string, options: DaemonOptions) => {
    const { explainLink } = await import('../client/link-why.js');
    await explainLink(link, options);
  });
}

function updateCommand(): Command {
  const command = newCommand({
    usage: 'update <id|program> <program>',
    summary: 'put another program of the same type behind a link, between two events',
    description:
      'Puts another program behind a link (BPF_LINK_UPDATE): no event is missed. It may be of another object, and the ' +
      'link keeps it when that is unloaded.',
    examples: ['probectl link update 4 other/on_exec', 'probectl link update 4 17'],
  });
  return withDaemon(command).action(async (link: string, program: string, options: DaemonOptions) => {
    const { updateLink } = await import('../client/links.js');
    await updateLink(link, program, options);
  });
}

/** `probectl link read`, and as bpftool's family `iter` would have it. */
export function readCommand(name = 'link'): Command {
  const command = newCommand({
    usage: 'read <id|program>',
    summary: 'run an iterator, and print the text that it writes',
    examples: [`probectl ${name} read 4`, `probectl ${name} read dump_task --node node-1`],
  }).option('--node <node>', 'on this node only (default: all nodes of the link)');
  return withDaemon(command).action(
    async (link: string, options: DaemonOptions & { readonly node?: string }) => {
      const { readLink } = await import('../client/links.js');
      await readLink(link, options);
    },
  );
}

/** The column that bpftool's option of the name adds. */
export function withBpffs(command: Command): Command {
  return command.option('--bpffs', 'also where each is pinned');
}

function collectText(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

function parseCookies(text: string): number[] {
  return text.split(',').map(parseCount(0, Number.MAX_SAFE_INTEGER));
}

function detachCommand(): Command {
  const command = newCommand({
    usage: 'detach <id|program>',
    summary: 'destroy a link: its program runs there no more',
    examples: ['probectl link detach 4', 'probectl link detach execaudit/on_exec'],
  });
  return withDaemon(command).action(async (link: string, options: DaemonOptions) => {
    const { detachLink } = await import('../client/links.js');
    await detachLink(link, options);
  });
}
