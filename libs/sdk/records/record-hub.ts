import type { Machine as CoreMachine } from '@probed/machine';
import type { MapInfo } from '@probed/spec';
import { outOfContext } from '@probed/system';
import { RecordQueue } from './record-queue';

/** Takes records out of the output maps of one machine and hands them to each map's queue. */
export class RecordHub {
  private readonly queues = new Map<MapInfo, RecordQueue>();

  constructor(private readonly machine: CoreMachine) {}

  queue(map: MapInfo): RecordQueue {
    let queue = this.queues.get(map);
    if (!queue) this.queues.set(map, (queue = new RecordQueue()));
    return queue;
  }

  /** Takes what programs have emitted up to now. */
  pump(): void {
    this.machine.drain((output) => this.queues.get(output.map)?.take(output));
    this.notify();
  }

  /** The same, if somebody waits for records: without a reader they stay in their buffers, which can overflow. */
  pumpForReaders(): void {
    for (const { listeners } of this.queues.values()) {
      if (listeners.size === 0) continue;
      this.pump();
      return;
    }
  }

  /** Lets time pass with a reader that polls; also from within an event that is being fired. */
  run(durationNs: number): void {
    const { kernel } = this.machine;
    outOfContext(kernel, () => {
      this.machine.run(durationNs, (output) => this.queues.get(output.map)?.take(output));
    });
    this.notify();
  }

  forget(map: MapInfo): void {
    this.queues.get(map)?.close();
    this.queues.delete(map);
  }

  close(): void {
    for (const queue of this.queues.values()) queue.close();
    this.queues.clear();
  }

  private notify(): void {
    for (const queue of this.queues.values()) if (queue.size > 0) queue.notify();
  }
}
