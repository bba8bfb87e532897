import { assert } from '@probed/base';
import { type BpfMap, PerfEventArray, RingBuffer } from '@probed/maps';
import type { KernelMemory } from '@probed/memory';
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

  /** Takes all that is ready; records of different buffers are ordered by the time of their event. */
  drain(deliver: (output: Output) => void): void {
    const ready: Output[] = [];
    for (const map of this.maps) {
      if (map instanceof RingBuffer) this.drainRing(map, ready);
      else this.drainPerf(map, ready);
    }
    ready.sort((a, b) => timeOf(a) - timeOf(b));
    for (const output of ready) {
      deliver(output.kind === 'record' ? { ...output, sequence: ++this.sequence } : output);
    }
  }

  private drainRing(map: RingBuffer, ready: Output[]): void {
    map.consume((offset, bytes, tag) => {
      ready.push(this.record(map, this.memory.copyOut(offset, bytes), tag));
    });
    const known = this.reportedDrops.get(map) ?? 0;
    if (map.droppedRecords > known) {
      ready.push({ kind: 'lost', map: map.info, count: map.droppedRecords - known });
      this.reportedDrops.set(map, map.droppedRecords);
    }
  }

  private drainPerf(map: PerfEventArray, ready: Output[]): void {
    map.consume((record) => {
      if (record.kind === 'lost')
        ready.push({ kind: 'lost', map: map.info, count: record.count, cpu: record.cpu });
      else ready.push(this.record(map, this.memory.copyOut(record.offset, record.bytes), record.tag));
    });
  }

  private record(map: BpfMap, bytes: Uint8Array, tag: unknown): Output {
    assert(tag !== undefined, `a record of ${map.info.name} has no origin`);
    return { kind: 'record', sequence: 0, map: map.info, origin: tag as Origin, bytes };
  }
}

function timeOf(output: Output): number {
  return output.kind === 'record' ? output.origin.ns : Number.POSITIVE_INFINITY;
}
