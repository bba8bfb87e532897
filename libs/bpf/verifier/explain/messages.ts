import { CALL_MESSAGES } from './call-messages';
import type { Explanation } from './explanation';
import { MEMORY_MESSAGES } from './memory-messages';
import type { MessageRow } from './message-row';
import { VALUE_MESSAGES } from './value-messages';

/**
 * The verifier's most frequent messages: what each means and what usually fixes it. Where several rows match, the
 * first does; docs/verifier-messages.md shows them all.
 */
export const MESSAGES: readonly MessageRow[] = [...MEMORY_MESSAGES, ...VALUE_MESSAGES, ...CALL_MESSAGES];

/** What the table says of a complaint: the first of its lines that a row knows. */
export function explainMessage(complaint: readonly string[]): Pick<Explanation, 'id' | 'meaning' | 'fix'> {
  for (const line of complaint) {
    const row = MESSAGES.find(({ pattern }) => pattern.test(line));
    if (row) return { id: row.id, meaning: row.meaning, fix: row.fix };
  }
  return {};
}
