import { readI64, writeI64 } from '@probed/base';
import { type BpfMap, type RingBuffer } from '@probed/maps';
import { addressOf, offsetOf } from '@probed/memory';
import { E, type HelperContext, type HelperFamily } from './helper-context';
import { asRing, ringOf } from './ringbuf';

/** `struct bpf_dynptr_kern`: u64 data, u32 size with type and flags in its high bits, u32 offset. */
const SIZE_AT = 8;
const OFFSET_AT = 12;
export const DYNPTR_BYTES = 16;

const SIZE_MASK = 0xff_ffff;
const TYPE_SHIFT = 28;
const RDONLY = 0x8000_0000;
/** enum bpf_dynptr_type. */
const TYPE_LOCAL = 1;
const TYPE_RINGBUF = 2;

/** A dynamic pointer in linear memory. */
export interface Dynptr {
  /** Offset of the data it shows, past its own offset; 0 when it is null. */
  readonly data: number;
  readonly size: number;
  readonly readOnly: boolean;
}

export function readDynptr(c: HelperContext, at: number): Dynptr {
  const { view } = c.memory;
  const base = offsetOf(readI64(view, at));
  const size = view.getUint32(at + SIZE_AT, true);
  return {
    data: base <= 0 ? 0 : base + view.getUint32(at + OFFSET_AT, true),
    size: size & SIZE_MASK,
    readOnly: (size & RDONLY) !== 0,
  };
}

function init(c: HelperContext, at: number, data: number, size: number, type: number): void {
  const { view } = c.memory;
  writeI64(view, at, addressOf(data));
  view.setUint32(at + SIZE_AT, (size | (type << TYPE_SHIFT)) >>> 0, true);
  view.setUint32(at + OFFSET_AT, 0, true);
}

export function setNullDynptr(c: HelperContext, at: number): void {
  c.memory.u8.fill(0, at, at + DYNPTR_BYTES);
}

/** Takes `start` bytes off the front and keeps what is left up to `end`. */
export function narrowDynptr(c: HelperContext, at: number, start: number, end: number): void {
  const { view } = c.memory;
  const flags = view.getUint32(at + SIZE_AT, true) & ~SIZE_MASK;
  view.setUint32(at + OFFSET_AT, view.getUint32(at + OFFSET_AT, true) + start, true);
  view.setUint32(at + SIZE_AT, (flags | (end - start)) >>> 0, true);
}

/** bpf_dynptr_check_off_len. */
export function isOutside(pointer: Dynptr, offset: number, bytes: number): boolean {
  return bytes > pointer.size || offset > pointer.size - bytes;
}

/** bpf_dynptr_from_mem. */
function fromMemory(c: HelperContext, data: number, size: number, flags: number, at: number): number {
  const fault = size > SIZE_MASK ? E.TOO_BIG : flags === 0 ? 0 : E.INVAL;
  if (fault) setNullDynptr(c, at);
  else init(c, at, data, size, TYPE_LOCAL);
  return fault;
}

/** bpf_dynptr_read. */
function readFrom(
  c: HelperContext,
  dst: number,
  bytes: number,
  at: number,
  offset: number,
  flags: number,
): number {
  const pointer = readDynptr(c, at);
  if (pointer.data === 0 || flags !== 0) return E.INVAL;
  if (isOutside(pointer, offset, bytes)) return E.TOO_BIG;
  c.memory.u8.copyWithin(dst, pointer.data + offset, pointer.data + offset + bytes);
  return 0;
}

/** bpf_dynptr_write. */
function writeTo(
  c: HelperContext,
  at: number,
  offset: number,
  src: number,
  bytes: number,
  flags: number,
): number {
  const pointer = readDynptr(c, at);
  if (pointer.data === 0 || pointer.readOnly) return E.INVAL;
  if (isOutside(pointer, offset, bytes)) return E.TOO_BIG;
  if (flags !== 0) return E.INVAL;
  c.memory.u8.copyWithin(pointer.data + offset, src, src + bytes);
  return 0;
}

/** bpf_dynptr_data. @returns offset of a slice of `bytes` bytes, 0 when it is not all there */
function slice(c: HelperContext, at: number, offset: number, bytes: number): number {
  const pointer = readDynptr(c, at);
  if (pointer.data === 0 || pointer.readOnly || isOutside(pointer, offset, bytes)) return 0;
  return pointer.data + offset;
}

/** bpf_ringbuf_reserve_dynptr: the pointer must be submitted or discarded even when it is null. */
function reserve(c: HelperContext, ring: RingBuffer, size: number, flags: number, at: number): number {
  const fault = flags !== 0 ? E.INVAL : size > SIZE_MASK ? E.TOO_BIG : 0;
  const record = fault ? 0 : ring.reserve(size, 0);
  if (record === 0) setNullDynptr(c, at);
  else init(c, at, record, size, TYPE_RINGBUF);
  return fault || (record === 0 ? E.INVAL : 0);
}

function finish(c: HelperContext, at: number, flags: number, discard: boolean): number {
  const { data } = readDynptr(c, at);
  if (data === 0) return 0;
  ringOf(c, data).commit(data, flags, discard);
  setNullDynptr(c, at);
  return 0;
}

function ringFor(c: HelperContext, map: BpfMap | undefined, at: number): RingBuffer {
  return asRing(map ?? c.map(at));
}

/** kernel/bpf/helpers.c, kernel/bpf/ringbuf.c. */
export const DYNPTR_HELPERS: HelperFamily = {
  dynptr_from_mem: (c) => (data, size, lo, hi, at) => fromMemory(c, data, size >>> 0, lo | hi, at),
  dynptr_read: (c) => (dst, bytes, at, offset, lo, hi) =>
    readFrom(c, dst, bytes >>> 0, at, offset >>> 0, lo | hi),
  dynptr_write: (c) => (at, offset, src, bytes, lo, hi) =>
    writeTo(c, at, offset >>> 0, src, bytes >>> 0, lo | hi),
  dynptr_data: (c) => (at, offset, bytes) => slice(c, at, offset >>> 0, bytes >>> 0),
  ringbuf_reserve_dynptr: (c, map) => (ring, size, lo, hi, at) =>
    reserve(c, ringFor(c, map, ring), size >>> 0, lo | hi, at),
  ringbuf_submit_dynptr: (c) => (at, lo) => finish(c, at, lo, false),
  ringbuf_discard_dynptr: (c) => (at, lo) => finish(c, at, lo, true),
};
