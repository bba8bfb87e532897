import { type Diagnostic, diagnostic, type Result } from '@probed/base';
import { CommandRefused } from '../threads/rpc';

/** Ends a command with a fault of whoever gave it. */
export function refuse(
  code: string,
  message: string,
  more: Omit<Diagnostic, 'code' | 'message'> = {},
): never {
  throw new CommandRefused(diagnostic(code, message, more));
}

/** Unwraps a result; its fault ends the command. */
export function orRefuse<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new CommandRefused(result.error);
}
