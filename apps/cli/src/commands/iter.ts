import { type Command, Option } from 'commander';
import { newCommand, newGroup, withJson } from '../command';
import { parseCount } from '../input/values';
import type { IterCommandOptions } from '../iter/read-iterators';
import { readCommand } from './link';
import { withRunOptions } from './run';

const ID_MAX = 2 ** 31 - 1;

/** `probectl iter`; `probectl iter FILE` is short for `probectl iter run FILE`. */
export function iterCommand(): Command {
  const group = newGroup(
    {
      usage: 'iter',
      summary: 'BPF iterators: programs that print what is in the kernel, when somebody reads',
      examples: ['probectl iter run task_iter.bpf.o', 'probectl iter read dump_task'],
    },
    [],
  );
  return group.addCommand(runIterCommand(), { isDefault: true }).addCommand(readCommand('iter'));
}

function runIterCommand(): Command {
  const command = newCommand({
    usage: 'run <file> [program]',
    summary: 'load iterators of a file, and print what they write of tasks, maps, cgroups, sockets …',
    description:
      'Loads FILE, runs a scenario for a while with its other programs attached, then reads its iterators (SEC("iter/…")), ' +
      'or PROGRAM alone, and prints what they write, as reading the file of `bpftool iter pin` does.',
    examples: [
      'probectl iter run task_iter.bpf.o',
      'probectl iter run task_iter.bpf.o dump_task --pid 1',
      'probectl iter run counts.bpf.o dump_counts --over-map counts --for 2s',
      'probectl iter run cgroups.bpf.o --cgroup 1 --order descendants-post',
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
  return withJson(own).action(
    async (file: string, program: string | undefined, options: IterCommandOptions) => {
      const { readIterators } = await import('../iter/read-iterators.js');
      await readIterators(file, program, options);
    },
  );
}
