import { type Command, Option } from 'commander';
import { newCommand, withJson } from '../command';
import type { ListHooksOptions } from '../inspect/list-hooks';
import { withKernel } from './kernel-options';

/** `probectl hooks`. */
export function hooksCommand(): Command {
  const command = newCommand({
    usage: 'hooks [pattern]',
    summary: 'what programs can be attached to',
    description:
      'Lists attach points. A pattern with * or ? must match the whole name, with or without its kind; a bare word ' +
      'matches anywhere. LIVE hooks are fired by the emulation; INERT ones can be attached to and never run.',
    examples: [
      "probectl hooks 'tracepoint:sched:*'",
      "probectl hooks 'kprobe:tcp_*' --live",
      "probectl hooks 'uprobe:*readline'",
      'probectl hooks -v tracepoint:syscalls:sys_enter_openat',
      'probectl hooks -v kprobe:vfs_create --btf vmlinux-5.10.btf',
    ],
  })
    .option('-v, --verbose', 'formats of tracepoints and prototypes of functions')
    .addOption(
      new Option('--kind <kind>', 'only hooks of this kind').choices([
        'tracepoint',
        'kprobe',
        'uprobe',
        'perf_event',
      ]),
    )
    .option('--live', 'only hooks that the emulation fires');
  return withJson(withKernel(command)).action(
    async (pattern: string | undefined, options: ListHooksOptions) => {
      const { listHooks } = await import('../inspect/list-hooks.js');
      await listHooks(pattern, options);
    },
  );
}
