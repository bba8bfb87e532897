import type { Command } from 'commander';
import { newGroup } from '../command';
import { progDumpCommand } from './prog-dump';
import { progListCommand } from './prog-list';
import { progTracelogCommand } from './prog-tracelog';
import { progVerifyCommand } from './prog-verify';

/** `probectl prog`. */
export function progCommand(): Command {
  return newGroup(
    {
      usage: 'prog',
      summary: 'inspect and judge programs without running them',
      examples: [
        'probectl prog verify my.bpf.o',
        'probectl prog dump my.bpf.o on_exec',
        'probectl prog list my.bpf.o',
      ],
    },
    [progListCommand(), progVerifyCommand(), progDumpCommand(), progTracelogCommand()],
  );
}
