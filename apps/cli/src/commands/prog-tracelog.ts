import type { Command } from 'commander';
import { newCommand, withJson } from '../command';
import type { RunOptions } from '../run/run-options';
import { withRunOptions } from './run';

/** `probectl prog tracelog`. */
export function progTracelogCommand(): Command {
  const command = withRunOptions(
    newCommand({
      usage: 'tracelog <files...>',
      summary: 'run programs and print only what bpf_printk writes',
      examples: [
        'probectl prog tracelog examples/uprobe_readline/uprobe_readline.bpf.o',
        'probectl prog tracelog hello.bpf.c --for 1s',
      ],
    }),
  );
  return withJson(command).action(async (files: string[], options: RunOptions) => {
    const { tracelog } = await import('../run/tracelog.js');
    await tracelog(files, { ...options, maps: false });
  });
}
