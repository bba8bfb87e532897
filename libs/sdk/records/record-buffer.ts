import type { OutputRecord } from '@probed/machine';
import { Observable } from 'rxjs';
import type { Any } from '../values/value';
import type { EventRecord } from './record';
import type { RecordHub } from './record-hub';
import type { RecordQueue } from './record-queue';

/** @internal How a buffer gets at its records. */
export interface BufferAccess {
  readonly hub: RecordHub;
  readonly queue: RecordQueue;
  decode(record: OutputRecord): EventRecord<Any>;
}

/** What a reader of records may say. */
export interface ReadOptions {
  /** End after so many. */
  max?: number;
  /** End when it is aborted. */
  signal?: AbortSignal;
}

const accesses = new WeakMap<object, BufferAccess>();

function accessOf(buffer: object): BufferAccess {
  return accesses.get(buffer)!;
}

/**
 * User space's end of a ring buffer or perf event array.
 *
 * Records stay in the kernel's buffer until they are read, as on Linux, where a full one refuses records and counts
 * them ({@link lost}). While an iterator or a subscription waits, and while virtual time passes, they are taken out by
 * themselves.
 */
export class RecordBuffer<T = Any> implements AsyncIterable<EventRecord<T>> {
  /** @internal */
  static of(name: string, access: BufferAccess): RecordBuffer {
    const buffer = new RecordBuffer(name);
    accesses.set(buffer, access);
    return buffer;
  }

  private constructor(
    /** The map's name. */
    readonly name: string,
  ) {}

  /** All records up to now, in order of their events; each record is handed out once. */
  drain(): EventRecord<T>[] {
    const { hub, queue, decode } = accessOf(this);
    hub.pump();
    const records: EventRecord<T>[] = [];
    for (let record = queue.shift(); record; record = queue.shift()) records.push(decode(record));
    return records;
  }

  /** {@link drain}, and of each record only its value. */
  values(): T[] {
    return this.drain().map(({ value }) => value);
  }

  /** Records that the buffer could not take, up to now. */
  get lost(): number {
    const { hub, queue } = accessOf(this);
    hub.pump();
    return queue.lost;
  }

  /**
   * Records as they come, those that are there already first. It waits where there are none, and ends with the
   * collection or the machine: fire events before you wait for their records, or say how many you want.
   */
  async *records(options: ReadOptions = {}): AsyncGenerator<EventRecord<T>, void, undefined> {
    const { max = Number.POSITIVE_INFINITY, signal } = options;
    const { hub, queue, decode } = accessOf(this);
    for (let count = 0; count < max; count++) {
      if (queue.size === 0 && !queue.closed) hub.pump();
      const record = queue.shift() ?? (await nextRecord(queue, signal));
      if (!record) return;
      yield decode(record);
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<EventRecord<T>, void, undefined> {
    return this.records();
  }

  /** Records as they come from the moment of subscription; completes with the collection or the machine. */
  get records$(): Observable<EventRecord<T>> {
    const { hub, queue, decode } = accessOf(this);
    return new Observable<EventRecord<T>>((subscriber) => {
      const listener = () => {
        for (let record = queue.shift(); record; record = queue.shift()) subscriber.next(decode(record));
        if (queue.closed) subscriber.complete();
      };
      queue.listeners.add(listener);
      if (!queue.closed) hub.pump();
      listener();
      return () => queue.listeners.delete(listener);
    });
  }
}

/** The next record; undefined when there will be none. */
function nextRecord(queue: RecordQueue, signal: AbortSignal | undefined): Promise<OutputRecord | undefined> {
  return new Promise((resolve) => {
    const settle = () => {
      const record = signal?.aborted ? undefined : queue.shift();
      if (!record && !queue.closed && !signal?.aborted) return;
      queue.listeners.delete(settle);
      signal?.removeEventListener('abort', settle);
      resolve(record);
    };
    queue.listeners.add(settle);
    signal?.addEventListener('abort', settle);
    settle();
  });
}
