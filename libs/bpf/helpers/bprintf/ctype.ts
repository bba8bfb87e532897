/** Character classes of the kernel's Latin-1 table (lib/ctype.c). */

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

export function isAlnum(byte: number): boolean {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x7a) || isLatinLetter(byte);
}

function isLatinLetter(byte: number): boolean {
  return byte >= 0xc0 && byte !== 0xd7 && byte !== 0xf7;
}

export function isSpace(byte: number): boolean {
  return (byte >= 9 && byte <= 13) || byte === 0x20 || byte === 0xa0;
}

/** Printable, neither space nor alphanumeric. */
export function isPunct(byte: number): boolean {
  const printable = (byte > 0x20 && byte < 0x7f) || byte > 0xa0;
  return printable && !isAlnum(byte);
}
