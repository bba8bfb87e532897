import { formatDiagnostic } from '@probed/base';
import { CommandError } from '../errors';

/** Runs a program's main part; what a user has wrong is one line on standard error. */
export function runMain(program: string, main: () => number): void {
  try {
    process.exitCode = main();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(`${program}: ${formatDiagnostic(error.diagnostic)}`);
    process.exitCode = error.exitCode;
  }
}
