/** The string section: NUL-terminated names, addressed by byte offset. */
export class StringTable {
  /** The whole section as one string, a character a byte, so that names are slices of it. */
  private characters: string | undefined;
  /** All bytes are ASCII. */
  private plain = true;

  constructor(readonly bytes: Uint8Array) {}

  /** The string at an offset that was checked at parse; empty at offset 0. */
  at(offset: number): string {
    if (this.bytes[offset] === 0) return '';
    this.characters ??= this.scan();
    const text = this.characters.slice(offset, this.characters.indexOf('\0', offset));
    if (this.plain || !/[\u0080-\uffff]/.test(text)) return text;
    return utf8.decode(this.bytes.subarray(offset, this.endOf(offset)));
  }

  /** Offset of the NUL that ends the string at `offset`. */
  endOf(offset: number): number {
    return this.bytes.indexOf(0, offset);
  }

  private scan(): string {
    this.plain = this.bytes.every((byte) => byte < 0x80);
    return latin1.decode(this.bytes);
  }
}

const utf8 = new TextDecoder('utf-8');
/** Whatever it makes of other bytes, it makes one character of each. */
const latin1 = new TextDecoder('latin1');
