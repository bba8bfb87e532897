import type { EncodeInput } from '@probed/btf';
import { failUsage } from '../errors';
import { parseJson } from '../input/json-reader';

/**
 * A key, value or variable from the command line as it goes over the wire: JSON where it is, `hex:0a0b` for bytes, other
 * text as it is. Integers beyond 2^53 become decimal strings.
 */
export function wireValue(text: string): unknown {
  const hex = /^hex:(.*)$/s.exec(text);
  if (hex) return { hex: hexDigits(hex[1], text) };
  const parsed = parseJson(text, text);
  if (parsed.ok) return plain(parsed.value);
  // What begins like a structure was meant to be one.
  if (/^\s*["[{]/.test(text)) {
    const { message, where = '' } = parsed.error;
    return failUsage(`${JSON.stringify(text)} is no JSON: ${message}, column ${where.split(':').at(-1)}`);
  }
  return text;
}

/** A variable's value: its type says what the text means, so only structures are taken apart. */
export function variableValue(text: string): unknown {
  return /^\s*["[{]/.test(text) ? wireValue(text) : text;
}

function hexDigits(digits: string, text: string): string {
  const bare = digits.replace(/[\s:]/g, '').toLowerCase();
  if (/^([0-9a-f]{2})+$/.test(bare)) return bare;
  return failUsage(`${text}: pairs of hex digits are wanted`, 'e.g. hex:0a0b0c0d');
}

function plain(value: EncodeInput): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as Readonly<Record<string, EncodeInput>>).map(([name, member]) => [
      name,
      plain(member),
    ]),
  );
}
