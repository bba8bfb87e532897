/** Characters that mean something in a LIKE pattern. */
const WILDCARDS = /[\\%_]/g;

/** LIKE folds the case of ASCII letters alone, so any text stands for the others, and {@link valueHasText} decides. */
const NOT_ASCII = /[^\x20-\x7e]+/g;

/**
 * A LIKE pattern (ESCAPE '\') that every record's JSON text matches whose value contains a text: a quick sieve, since it
 * also lets through records that have the text elsewhere.
 */
export function likePattern(text: string): string {
  const asJson = JSON.stringify(text).slice(1, -1);
  return `%${asJson.replace(WILDCARDS, '\\$&').replace(NOT_ASCII, '%')}%`;
}

/** Whether a text, ignoring case, is in a decoded value: in a string, a number, or a member of either. */
export function valueHasText(value: unknown, text: string): boolean {
  return hasText(value, text.toLowerCase());
}

function hasText(value: unknown, lower: string): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value === 'object')
    return Object.values(value as Record<string, unknown>).some((member) => hasText(member, lower));
  return String(value).toLowerCase().includes(lower);
}
