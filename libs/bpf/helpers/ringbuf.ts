import { type BpfMap, RingBuffer, ringBaseOf } from '@probed/maps';
import { E, type HelperContext, type HelperFamily } from './helper-context';

/** BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP. */
const WAKEUP_FLAGS = 3;

/** The verifier lets only ring buffers through (check_map_func_compatibility). */
export function asRing(map: BpfMap): RingBuffer {
  if (map instanceof RingBuffer) return map;
  throw new Error(`invariant broken: map ${map.info.name} is no ring buffer`);
}

/** The ring that a reserved record belongs to. */
export function ringOf(c: HelperContext, record: number): RingBuffer {
  const ring = c.maps.ringAt(ringBaseOf(c.memory.u32, record));
  if (!ring) throw new Error(`invariant broken: no ring has a record at offset ${record}`);
  return ring;
}

function output(ring: RingBuffer, data: number, bytes: number, lo: number, hi: number): number {
  return hi !== 0 || lo & ~WAKEUP_FLAGS ? E.INVAL : ring.output(data, bytes, lo);
}

function commit(c: HelperContext, record: number, flags: number, discard: boolean): number {
  ringOf(c, record).commit(record, flags, discard);
  return 0;
}

/** kernel/bpf/ringbuf.c. */
export const RINGBUF_HELPERS: HelperFamily = {
  ringbuf_output: (c, map) => {
    const bound = map && asRing(map);
    return (at, data, bytes, lo, hi) => output(bound ?? asRing(c.map(at)), data, bytes, lo, hi);
  },
  ringbuf_reserve: (c, map) => {
    const bound = map && asRing(map);
    return (at, bytes, lo, hi) => (bound ?? asRing(c.map(at))).reserve(bytes >>> 0, lo | hi);
  },
  ringbuf_submit: (c) => (record, lo) => commit(c, record, lo, false),
  ringbuf_discard: (c) => (record, lo) => commit(c, record, lo, true),
  ringbuf_query: (c, map) => {
    const bound = map && asRing(map);
    return (at, lo, hi) => c.word(hi === 0 ? (bound ?? asRing(c.map(at))).query(lo >>> 0) : 0);
  },
};
