import type { Command } from 'commander';

/** `--fault`, `--coverage`, `--coverage-out`: what `run` and `test` can do to programs. */
export function withProbing(command: Command): Command {
  return command
    .option(
      '--fault <faults>',
      'make helper calls fail, e.g. ringbuf-full,map-enomem@3,probe-read:10%; repeatable; see: probectl test --list-faults',
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option('--coverage', 'count which lines of the C source run; prints a table, writes lcov')
    .option('--coverage-out <file>', 'where the lcov goes', 'coverage/lcov.info');
}
