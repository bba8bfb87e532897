import type { Command } from 'commander';
import { newGroup } from '../command';
import { pinKindCommand } from './bpffs';
import { progCheckCommand } from './prog-check';
import { progDumpCommand } from './prog-dump';
import { progListCommand } from './prog-list';
import { progLoadCommand } from './prog-load';
import { progLogCommand, progShowCommand, progUnloadCommand } from './prog-loaded';
import { progStepCommand } from './prog-step';
import { progTestRunCommand } from './prog-test-run';
import { progTracelogCommand } from './prog-tracelog';
import { progVerifyCommand } from './prog-verify';

/** `probectl prog`. */
export function progCommand(): Command {
  return newGroup(
    {
      usage: 'prog',
      summary: 'programs: judge and inspect files, load them into the daemon',
      examples: [
        'probectl prog verify my.bpf.o',
        'probectl prog check my.bpf.o --btf vmlinux-5.4.btf --btf vmlinux-6.1.btf',
        'probectl prog dump my.bpf.o on_exec',
        'probectl prog test-run filter.bpf.o --data-in packet.bin',
        'probectl prog step my.bpf.o on_exec',
        'probectl prog load my.bpf.o',
        'probectl prog list',
      ],
    },
    [
      progLoadCommand(),
      progListCommand(),
      progShowCommand(),
      progVerifyCommand(),
      progCheckCommand(),
      progDumpCommand(),
      progTestRunCommand(),
      progStepCommand(),
      progLogCommand(),
      progTracelogCommand(),
      progUnloadCommand(),
      pinKindCommand('prog', 'probectl prog pin on_exec /sys/fs/bpf/on_exec'),
    ],
  );
}
