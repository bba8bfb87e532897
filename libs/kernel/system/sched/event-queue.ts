/** Something due at a virtual time. */
export interface TimedEvent {
  readonly atNs: number;
  /** Order of those due at the same time. */
  readonly seq: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Binary heap of events by (time, order of insertion). */
export class EventQueue {
  private readonly heap: TimedEvent[] = [];
  private seq = 0;

  add(atNs: number, run: () => void): TimedEvent {
    const event: TimedEvent = { atNs, seq: this.seq++, run, cancelled: false };
    this.heap.push(event);
    this.siftUp(this.heap.length - 1);
    return event;
  }

  /** Time of the earliest event, Infinity when there is none. */
  get nextNs(): number {
    while (this.heap.length > 0 && this.heap[0].cancelled) this.removeTop();
    return this.heap.length > 0 ? this.heap[0].atNs : Number.POSITIVE_INFINITY;
  }

  /** Removes and returns the earliest event; call only when {@link nextNs} is finite. */
  pop(): TimedEvent {
    const top = this.heap[0];
    this.removeTop();
    return top;
  }

  private removeTop(): void {
    const last = this.heap.pop()!;
    if (this.heap.length === 0) return;
    this.heap[0] = last;
    this.siftDown();
  }

  private siftUp(index: number): void {
    const { heap } = this;
    const event = heap[index];
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(event, heap[parent])) break;
      heap[index] = heap[parent];
      index = parent;
    }
    heap[index] = event;
  }

  private siftDown(): void {
    const { heap } = this;
    const event = heap[0];
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], event)) break;
      heap[index] = heap[child];
      index = child;
    }
    heap[index] = event;
  }
}

function before(a: TimedEvent, b: TimedEvent): boolean {
  return a.atNs < b.atNs || (a.atNs === b.atNs && a.seq < b.seq);
}
