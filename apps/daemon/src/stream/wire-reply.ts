import { diagnostic, formatDiagnostic } from '@probed/base';
import { z } from 'zod';
import type { Logger } from '../app/logger';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';

/** What a client is told in place of what it asked for. */
export interface WireError {
  readonly code: string;
  /** One line. */
  readonly message: string;
}

export interface RefusedReply {
  readonly ok: false;
  readonly error: WireError;
}

/**
 * A client's message as its schema says; a member that the schema does not have is refused too, so that a misspelt
 * condition is noticed.
 * @throws CommandRefused `bad-message`, `where` names the member
 */
export function parseMessage<T>(schema: z.ZodType<T>, message: unknown): T {
  const parsed = schema.safeParse(message);
  if (!parsed.success) {
    const [{ path, message: complaint }] = parsed.error.issues;
    throw badMessage(complaint.replace(/^Invalid input: /, ''), path.map(String).join('.'));
  }
  const known = parsed.data as object;
  const unknown = Object.keys(message as object).find((key) => !Object.hasOwn(known, key));
  if (unknown !== undefined) throw badMessage('there is no such member', unknown);
  return parsed.data;
}

function badMessage(message: string, where: string): CommandRefused {
  return new CommandRefused(diagnostic('bad-message', message, { where: where || 'message' }));
}

/** What a client is told of an error. A fault of ours goes to the log. */
export function wireError(error: unknown, log: Logger): WireError {
  if (error instanceof CommandRefused) {
    const { code } = error.diagnostic;
    return { code, message: oneLine(formatDiagnostic(error.diagnostic)) };
  }
  if (error instanceof ThreadUnavailable) return { code: error.code, message: oneLine(error.message) };
  log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return { code: 'internal', message: 'the daemon failed at this; its log says more' };
}

/** Runs what answers a message; whatever it throws becomes the answer. */
export async function answering<T>(log: Logger, answer: () => Promise<T>): Promise<T | RefusedReply> {
  try {
    return await answer();
  } catch (error) {
    return { ok: false, error: wireError(error, log) };
  }
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
