import { writeI64 } from '@probed/base';
import { type BpfMap, PerfEventArray } from '@probed/maps';
import { E, type HelperContext, type HelperFamily } from './helper-context';
import type { PerfValue } from './kernel-services';
import type { Packet } from './packet/packet-table';

/** `struct bpf_perf_event_value`: u64 counter, enabled, running. */
const PERF_VALUE_BYTES = 24;
const BPF_F_GET_BRANCH_RECORDS_SIZE = 1;
const BPF_F_CURRENT_CPU = 0xffff_ffff;

function asPerfArray(map: BpfMap): PerfEventArray {
  if (map instanceof PerfEventArray) return map;
  throw new Error(`invariant broken: map ${map.info.name} is no perf event array`);
}

/**
 * kernel/trace/bpf_trace.c: get_map_perf_counter. Arrays hold output buffers only, no counters, so that a lawful index
 * has no event.
 */
function counterFault(c: HelperContext, map: BpfMap, lo: number, hi: number): number {
  if (hi !== 0) return E.INVAL;
  const index = lo >>> 0 === BPF_F_CURRENT_CPU ? c.services.cpu() : lo >>> 0;
  return index >= map.info.maxEntries ? E.TOO_BIG : E.NOENT;
}

function writeValue(c: HelperContext, buf: number, value: PerfValue): number {
  const { view } = c.memory;
  writeI64(view, buf, value.counter);
  writeI64(view, buf + 8, value.enabled);
  writeI64(view, buf + 16, value.running);
  return 0;
}

/** kernel/trace/bpf_trace.c: bpf_perf_prog_read_value. */
function progReadValue(c: HelperContext, buf: number, size: number): number {
  const value = size === PERF_VALUE_BYTES ? c.services.run().perfValue?.() : undefined;
  if (value) return writeValue(c, buf, value);
  c.memory.u8.fill(0, buf, buf + size);
  return E.INVAL;
}

/** BPF_F_CTXLEN_MASK, the high half of it. */
const CONTEXT_BYTES_MASK = 0xf_ffff;

/** net/core/filter.c: bpf_skb_event_output, bpf_xdp_event_output: a record and bytes of the packet behind it. */
function outputPacket(
  c: HelperContext,
  array: PerfEventArray,
  packet: Packet,
  [lo, packetBytes]: readonly [number, number],
  data: number,
  bytes: number,
): number {
  if (packetBytes & ~CONTEXT_BYTES_MASK) return E.INVAL;
  if (packetBytes > packet.len) return E.FAULT;
  const { memory } = c;
  const record = memory.alloc(bytes + packetBytes);
  try {
    memory.u8.copyWithin(record, data, data + bytes);
    memory.u8.copyWithin(record + bytes, packet.data, packet.data + packetBytes);
    return array.output(lo, 0, record, bytes + packetBytes);
  } finally {
    memory.free(record);
  }
}

/** kernel/trace/bpf_trace.c. */
export const PERF_EVENT_HELPERS: HelperFamily = {
  perf_event_output: (c, map) => {
    const bound = map && asPerfArray(map);
    return (ctx, at, lo, hi, data, bytes) => {
      const array = bound ?? asPerfArray(c.map(at));
      const packet = hi === 0 ? undefined : c.services.packets?.at(ctx);
      if (packet) return outputPacket(c, array, packet, [lo, hi], data, bytes >>> 0);
      return array.output(lo, hi, data, bytes >>> 0);
    };
  },
  perf_event_read: (c, map) => (at, lo, hi) => c.word(counterFault(c, map ?? c.map(at), lo, hi)),
  perf_event_read_value: (c, map) => (at, lo, hi, buf, size) => {
    c.memory.u8.fill(0, buf, buf + size);
    return size === PERF_VALUE_BYTES ? counterFault(c, map ?? c.map(at), lo, hi) : E.INVAL;
  },
  perf_prog_read_value: (c) => (_ctx, buf, size) => progReadValue(c, buf, size),
  /** Samples are taken without branch stacks. */
  read_branch_records: () => (_ctx, _buf, _size, lo, hi) =>
    hi !== 0 || lo & ~BPF_F_GET_BRANCH_RECORDS_SIZE ? E.INVAL : E.NOENT,
  /** The emulated CPUs have no branch records. */
  get_branch_snapshot: () => (_buf, _size, lo, hi) => (lo !== 0 || hi !== 0 ? E.INVAL : E.NOENT),
};
