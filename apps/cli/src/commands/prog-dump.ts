import { type Command, Option } from 'commander';
import { newCommand, withJson } from '../command';
import type { DumpProgramOptions } from '../inspect/dump-program';

/** `probectl prog dump`. */
export function progDumpCommand(): Command {
  const command = newCommand({
    usage: 'dump <file> [program]',
    summary: 'instructions of a program, as the kernel prints them',
    description:
      'Prints the instructions of one program, or of all. xlated: after CO-RE relocation, with names of maps and helpers; ' +
      'raw: their bytes; jited: the WebAssembly module that the JIT makes of them, as hex, or into a file with --out.',
    examples: [
      'probectl prog dump examples/syscount/syscount.bpf.o',
      'probectl prog dump my.bpf.o on_exec --linum',
      'probectl prog dump my.bpf.o on_exec --format jited --out on_exec.wasm',
    ],
  })
    .addOption(
      new Option('--format <format>', 'what to print').choices(['xlated', 'raw', 'jited']).default('xlated'),
    )
    .option('--linum', 'source lines with file and line number')
    .option('-v, --verbose', 'source lines between the instructions')
    .option('--out <file>', 'write the jited module there (WebAssembly binary; wasm2wat prints it as text)');
  return withJson(command).action(
    async (file: string, program: string | undefined, options: DumpProgramOptions) => {
      const { dumpPrograms } = await import('../inspect/dump-program.js');
      await dumpPrograms(file, program, options);
    },
  );
}
