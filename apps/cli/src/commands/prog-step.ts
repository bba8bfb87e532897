import type { Command } from 'commander';
import { newCommand, withJson } from '../command';
import { parseCount } from '../input/values';
import type { StepOptions } from '../step/step-command';
import { withRunOptions } from './run';

const STEPS_DEFAULT = 20_000;
const STEPS_MAX = 200_000;
const RUNS_MAX = 1e9;

/** `probectl prog step`. */
export function progStepCommand(): Command {
  const command = newCommand({
    usage: 'step <file> [program]',
    summary: 'walk through one run of a program: registers, stack and source line at each instruction',
    description:
      'Loads FILE, runs a scenario until PROGRAM (or the first program that does) has run, and records that run in the ' +
      'reference interpreter. In a terminal it is browsed, forth and back; otherwise, or with --list, every step is printed ' +
      'with what it changes.',
    examples: [
      'probectl prog step examples/opensnoop/opensnoop.bpf.o enter_openat',
      'probectl prog step my.bpf.o on_exec --run 3',
      'probectl prog step my.bpf.o on_exec --list | less',
      'probectl prog step my.bpf.o on_exec --json --scenario exec-storm',
    ],
  });
  const own = withRunOptions(command)
    .option('--run <n>', 'which of its runs', parseCount(1, RUNS_MAX), 1)
    .option('--steps <n>', 'record at most this many', parseCount(1, STEPS_MAX), STEPS_DEFAULT)
    .option('--list', 'print all steps, also in a terminal');
  return withJson(own).action(async (file: string, program: string | undefined, options: StepOptions) => {
    const { stepProgram } = await import('../step/step-command.js');
    await stepProgram(file, program, options);
  });
}
