import type { SizedItem } from './frames';

/** Taken items stay in the array until this many have gathered at its head. */
const COMPACT_AT = 1_024;

/** A queue of items, oldest first, that drops its oldest when it is full. */
export class BoundedQueue {
  private items: (SizedItem | undefined)[] = [];
  private head = 0;
  private byteCount = 0;

  constructor(
    readonly itemsMax: number,
    readonly bytesMax: number,
  ) {}

  get length(): number {
    return this.items.length - this.head;
  }

  get bytes(): number {
    return this.byteCount;
  }

  /** @returns how many old items had to go for it; the newest always stays */
  push(item: SizedItem): number {
    this.items.push(item);
    this.byteCount += item.bytes;
    let dropped = 0;
    while (this.length > 1 && (this.length > this.itemsMax || this.byteCount > this.bytesMax)) {
      this.shift();
      dropped++;
    }
    return dropped;
  }

  /** Takes the oldest: at most `itemsMax`, and no more than `bytesMax` unless the first alone is larger. */
  take(itemsMax: number, bytesMax: number): SizedItem[] {
    const taken: SizedItem[] = [];
    let bytes = 0;
    while (this.length > 0 && taken.length < itemsMax) {
      bytes += this.items[this.head]?.bytes ?? 0;
      if (taken.length > 0 && bytes > bytesMax) break;
      taken.push(this.shift());
    }
    return taken;
  }

  clear(): void {
    this.items = [];
    this.head = 0;
    this.byteCount = 0;
  }

  private shift(): SizedItem {
    const item = this.items[this.head] as SizedItem;
    this.items[this.head++] = undefined;
    this.byteCount -= item.bytes;
    if (this.head >= COMPACT_AT && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }
}
