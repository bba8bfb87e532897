import { type Command, Option } from 'commander';
import { newCommand, withJson } from '../command';
import {
  collectAssignment,
  collectEventChoice,
  collectMapOption,
  parseCount,
  parseDuration,
  parseSeed,
} from '../input/values';
import type { RunOptions } from '../run/run-options';
import { withKernel } from './kernel-options';
import { withProbing } from './probing-options';

const CPUS_MAX = 64;
const LIMIT_MAX = 1e9;

/** `probectl run`. */
export function runCommand(): Command {
  const command = withRunOptions(
    newCommand({
      usage: 'run <files...>',
      summary: 'load and attach programs, run a scenario, print what they emit',
      description:
        'Loads the programs of FILE.bpf.o (or compiles FILE.bpf.c with clang), attaches them where their section names ' +
        'say, runs a scenario in virtual time, prints records and bpf_printk lines as they come, and the maps at the end.',
      examples: [
        'probectl run examples/opensnoop/opensnoop.bpf.o',
        'probectl run execsnoop.bpf.c --for 2s --seed 7 --json',
        'probectl run opensnoop.bpf.o --set only_failed=true --set target_pid=4242',
        'probectl run profile.bpf.o --attach sample=cpu-clock:hz=999',
        'probectl run tool.bpf.o --event events=exec_event --map events:max=1048576',
        'probectl run filter.bpf.o --map-init allowed.json --limit 100',
        'probectl run opensnoop.bpf.o --fault ringbuf-full:10% --coverage',
        'probectl run opensnoop.bpf.o --why',
        'probectl run opensnoop.bpf.o --btf vmlinux-5.10.btf --release 5.10.0',
      ],
    }),
  )
    .option(
      '--event <[map=]struct>',
      'what the records of a map are, when the object does not tell',
      collectEventChoice,
    )
    .option('--no-maps', 'do not print the maps at the end')
    .option('--folded', 'of the maps at the end only the stacks, a line each, for flame graphs')
    .option('-q, --quiet', 'records and trace lines only')
    .option('--limit <n>', 'end after this many records', parseCount(1, LIMIT_MAX))
    .option('--why', 'say at the end of each link without records why it has none');
  return withJson(withProbing(command)).action(async (files: string[], options: RunOptions) => {
    const { run } = await import('../run/run.js');
    await run(files, options);
  });
}

/** Options of all commands that run programs. */
export function withRunOptions(command: Command): Command {
  return withKernel(command)
    .option(
      '--for <duration>',
      "virtual time to run, e.g. 500ms, 2s (default: the scenario's)",
      parseDuration,
    )
    .option('--seed <n>', 'same seed, same run', parseSeed, 1)
    .option('--scenario <name>', 'what happens in the kernel; see: probectl scenario list', 'demo')
    .option('--set <var=value>', 'set a global variable before load; repeatable', collectAssignment)
    .option('--map <name:max=n>', 'size a map before load; repeatable', collectMapOption)
    .option('--map-init <file>', 'JSON with entries to put into maps before the programs run')
    .option(
      '--attach <program=target>',
      'attach a program elsewhere than its section says; repeatable',
      collectAssignment,
    )
    .option(
      '--strict',
      'load every program as it is: none is left out because its hook is missing or another does the same',
    )
    .addOption(new Option('--engine <engine>', 'how programs run').choices(['jit', 'interp']).default('jit'))
    .option('--cpus <n>', 'CPUs of the emulated machine', parseCount(1, CPUS_MAX), 4)
    .option('--realtime', 'let virtual time pass as fast as the wall clock, no faster')
    .option('-v, --verbose', 'long evidence with errors: the whole verifier log, all compiler output');
}
