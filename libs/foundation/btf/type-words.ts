import { HEADER_WORDS, type TypeSection } from './scan';

/** A type section that grows, kept as words so that what was written can still be changed. */
export class TypeWords {
  private buffer = new Uint32Array(256);
  private length = 0;
  /** Word index of each type, from `firstId` on. */
  private readonly starts: number[] = [];

  constructor(readonly firstId = 1) {}

  /** Number of ids given so far, void and the base's included. */
  get count(): number {
    return this.firstId + this.starts.length;
  }

  /** Begins a type; its id. The words of its body are to be pushed next. */
  begin(name: number, info: number, sizeOrType: number): number {
    const id = this.count;
    this.starts.push(this.length);
    this.push(name);
    this.push(info);
    this.push(sizeOrType);
    return id;
  }

  push(word: number): void {
    if (this.length === this.buffer.length) this.grow(this.length + 1);
    this.buffer[this.length++] = word;
  }

  /** Appends a whole type; its id, and where its words begin. */
  copy(words: Uint32Array): { readonly id: number; readonly start: number } {
    const id = this.count;
    const start = this.length;
    this.starts.push(start);
    if (start + words.length > this.buffer.length) this.grow(start + words.length);
    this.buffer.set(words, start);
    this.length += words.length;
    return { id, start };
  }

  /** Where the words of a type of this section begin. */
  startOf(id: number): number {
    return this.starts[id - this.firstId];
  }

  /** First word behind `struct btf_type`. */
  bodyOf(id: number): number {
    return this.startOf(id) + HEADER_WORDS;
  }

  /** The words written so far; valid until the next is. */
  get words(): Uint32Array {
    return this.buffer.subarray(0, this.length);
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.buffer.buffer, 0, this.length * 4);
  }

  private grow(least: number): void {
    const grown = new Uint32Array(Math.max(this.buffer.length * 2, least));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}

/** The words of one type of a section. */
export function wordsOf({ words, starts, count }: TypeSection, id: number): Uint32Array {
  return words.subarray(starts[id], id + 1 < count ? starts[id + 1] : words.length);
}
