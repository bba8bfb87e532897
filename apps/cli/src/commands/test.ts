import { type Command, Option } from 'commander';
import { newCommand, withJson } from '../command';
import type { TestOptions } from '../test-cases/test-command';
import { withProbing } from './probing-options';

/** `probectl test`. */
export function testCommand(): Command {
  const command = newCommand({
    usage: 'test [paths...]',
    summary: 'run cases: an object, a scenario or events, and what must come of it',
    description:
      'Runs the cases of *.probed.yaml and *.probed.json files: each loads objects into a machine of its own, runs a ' +
      'scenario or fires events, and compares records, maps, variables and trace lines with what is expected ' +
      '(docs/testing.md). Prints TAP 14 into a pipe, and something more readable on a terminal. Exit code 1 when a ' +
      'case fails.',
    examples: [
      'probectl test',
      'probectl test examples --filter opensnoop',
      'probectl test tests --output report.xml --coverage',
      'probectl test tests/exec.probed.yaml --fault ringbuf-full:10% --format pretty',
      'probectl test --init my.bpf.o',
    ],
  })
    .addOption(
      new Option('--format <format>', 'how results are told').choices(['tap', 'junit', 'pretty', 'json']),
    )
    .option(
      '--output <file>',
      'write the report there (.xml: JUnit, .tap, .json), and tell the terminal too; repeatable',
      collect,
    )
    .option('--filter <text>', 'only cases with this in their file or name; repeatable', collect)
    .option('--list', 'name the cases, run none')
    .option('--bail', 'after the first case that fails, skip the others')
    .option('--update', 'write the snapshots that cases compare with')
    .option('--init <object>', 'write a first case file beside an object, from a run of it')
    .option('--list-faults', 'name the faults that --fault takes')
    .addOption(
      new Option('--engine <engine>', 'how programs run, whatever the case says').choices(['jit', 'interp']),
    );
  return withJson(withProbing(command)).action(async (paths: string[], options: TestOptions) => {
    const { testCommandLine } = await import('../test-cases/test-command.js');
    await testCommandLine(paths, options);
  });
}

function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
