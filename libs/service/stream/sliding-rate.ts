const BUCKET_MS = 100;
const BUCKETS = 20;

/** Events per second over the last two seconds. */
export class SlidingRate {
  private readonly counts = new Array<number>(BUCKETS).fill(0);
  /** Number of the newest bucket, counted from time 0. */
  private newest = 0;

  constructor(private readonly now: () => number) {}

  add(count: number): void {
    this.turn();
    this.counts[this.newest % BUCKETS] += count;
  }

  perSecond(): number {
    this.turn();
    const sum = this.counts.reduce((total, count) => total + count, 0);
    return (sum * 1000) / (BUCKETS * BUCKET_MS);
  }

  /** Empties the buckets that time has passed since. */
  private turn(): void {
    const bucket = Math.floor(this.now() / BUCKET_MS);
    const stale = Math.min(bucket - this.newest, BUCKETS);
    for (let i = 0; i < stale; i++) this.counts[(bucket - i) % BUCKETS] = 0;
    this.newest = Math.max(this.newest, bucket);
  }
}
