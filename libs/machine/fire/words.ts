import { diagnostic, err, ok, type Result } from '@probed/base';
import type { HookValue } from './pointer';

const EINVAL = 22;

/** The signed word of a 64-bit integer; undefined when a JS number does not hold it exactly (see base/u64). */
export function exactWord(value: bigint): number | undefined {
  const word = Number(BigInt.asIntN(64, value));
  return Number.isSafeInteger(word) ? word : undefined;
}

/** A word that goes into a register or argument slot. Errors: `hook-argument`. */
export function wordOf(value: number | bigint | boolean, where: string): Result<number> {
  if (typeof value === 'boolean') return ok(value ? 1 : 0);
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return ok(value);
    return argumentFault(`${value} is no integer that is exact`, where, 'beyond 2^53, give a bigint');
  }
  const word = exactWord(value);
  if (word !== undefined) return ok(word);
  return argumentFault(
    `${value} cannot be passed in a register`,
    where,
    'words between 2^53 and the kernel addresses are not supported',
  );
}

export function argumentFault(message: string, where?: string, hint?: string) {
  return err(diagnostic('hook-argument', message, { where, hint, errno: EINVAL }));
}

/** A value as it appears in a message. */
export function shown(value: HookValue): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
