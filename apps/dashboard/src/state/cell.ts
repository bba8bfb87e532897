import { useEffect, useState } from 'preact/hooks';

/** A value that views can watch. */
export class Cell<T> {
  private readonly watchers = new Set<() => void>();

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  set(value: T): void {
    if (Object.is(value, this.current)) return;
    this.current = value;
    for (const watcher of [...this.watchers]) watcher();
  }

  /** @returns a function that ends it */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}

/** The value of a cell; the component renders again when it changes. */
export function useCell<T>(cell: Cell<T>): T {
  const [, render] = useState(0);
  useEffect(() => {
    const seen = cell.value;
    const stop = cell.watch(() => render((n) => n + 1));
    // It may have changed between the render and this effect.
    if (!Object.is(seen, cell.value)) render((n) => n + 1);
    return stop;
  }, [cell]);
  return cell.value;
}
