/** Type ids by hash, in the order in which they were added; each at most once. */
export class TypesByHash {
  private readonly hashes: Int32Array;
  /** First and last id of a bucket, 0 for none. */
  private readonly heads: Uint32Array;
  private readonly tails: Uint32Array;
  /** Next id in the same bucket, 0 for none. */
  private readonly next: Uint32Array;
  private readonly mask: number;

  /** @param count ids are below this */
  constructor(count: number) {
    let buckets = 16;
    while (buckets < count) buckets *= 2;
    this.mask = buckets - 1;
    this.heads = new Uint32Array(buckets);
    this.tails = new Uint32Array(buckets);
    this.next = new Uint32Array(count);
    this.hashes = new Int32Array(count);
  }

  add(id: number, hash: number): void {
    const bucket = this.bucketOf(hash);
    const last = this.tails[bucket];
    if (last === 0) this.heads[bucket] = id;
    else this.next[last] = id;
    this.tails[bucket] = id;
    this.hashes[id] = hash;
  }

  /** First id of a hash, 0 for none. */
  first(hash: number): number {
    return this.withHash(this.heads[this.bucketOf(hash)], hash);
  }

  /** Next id of the same hash, 0 for none. */
  after(id: number): number {
    return this.withHash(this.next[id], this.hashes[id]);
  }

  private withHash(id: number, hash: number): number {
    while (id !== 0 && this.hashes[id] !== hash) id = this.next[id];
    return id;
  }

  /** Low bits of a hash are mostly those of the last word; the others are mixed in. */
  private bucketOf(hash: number): number {
    const mixed = Math.imul(hash, 0x9e37_79b1);
    return (mixed ^ (mixed >>> 15)) & this.mask;
  }
}
