import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WireRecord } from '@probed/protocol';
import { filter, firstValueFrom } from 'rxjs';
import type { KernelFrame, LoadObject } from '../commands';
import { KernelClient, type KernelClientOptions, type KernelState } from '../kernel-client';

const EXAMPLES = join(__dirname, '../../../../../examples');

/** Quick to give up, so that tests need not wait. */
export const QUICK: KernelClientOptions = {
  watchdog: { busyMs: 200, hangMs: 1_200, loadHangMs: 20_000, checkMs: 25 },
  restart: { delaysMs: [0, 50], failedAfter: 3, failedDelayMs: 400 },
};

export function exampleBytes(name: string): Uint8Array {
  return readFileSync(join(EXAMPLES, name.includes('/') ? `${name}.bpf.o` : `${name}/${name}.bpf.o`));
}

/** What loads an example: object 7, its programs from 70, maps from 700, links from 7000. */
export function loadOf(name: string, more: Partial<LoadObject> = {}): LoadObject {
  const ids = { object_id: 7, first_program_id: 70, first_map_id: 700, first_link_id: 7_000 };
  return { name, bytes: exampleBytes(name), ...ids, options: { attach: true }, ...more };
}

/** A client whose frames are kept. */
export class Harness {
  readonly client: KernelClient;
  readonly frames: KernelFrame[] = [];
  /** What the handler of frames waits for. */
  gate: Promise<void> = Promise.resolve();
  private arrived: (() => void)[] = [];

  constructor(options: KernelClientOptions = QUICK) {
    this.client = new KernelClient(options);
    this.client.consume(async (frames) => {
      await this.gate;
      this.frames.push(...frames);
      for (const look of this.arrived.splice(0)) look();
    });
  }

  get records(): WireRecord[] {
    return this.frames.flatMap((frame) => (frame.type === 'record' ? [frame.record] : []));
  }

  /** Waits for frames until there is what `look` wants. */
  async until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.arrived.push(resolve);
      });
    }
  }

  /** The next time that the state is this. */
  state(wanted: KernelState['state']): Promise<KernelState> {
    return firstValueFrom(this.client.changes.pipe(filter(({ state }) => state === wanted)));
  }
}
