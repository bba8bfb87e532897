/** Detaches what was attached; calling it twice is harmless. */
export type Detach = () => void;

/** An ordered set of callbacks that may change while it fires. */
export class Listeners<E> {
  private list: readonly ((event: E) => void)[] = [];

  constructor(private readonly changed: () => void) {}

  get size(): number {
    return this.list.length;
  }

  add(listener: (event: E) => void): Detach {
    this.list = [...this.list, listener];
    this.changed();
    return () => {
      this.list = this.list.filter((other) => other !== listener);
      this.changed();
    };
  }

  /** Fires one after the other until `done` says that it is enough; nobody is asked when it is from the start. */
  fireUntil(event: E, done: () => boolean): void {
    for (const listener of this.list) {
      if (done()) return;
      listener(event);
    }
  }

  fire(event: E): void {
    for (const listener of this.list) listener(event);
  }
}
