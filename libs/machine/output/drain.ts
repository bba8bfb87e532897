import { assert } from '@probed/base';
import { type BpfMap, PerfEventArray, RingBuffer } from '@probed/maps';
import type { KernelMemory } from '@probed/memory';
import { mergeByTime } from './merge';
import type { Origin, Output } from './record';

/** User space's half of the output maps of one machine: takes records out, in order, and attributes them. */
export class OutputDrain {
  private readonly maps: (RingBuffer | PerfEventArray)[] = [];
  private readonly reportedDrops = new Map<RingBuffer, number>();
  private sequence = 0;

  constructor(private readonly memory: KernelMemory) {}

  /** Begins to consume a map if it is one that emits records. */
  add(map: BpfMap): void {
    if (map instanceof RingBuffer || map instanceof PerfEventArray) this.maps.push(map);
  }

  /** Consumes a map no more. */
  remove(map: BpfMap): void {
    const at = this.maps.indexOf(map as RingBuffer | PerfEventArray);
    if (at < 0) return;
    this.maps.splice(at, 1);
    if (map instanceof RingBuffer) this.reportedDrops.delete(map);
  }

  /** Takes all that is ready; records of different buffers are ordered by the time of their event. */
  drain(deliver: (output: Output) => void): void {
    const buffers: Output[][] = [];
    for (const map of this.maps) {
      if (map instanceof RingBuffer) buffers.push(this.drainRing(map));
      else buffers.push(...this.drainPerf(map));
    }
    for (const output of mergeByTime(buffers, timeOf)) {
      deliver(output.kind === 'record' ? { ...output, sequence: ++this.sequence } : output);
    }
  }

  private drainRing(map: RingBuffer): Output[] {
    const ready: Output[] = [];
    map.consume((offset, bytes, tag) => {
      ready.push(this.record(map, this.memory.copyOut(offset, bytes), tag));
    });
    const known = this.reportedDrops.get(map) ?? 0;
    if (map.droppedRecords > known) {
      ready.push({ kind: 'lost', map: map.info, count: map.droppedRecords - known });
      this.reportedDrops.set(map, map.droppedRecords);
    }
    return ready;
  }

  /** A buffer a CPU. */
  private drainPerf(map: PerfEventArray): Output[][] {
    const buffers: Output[][] = [];
    map.consume((record) => {
      const ready = (buffers[record.cpu] ??= []);
      if (record.kind === 'lost')
        ready.push({ kind: 'lost', map: map.info, count: record.count, cpu: record.cpu });
      else ready.push(this.record(map, this.memory.copyOut(record.offset, record.bytes), record.tag));
    });
    return buffers.filter((ready) => ready !== undefined);
  }

  private record(map: BpfMap, bytes: Uint8Array, tag: unknown): Output {
    assert(tag !== undefined, `a record of ${map.info.name} has no origin`);
    return { kind: 'record', sequence: 0, map: map.info, origin: tag as Origin, bytes };
  }
}

/** What was lost has no time of its own. */
export function timeOf(output: Output): number {
  return output.kind === 'record' ? output.origin.ns : 0;
}
