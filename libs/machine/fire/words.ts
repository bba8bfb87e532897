import { diagnostic, err, ok, type Result, type Word } from '@probed/base';
import type { HookValue } from './pointer';

const EINVAL = 22;
/** What 64 bits hold, signed or unsigned. */
const WORD_MIN = -(1n << 63n);
const WORD_MAX = (1n << 64n) - 1n;

/** The signed word of a 64-bit integer; undefined when a JS number does not hold it exactly (see base/u64). */
export function exactWord(value: bigint): number | undefined {
  const signed = BigInt.asIntN(64, value);
  const word = Number(signed);
  return BigInt(word) === signed ? word : undefined;
}

/** The signed word of any 64-bit integer: a number where one holds it exactly, else a bigint. */
export function anyWord(value: bigint): Word {
  return exactWord(value) ?? BigInt.asIntN(64, value);
}

/**
 * Words as the hooks carry them. The kernel's own code paths know numbers only, and so does the type; listeners hand them
 * to `writeI64`, which takes the bigints among them too.
 */
export function carried(words: readonly Word[]): readonly number[] {
  return words as readonly number[];
}

/** A word that goes into a register or argument slot. Errors: `hook-argument`. */
export function wordOf(value: number | bigint | boolean, where: string): Result<Word> {
  if (typeof value === 'boolean') return ok(value ? 1 : 0);
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return ok(value);
    return argumentFault(`${value} is no integer that is exact`, where, 'beyond 2^53, give a bigint');
  }
  if (value >= WORD_MIN && value <= WORD_MAX) return ok(anyWord(value));
  return argumentFault(`${value} has more than 64 bits`, where);
}

export function argumentFault(message: string, where?: string, hint?: string) {
  return err(diagnostic('hook-argument', message, { where, hint, errno: EINVAL }));
}

/** A value as it appears in a message. */
export function shown(value: HookValue): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
