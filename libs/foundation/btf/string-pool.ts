import { ByteWriter } from '@probed/base';

/** A string section that grows: each text once, at the offset where it was first asked for. */
export class StringPool {
  private readonly section = new ByteWriter(1024);
  private readonly offsets = new Map<string, number>([['', 0]]);

  /** @param base bytes of the strings that come before, in split BTF */
  constructor(private readonly base = 0) {
    if (base === 0) this.section.u8(0);
  }

  /** Offset of a text, added when new. */
  add(text: string): number {
    let offset = this.offsets.get(text);
    if (offset === undefined) {
      offset = this.base + this.section.size;
      this.offsets.set(text, offset);
      this.section.bytes(utf8.encode(text)).u8(0);
    }
    return offset;
  }

  get size(): number {
    return this.section.size;
  }

  finish(): Uint8Array {
    return this.section.finish();
  }
}

const utf8 = new TextEncoder();
