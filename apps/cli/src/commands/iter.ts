import { type Command, Option } from 'commander';
import { newCommand, withJson } from '../command';
import { parseCount } from '../input/values';
import type { IterCommandOptions } from '../iter/read-iterators';
import { readCommand } from './link';
import { withRunOptions } from './run';

const ID_MAX = 2 ** 31 - 1;

/** `probectl iter`. */
export function iterCommand(): Command {
  const command = newCommand({
    usage: 'iter <file> [program]',
    summary: 'read BPF iterators: what their programs print of tasks, maps, cgroups, sockets …',
    description:
      'Loads FILE, runs a scenario for a while with its other programs attached, then reads its iterators (SEC("iter/…")), ' +
      'or PROGRAM alone, and prints what they write, as reading the file of `bpftool iter pin` does. `iter read` reads one ' +
      'that the daemon has attached.',
    examples: [
      'probectl iter task_iter.bpf.o',
      'probectl iter task_iter.bpf.o dump_task --pid 1',
      'probectl iter counts.bpf.o dump_counts --over-map counts --for 2s',
      'probectl iter cgroups.bpf.o --cgroup 1 --order descendants-post',
      'probectl iter read dump_task',
    ],
  });
  const own = withRunOptions(command)
    .option('--tid <n>', 'task iterators: this thread only', parseCount(1, ID_MAX))
    .option('--pid <n>', 'task iterators: the threads of this process only', parseCount(1, ID_MAX))
    .option('--over-map <map>', 'iter/bpf_map_elem: the elements of this map')
    .option('--cgroup <id>', 'iter/cgroup: begin here, not at the root', parseCount(1, ID_MAX))
    .addOption(
      new Option('--order <order>', 'iter/cgroup: which way').choices([
        'self',
        'descendants-pre',
        'descendants-post',
        'ancestors-up',
      ]),
    );
  const iter = withJson(own).action(
    async (file: string, program: string | undefined, options: IterCommandOptions) => {
      const { readIterators } = await import('../iter/read-iterators.js');
      await readIterators(file, program, options);
    },
  );
  // Of the daemon's, by link or program.
  return iter.addCommand(readCommand('iter')).helpCommand(false);
}
