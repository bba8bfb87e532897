import type { ParsedBtf } from '../parse';
import { kindOf, type TypeSection } from '../scan';
import { DedupFault } from './fault';
import { hashOf } from './signature';
import { TypesByHash } from './types-by-hash';

/** A type that no pass has settled yet. */
export const UNMAPPED = 0xffff_ffff;

/**
 * Words compared, all passes together. A kernel with 130,000 types, twice in one BTF, takes about 20 million; types
 * made to look alike would take as many as there are pairs of them.
 */
const WORK_MAX = 1_500_000_000;

/** What the passes of one deduplication share. */
export class DedupState implements TypeSection {
  /** A copy that the passes write to. */
  readonly words: Uint32Array;
  readonly starts: Uint32Array;
  readonly count: number;
  /** First id that may go; those below are the base's. */
  readonly firstId: number;
  /** By id: the id that the type is the same as, itself where it stays, {@link UNMAPPED} before. */
  readonly map: Uint32Array;
  /** Types that stay. */
  private readonly kept: TypesByHash;
  private work = 0;

  constructor({ section, firstId }: ParsedBtf) {
    this.words = section.words.slice();
    this.starts = section.starts;
    this.count = section.count;
    this.firstId = firstId;
    this.map = new Uint32Array(section.count).fill(UNMAPPED);
    this.map[0] = 0;
    this.kept = new TypesByHash(section.count);
  }

  kind(id: number): number {
    return id === 0 ? 0 : kindOf(this.words[this.starts[id] + 1]);
  }

  isMapped(id: number): boolean {
    return this.map[id] !== UNMAPPED;
  }

  /** What a type is the same as, as far as is known. */
  resolve(id: number): number {
    const { map } = this;
    for (let next = map[id]; next !== id && next !== UNMAPPED; next = map[id]) {
      id = next;
      this.spend(1);
    }
    return id;
  }

  /** The first of the types that stay and may be the same as this one; 0 for none. */
  candidate(id: number): number {
    return this.kept.first(hashOf(this.words, this.starts[id]));
  }

  /** The next candidate after one; 0 for none. */
  candidateAfter(other: number): number {
    return this.kept.after(other);
  }

  /** Enters a type among those that stay. */
  keep(id: number): void {
    this.kept.add(id, hashOf(this.words, this.starts[id]));
  }

  /** Maps a type to the one found for it, or keeps it. */
  settle(id: number, target: number): void {
    this.map[id] = target;
    if (id === target) this.keep(id);
  }

  spend(words: number): void {
    this.work += words;
    if (this.work > WORK_MAX) throw new DedupFault('too many types look alike');
  }
}
