import type { Diagnostic } from '@probed/base';

/** Exit codes: scripts tell a refused input from a wrong call, and both from a fault of ours. */
export const EXIT = { ok: 0, failed: 1, usage: 2, internal: 70 } as const;

/** A user's fault on its way to the top level, which prints it in one line. */
export class CommandError extends Error {
  constructor(
    readonly diagnostic: Diagnostic,
    readonly exitCode: number = EXIT.failed,
  ) {
    super(diagnostic.message);
  }
}

/** Ends a command that has said already what is wrong. */
export class CommandFailed extends Error {}

/** Ends probectl with the exit code of what it ran. */
export class ExitWith extends Error {
  constructor(readonly exitCode: number) {
    super(`exit code ${exitCode}`);
  }
}

/** Unwraps a result; its fault ends the command. */
export function orFail<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Diagnostic },
): T {
  if (result.ok) return result.value;
  throw new CommandError(result.error);
}

/** Ends the command with a fault of the user's input. */
export function fail(code: string, message: string, more: Omit<Diagnostic, 'code' | 'message'> = {}): never {
  throw new CommandError({ code, message, ...more });
}

/** Ends the command because it was called the wrong way. */
export function failUsage(message: string, hint?: string): never {
  throw new CommandError({ code: 'usage', message, ...(hint && { hint }) }, EXIT.usage);
}
