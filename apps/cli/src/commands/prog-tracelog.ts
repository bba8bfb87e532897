import type { Command } from 'commander';
import type { LiveTracelogOptions } from '../client/live-tracelog';
import { newCommand } from '../command';
import type { RunOptions } from '../run/run-options';
import { DAEMON_OPTION_NAMES, refuseOptions, withDaemon } from './daemon-options';
import { withRunOptions } from './run';

/** `probectl prog tracelog`. */
export function progTracelogCommand(): Command {
  const command = withRunOptions(
    newCommand({
      usage: 'tracelog [files...]',
      summary: "what bpf_printk writes: the daemon's programs live, or those of FILES in a run",
      description:
        "Without FILES prints the bpf_printk lines of the daemon's programs as they come, until Ctrl-C or --for of wall " +
        'time. With FILES runs them here, as `probectl run` does, and prints nothing else.',
      examples: [
        'probectl prog tracelog',
        'probectl prog tracelog --for 10s --json',
        'probectl prog tracelog examples/uprobe_readline/uprobe_readline.bpf.o',
        'probectl prog tracelog hello.bpf.c --for 1s',
      ],
    }),
  );
  return withDaemon(command).action(async (files: string[], options: RunOptions & LiveTracelogOptions) => {
    if (files.length === 0) {
      refuseOptions(command, LIVE_OPTIONS, 'FILES');
      const { liveTracelog } = await import('../client/live-tracelog.js');
      return liveTracelog(options);
    }
    refuseOptions(command, runOptionNames(command), 'the tracelog without FILES');
    const { tracelog } = await import('../run/tracelog.js');
    return tracelog(files, { ...options, maps: false });
  });
}

const LIVE_OPTIONS: ReadonlySet<string> = new Set(['for', ...DAEMON_OPTION_NAMES]);

function runOptionNames(command: Command): ReadonlySet<string> {
  const daemonOnly = new Set<string>(DAEMON_OPTION_NAMES.filter((name) => name !== 'json'));
  const names = command.options.map((option) => option.attributeName());
  return new Set(names.filter((name) => !daemonOnly.has(name)));
}
