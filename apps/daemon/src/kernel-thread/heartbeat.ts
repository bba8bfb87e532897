const COUNT = 0;
const BUSY = 1;

/** Shows other threads that this one gets on with its work: a count that grows, and whether something is in hand. */
export class Heartbeat {
  private readonly words: Int32Array;
  /** Pieces of work in hand; commands come in between when a slice waits. */
  private depth = 0;

  /** @param buffer two 32-bit words, see `KernelBoot.heartbeat` */
  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
  }

  beat(): void {
    Atomics.add(this.words, COUNT, 1);
  }

  begin(): void {
    this.depth++;
    Atomics.store(this.words, BUSY, 1);
    this.beat();
  }

  end(): void {
    if (--this.depth === 0) Atomics.store(this.words, BUSY, 0);
    this.beat();
  }
}
