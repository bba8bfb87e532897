import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { DumpLoadedOptions } from '../client/programs';
import { newCommand } from '../command';
import { failUsage } from '../errors';
import type { DumpProgramOptions } from '../inspect/dump-program';
import { DAEMON_OPTION_NAMES, refuseOptions, withDaemon } from './daemon-options';

/** `probectl prog dump`. */
export function progDumpCommand(): Command {
  const command = newCommand({
    usage: 'dump <file|id|name> [program]',
    summary: 'instructions of a program, as the kernel prints them',
    description:
      'Prints the instructions of one program of an object file, or of all of them; or of a program that the daemon has ' +
      'loaded, by id, name or OBJECT/NAME. What exists as a file, or ends in .o or .c, is a file; anything else is the ' +
      "daemon's. xlated: after CO-RE relocation, with names of maps and helpers; raw: their bytes (FILE only); jited: " +
      'the WebAssembly module that the JIT makes of them, as text (WAT), or as a binary into a file with --out.',
    examples: [
      'probectl prog dump examples/syscount/syscount.bpf.o',
      'probectl prog dump my.bpf.o on_exec --linum',
      'probectl prog dump my.bpf.o on_exec --format jited --out on_exec.wasm',
      'probectl prog dump opensnoop/enter_openat',
      'probectl prog dump 7 --format jited --out 7.wasm',
    ],
  })
    .addOption(
      new Option('--format <format>', 'what to print').choices(['xlated', 'raw', 'jited']).default('xlated'),
    )
    .option('--linum', 'source lines with file and line number (FILE only)')
    .option('-v, --verbose', 'source lines between the instructions (FILE only)')
    .option('--out <file>', 'write the jited module there, as a WebAssembly binary');
  return withDaemon(command).action(
    async (what: string, program: string | undefined, options: DumpProgramOptions & DumpLoadedOptions) => {
      if (isFile(what)) {
        refuseOptions(command, FILE_OPTIONS, "a program of the daemon's");
        const { dumpPrograms } = await import('../inspect/dump-program.js');
        return dumpPrograms(what, program, options);
      }
      if (program !== undefined) failUsage(`${what} is no file, so ${program} is one word too many`);
      refuseOptions(command, LOADED_OPTIONS, 'a FILE');
      const { dumpLoaded } = await import('../client/programs.js');
      return dumpLoaded(what, options);
    },
  );
}

const FILE_OPTIONS: ReadonlySet<string> = new Set(['format', 'linum', 'verbose', 'out', 'json']);
const LOADED_OPTIONS: ReadonlySet<string> = new Set(['format', 'out', ...DAEMON_OPTION_NAMES]);

function isFile(what: string): boolean {
  return /\.[oc]$/.test(what) || existsSync(what);
}
