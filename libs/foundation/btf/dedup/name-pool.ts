import { ByteWriter } from '@probed/base';

/**
 * A string section that grows from the strings of another: each text once, where it was first asked for. Compares
 * bytes, so that a kernel's 100,000 names need not become as many strings.
 */
export class NamePool {
  private readonly section = new ByteWriter(1024);
  /** Per slot of the hash table: where the text lies in `source`, and its offset in the result. */
  private texts = new Uint32Array(1024);
  private offsets = new Uint32Array(1024);
  private used = 0;

  /**
   * @param source NUL-terminated strings
   * @param base bytes of the strings that come before, in split BTF
   */
  constructor(
    private readonly source: Uint8Array,
    private readonly base: number,
  ) {
    if (base === 0) this.section.u8(0);
  }

  /** Says that the text at `at` has its place already, there (that of the base). */
  know(at: number): void {
    const slot = this.slotOf(at);
    if (this.texts[slot] === 0) this.enter(slot, at, at);
  }

  /** New offset of the text at `at`, which is added when it is new. */
  add(at: number): number {
    if (this.source[at] === 0) return 0;
    const slot = this.slotOf(at);
    if (this.texts[slot] !== 0) return this.offsets[slot];
    const offset = this.base + this.section.size;
    this.section.bytes(this.source.subarray(at, this.source.indexOf(0, at) + 1));
    this.enter(slot, at, offset);
    return offset;
  }

  finish(): Uint8Array {
    return this.section.finish();
  }

  private enter(slot: number, at: number, offset: number): void {
    this.texts[slot] = at;
    this.offsets[slot] = offset;
    if (++this.used * 2 > this.texts.length) this.grow();
  }

  /** The slot that holds the text at `at`, or is free for it. Offset 0 is the empty text, which no slot holds. */
  private slotOf(at: number): number {
    const mask = this.texts.length - 1;
    let slot = hashOf(this.source, at) & mask;
    while (this.texts[slot] !== 0 && !equalText(this.source, this.texts[slot], at)) slot = (slot + 1) & mask;
    return slot;
  }

  private grow(): void {
    const { texts, offsets } = this;
    this.texts = new Uint32Array(texts.length * 2);
    this.offsets = new Uint32Array(texts.length * 2);
    texts.forEach((at, i) => {
      if (at === 0) return;
      const slot = this.slotOf(at);
      this.texts[slot] = at;
      this.offsets[slot] = offsets[i];
    });
  }
}

/** FNV-1a of a NUL-terminated text. */
function hashOf(bytes: Uint8Array, at: number): number {
  let hash = 0x811c_9dc5;
  for (; bytes[at] !== 0; at++) hash = Math.imul(hash ^ bytes[at], 0x0100_0193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function equalText(bytes: Uint8Array, a: number, b: number): boolean {
  if (a === b) return true;
  while (bytes[a] === bytes[b] && bytes[a] !== 0) {
    a++;
    b++;
  }
  return bytes[a] === bytes[b];
}
