import { KIND } from '../kinds';
import type { RawTypes } from './raw-types';

const WORD = 2 ** 32;

/** `hash * 31 + value`, modulo 2^64, as two words: as bigints it is most of the time that a vmlinux.h takes. */
class Hash64 {
  lo = 0;
  hi = 0;

  step(lo: number, hi: number): void {
    const low = this.lo * 31 + lo;
    this.hi = (this.hi * 31 + hi + Math.floor(low / WORD)) % WORD;
    this.lo = low % WORD;
  }

  /** An empty text counts for nothing; bytes are C's signed chars. */
  text(bytes: Uint8Array, at: number): void {
    if (bytes[at] === 0) return;
    const inner = new Hash64();
    for (; bytes[at] !== 0; at++) {
      const negative = bytes[at] >= 0x80;
      inner.step(negative ? WORD - 0x100 + bytes[at] : bytes[at], negative ? WORD - 1 : 0);
    }
    this.step(inner.lo, inner.hi);
  }

  add({ lo, hi }: Hash64): void {
    this.step(lo, hi);
  }
}

/** Tells apart types of one name by what they contain. bpftool/btf.c: btf_type_disambig_hash. */
export class ContentHashes {
  /** By id: 1 where the hash is known, and its words. */
  private readonly known: Uint8Array;
  private readonly lows: Uint32Array;
  private readonly highs: Uint32Array;

  constructor(private readonly types: RawTypes) {
    this.known = new Uint8Array(types.count);
    this.lows = new Uint32Array(types.count);
    this.highs = new Uint32Array(types.count);
  }

  /** Order of two types by their hashes. */
  compare(a: number, b: number): number {
    this.settle(a);
    this.settle(b);
    return this.highs[a] - this.highs[b] || this.lows[a] - this.lows[b];
  }

  private settle(id: number): void {
    if (this.known[id]) return;
    const { lo, hi } = this.calculate(id, true);
    this.known[id] = 1;
    this.lows[id] = lo;
    this.highs[id] = hi;
  }

  private calculate(id: number, withMembers: boolean): Hash64 {
    const { types } = this;
    const hash = new Hash64();
    hash.text(types.text, types.nameOffset(id));
    const kind = types.kind(id);
    if (kind === KIND.enum || kind === KIND.enum64)
      types.eachEntry(id, (at) => hash.text(types.text, types.words[at]));
    else if (kind === KIND.struct || kind === KIND.union) {
      if (!withMembers) return hash;
      types.eachEntry(id, (at) => {
        hash.text(types.text, types.words[at]);
        hash.add(this.calculate(types.words[at + 1], false));
      });
    } else this.reference(id, withMembers, hash);
    return hash;
  }

  private reference(id: number, withMembers: boolean, hash: Hash64): void {
    if (this.types.kind(id) === KIND.array) hash.step(this.types.arrayCount(id), 0);
    const target = this.types.referent(id);
    if (target === undefined) return;
    if (withMembers) {
      this.settle(target);
      hash.step(this.lows[target], this.highs[target]);
    } else hash.add(this.calculate(target, false));
  }
}
