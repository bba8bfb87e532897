/** The string section: NUL-terminated names, addressed by byte offset. */
export class StringTable {
  /** The whole section as one string when it is plain ASCII, so that names are slices of it. */
  private ascii: string | undefined;
  private scanned = false;

  constructor(readonly bytes: Uint8Array) {}

  /** The string at an offset that was checked at parse; empty at offset 0. */
  at(offset: number): string {
    if (this.bytes[offset] === 0) return '';
    if (!this.scanned) this.scan();
    if (this.ascii !== undefined) return this.ascii.slice(offset, this.ascii.indexOf('\0', offset));
    return utf8.decode(this.bytes.subarray(offset, this.endOf(offset)));
  }

  /** Offset of the NUL that ends the string at `offset`. */
  endOf(offset: number): number {
    return this.bytes.indexOf(0, offset);
  }

  private scan(): void {
    this.scanned = true;
    if (this.bytes.every((byte) => byte < 0x80)) this.ascii = utf8.decode(this.bytes);
  }
}

const utf8 = new TextDecoder('utf-8');
