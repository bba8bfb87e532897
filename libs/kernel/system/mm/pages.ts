import type { KernelMemory } from '@probed/memory';

/** Reference counts of user pages that more than one address space maps. */
export class SharedPages {
  private readonly extra = new Map<number, number>();

  constructor(private readonly memory: KernelMemory) {}

  share(page: number): void {
    this.extra.set(page, (this.extra.get(page) ?? 0) + 1);
  }

  shared(page: number): boolean {
    return this.extra.size > 0 && this.extra.has(page);
  }

  /** Gives one reference up; the last one frees the page. */
  drop(page: number): void {
    const extra = this.extra.get(page);
    if (extra === undefined) this.memory.free(page);
    else if (extra === 1) this.extra.delete(page);
    else this.extra.set(page, extra - 1);
  }
}
