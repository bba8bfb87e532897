const DIGITS = '0123456789abcdef';

/** Lower-case hex without separators unless one is given. */
export function toHex(bytes: Uint8Array, separator = ''): string {
  const out: string[] = [];
  for (const byte of bytes) out.push(DIGITS[byte >> 4] + DIGITS[byte & 15]);
  return out.join(separator);
}

/** Parses hex digits, ignoring white space; undefined when a character or the length is off. */
export function fromHex(text: string): Uint8Array | undefined {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 || !/^[0-9a-fA-F]*$/.test(digits)) return undefined;
  const out = new Uint8Array(digits.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return out;
}
