import { CommanderError } from 'commander';
import { CommandError, CommandFailed, EXIT, ExitWith } from './errors';
import { createProgram } from './program';

/** Runs one command line; sets the exit code and leaves the process to end when its output is taken. */
export async function runCli(argv: readonly string[]): Promise<void> {
  guardStreams();
  process.exitCode = await exitCodeOf(() => createProgram().parseAsync([...argv]), argv);
}

/** A reader that has gone away (`| head`) ends us silently, as SIGPIPE would. */
function guardStreams(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
    });
  }
}

async function exitCodeOf(command: () => Promise<unknown>, argv: readonly string[]): Promise<number> {
  try {
    await command();
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommandFailed) return EXIT.failed;
    if (error instanceof ExitWith) return error.exitCode;
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof CommandError) return reportFault(error, verbose(argv));
    return reportInternal(error);
  }
}

function verbose(argv: readonly string[]): boolean {
  return argv.includes('-v') || argv.includes('--verbose');
}

async function reportFault({ diagnostic, exitCode }: CommandError, all: boolean): Promise<number> {
  const { formatFault, formatLog } = await import('./output/fault-text.js');
  const lines = [`probectl: ${formatFault(diagnostic)}`, ...formatLog(diagnostic.log ?? [], all)];
  process.stderr.write(`${lines.join('\n')}\n`);
  return exitCode;
}

function reportInternal(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  const line = message.replace(/\s*\n\s*/g, ' ');
  process.stderr.write(
    `probectl: internal error: ${line}; please report it with the input (PROBED_DEBUG=1 shows where)\n`,
  );
  if (process.env['PROBED_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return EXIT.internal;
}
