import type { BtfInt } from '../types';

/** C's plain `char`, whose arrays hold text; compilers mark it by name, not by BTF_INT_CHAR. */
export function isCharInt(type: BtfInt): boolean {
  return type.size === 1 && (type.name === 'char' || type.char);
}

/** A byte that is a number to its programmer: arrays of it print as hex. */
export function isByteInt(type: BtfInt): boolean {
  return type.size === 1 && !type.signed && !type.bool && !isCharInt(type);
}

/** Text up to the first NUL; bytes that are no UTF-8 as `\xNN`. */
export function decodeText(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0);
  const text = nul < 0 ? bytes : bytes.subarray(0, nul);
  // Shared memory is refused by TextDecoder in browsers, and ASCII is the common case.
  let out = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] >= 0x80) return out + decodeUtf8(text.slice(i));
    out += String.fromCharCode(text[i]);
  }
  return out;
}

function decodeUtf8(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    if (length === 0) out += `\\x${bytes[i++].toString(16).padStart(2, '0')}`;
    else out += strict.decode(bytes.subarray(i, (i += length)));
  }
  return out;
}

const strict = new TextDecoder('utf-8', { ignoreBOM: true });

/** Bytes of the well-formed UTF-8 sequence at `at` (RFC 3629 §4), 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at];
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) if ((bytes[at + i] & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1];
  // Overlong forms, surrogates, and code points past U+10FFFF.
  if (lead === 0xe0 && second < 0xa0) return 0;
  if (lead === 0xed && second > 0x9f) return 0;
  if (lead === 0xf0 && second < 0x90) return 0;
  if (lead === 0xf4 && second > 0x8f) return 0;
  return length;
}
