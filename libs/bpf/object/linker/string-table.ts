import { ByteWriter } from '@probed/base';

/** An ELF string table: each name once, in order of first use. */
export class StringTable {
  private readonly section = new ByteWriter(1024).u8(0);
  private readonly offsets = new Map<string, number>([['', 0]]);

  /** Offset of a name, added when new. */
  add(name: string): number {
    let offset = this.offsets.get(name);
    if (offset === undefined) {
      offset = this.section.size;
      this.offsets.set(name, offset);
      this.section.bytes(new TextEncoder().encode(name)).u8(0);
    }
    return offset;
  }

  finish(): Uint8Array {
    return this.section.finish();
  }
}
