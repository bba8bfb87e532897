import type { KernelFrame } from '../kernel/commands';
import { type CollectedOutput, OutputCollection } from './output-collection';
import type { OutputSink } from './output-sink';

interface Route {
  readonly sink: OutputSink;
  /** It was waited for in vain; it is waited for again once it has taken what it had. */
  slow: boolean;
}

/** How long all that comes from the kernel thread waits for one slow client. */
const PATIENCE_MS = 50;

/** Takes the output of exec sessions to who wants it. */
export class ExecOutputs {
  private readonly routes = new Map<string, Route>();

  /** @param now ms, monotonic */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** To be called before the session starts. @returns what takes the sink away */
  open(session: string, sink: OutputSink): () => void {
    const route = { sink, slow: false };
    this.routes.set(session, route);
    return () => {
      if (this.routes.get(session) === route) this.routes.delete(session);
    };
  }

  /**
   * Gathers all that a session writes, to be called before it starts. `done` rejects with ThreadUnavailable when the
   * emulated kernel goes away under it, and settles in no way after `cancel`.
   */
  collect(session: string): { readonly done: Promise<CollectedOutput>; cancel(): void } {
    const done = new Promise<CollectedOutput>((resolve, reject) => {
      this.open(session, new OutputCollection(resolve, reject));
    });
    // Whoever cancels does not wait for it.
    done.catch(() => undefined);
    return { done, cancel: () => void this.routes.delete(session) };
  }

  /** Resolves at once, or after a moment when a client has much to take yet. */
  async deliver(frames: readonly KernelFrame[]): Promise<void> {
    for (const frame of frames) {
      if (frame.type === 'output') {
        const route = this.routes.get(frame.session);
        route?.sink.output(frame.stream, frame.bytes);
        if (route) await this.room(route);
      } else if (frame.type === 'exit') {
        const route = this.routes.get(frame.session);
        this.routes.delete(frame.session);
        route?.sink.exit(frame.exit_code, frame.error);
      }
    }
  }

  /** The emulated kernel is gone, and all sessions with it. */
  loseAll(reason: string): void {
    const routes = [...this.routes.values()];
    this.routes.clear();
    for (const { sink } of routes) sink.lost(reason);
  }

  private async room(route: Route): Promise<void> {
    const { sink } = route;
    if (sink.crowded && !route.slow) {
      const end = this.now() + PATIENCE_MS;
      while (sink.crowded && this.now() < end) await new Promise(setImmediate);
    }
    route.slow = sink.crowded;
  }
}
