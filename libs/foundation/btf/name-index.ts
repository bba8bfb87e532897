import type { StringTable } from './strings';

/** Length in bytes of the part of a name that counts; the whole name or the name less its `___flavour`. */
type NameLength = (bytes: Uint8Array, start: number, end: number) => number;

/**
 * Type ids by name, without making a JS string per type: a hash table over the bytes of the string section.
 * Ids of equal names come in ascending order.
 */
export class NameIndex {
  /** First id of a bucket, 0 for none. */
  private readonly heads: Uint32Array;
  /** Next id in the same bucket, 0 for none. */
  private readonly next: Uint32Array;
  private readonly mask: number;

  constructor(
    private readonly strings: StringTable,
    /** Offset of each type's name, by id. */
    private readonly nameOffsets: Uint32Array,
    private readonly lengthOf: NameLength,
  ) {
    let buckets = 16;
    while (buckets < nameOffsets.length) buckets *= 2;
    this.mask = buckets - 1;
    this.heads = new Uint32Array(buckets);
    this.next = new Uint32Array(nameOffsets.length);
    const { bytes } = strings;
    for (let id = nameOffsets.length - 1; id > 0; id--) {
      const start = nameOffsets[id];
      if (bytes[start] === 0) continue;
      const bucket = hash(bytes, start, lengthOf(bytes, start, strings.endOf(start))) & this.mask;
      this.next[id] = this.heads[bucket];
      this.heads[bucket] = id;
    }
  }

  /** Calls `visit` with each id of that name, ascending, until it returns true; the id it stopped at. */
  find(name: string, visit: (id: number) => boolean): number | undefined {
    const wanted = new TextEncoder().encode(name);
    const { bytes } = this.strings;
    for (let id = this.heads[hash(wanted, 0, wanted.length) & this.mask]; id !== 0; id = this.next[id]) {
      const start = this.nameOffsets[id];
      if (this.equals(bytes, start, wanted) && visit(id)) return id;
    }
    return undefined;
  }

  private equals(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
    for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
    return this.lengthOf(bytes, start, this.strings.endOf(start)) === wanted.length;
  }
}

/** FNV-1a. */
function hash(bytes: Uint8Array, start: number, length: number): number {
  let h = 0x811c_9dc5;
  for (let i = 0; i < length; i++) h = Math.imul(h ^ bytes[start + i], 0x0100_0193);
  return (h ^ (h >>> 15)) >>> 0;
}
