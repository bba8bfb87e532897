import type { SharedRing } from '@probed/stream';
import type { KernelFrame } from './commands';
import { decodeFrame } from './frame-codec';

export type FrameHandler = (frames: readonly KernelFrame[]) => Promise<void>;

/** Bytes of frames handed over at once. */
const BATCH_BYTES = 256 * 1024;
/** A look without being woken, should a wake-up get lost, ms. */
const WAIT_MS = 1_000;

/** Hands the frames of one ring after the other to a handler; the next come when it has dealt with the ones before. */
export class FrameDelivery {
  private handler: FrameHandler = async () => undefined;
  private last: Promise<void> = Promise.resolve();

  /** @param onFault is told of what the handler throws; the frames concerned are lost */
  constructor(private readonly onFault: (error: unknown) => void) {}

  setHandler(handler: FrameHandler): void {
    this.handler = handler;
  }

  /** Takes frames out of a ring from now on, or as soon as those before it are empty. @returns ends it once it is empty */
  follow(ring: SharedRing): () => void {
    const state = { over: false };
    this.last = this.last.then(() => this.deliver(ring, state));
    return () => {
      state.over = true;
      ring.notify();
    };
  }

  /** Resolves when all rings that are over have been emptied. */
  drained(): Promise<void> {
    return this.last;
  }

  private async deliver(ring: SharedRing, state: { readonly over: boolean }): Promise<void> {
    for (;;) {
      // Asked first: what is written before the end is read after it.
      const { over } = state;
      const frames = ring.read(BATCH_BYTES);
      if (frames.length > 0) {
        try {
          await this.handler(frames.map(decodeFrame));
        } catch (error) {
          this.onFault(error);
        }
      } else if (over) return;
      else await ring.wait(WAIT_MS);
    }
  }
}
