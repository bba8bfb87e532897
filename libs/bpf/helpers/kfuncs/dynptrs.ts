import { DYNPTR_BYTES, type Dynptr, isOutside, narrowDynptr, readDynptr, setNullDynptr } from '../dynptr';
import { E, type HelperContext, type HelperFamily, type HelperMaker } from '../helper-context';
import { UnsafeMemory } from '../user-memory';

/** bpf_dynptr_adjust. */
function adjust(c: HelperContext, at: number, start: number, end: number): number {
  const { data, size } = readDynptr(c, at);
  if (data === 0 || start > end) return E.INVAL;
  if (start > size || end > size) return E.RANGE;
  narrowDynptr(c, at, start, end);
  return 0;
}

/** bpf_dynptr_clone. */
function clone(c: HelperContext, from: number, to: number): number {
  if (readDynptr(c, from).data === 0) {
    setNullDynptr(c, to);
    return E.INVAL;
  }
  c.memory.u8.copyWithin(to, from, from + DYNPTR_BYTES);
  return 0;
}

function size(c: HelperContext, at: number): number {
  const pointer = readDynptr(c, at);
  return pointer.data === 0 ? E.INVAL : pointer.size;
}

/** bpf_dynptr_slice: memory is in one piece here, so that the buffer is never needed. */
function slice(c: HelperContext, at: number, offset: number, bytes: number, write: boolean): number {
  const pointer = readDynptr(c, at);
  if (pointer.data === 0 || (write && pointer.readOnly) || isOutside(pointer, offset, bytes)) return 0;
  return pointer.data + offset;
}

/** What keeps bytes from being written; 0 when nothing does. */
function writeFault(pointer: Dynptr, offset: number, bytes: number): number {
  if (pointer.data === 0 || pointer.readOnly) return E.INVAL;
  return isOutside(pointer, offset, bytes) ? E.TOO_BIG : 0;
}

/** bpf_dynptr_copy. */
function copy(
  c: HelperContext,
  toAt: number,
  toOffset: number,
  fromAt: number,
  fromOffset: number,
  bytes: number,
): number {
  const [to, from] = [readDynptr(c, toAt), readDynptr(c, fromAt)];
  if (to.data === 0 || from.data === 0 || to.readOnly) return E.INVAL;
  if (isOutside(to, toOffset, bytes) || isOutside(from, fromOffset, bytes)) return E.TOO_BIG;
  const start = from.data + fromOffset;
  c.memory.u8.copyWithin(to.data + toOffset, start, start + bytes);
  return 0;
}

/** bpf_dynptr_memset. */
function fill(c: HelperContext, at: number, offset: number, bytes: number, value: number): number {
  const pointer = readDynptr(c, at);
  const fault = writeFault(pointer, offset, bytes);
  if (fault) return fault;
  c.memory.u8.fill(value & 0xff, pointer.data + offset, pointer.data + offset + bytes);
  return 0;
}

/** bpf_probe_read_kernel_dynptr and bpf_probe_read_user_dynptr; on a fault the bytes are cleared. */
function reader(read: 'copyKernel' | 'copyUser'): HelperMaker {
  return (c) => {
    const unsafe = new UnsafeMemory(c);
    return (at, offset, bytes, lo, hi) => {
      const pointer = readDynptr(c, at);
      const fault = writeFault(pointer, offset >>> 0, bytes >>> 0);
      if (fault) return fault;
      const to = pointer.data + (offset >>> 0);
      const result = unsafe[read](to, bytes >>> 0, lo, hi);
      if (result < 0) c.memory.u8.fill(0, to, to + (bytes >>> 0));
      return result;
    };
  };
}

/** kernel/bpf/helpers.c, kernel/trace/bpf_trace.c. */
export const DYNPTR_KFUNCS: HelperFamily = {
  bpf_dynptr_adjust: (c) => (at, start, end) => adjust(c, at, start >>> 0, end >>> 0),
  bpf_dynptr_clone: (c) => (from, to) => clone(c, from, to),
  bpf_dynptr_copy: (c) => (to, toOffset, from, fromOffset, bytes) =>
    copy(c, to, toOffset >>> 0, from, fromOffset >>> 0, bytes >>> 0),
  bpf_dynptr_is_null: (c) => (at) => (readDynptr(c, at).data === 0 ? 1 : 0),
  bpf_dynptr_is_rdonly: (c) => (at) => {
    const pointer = readDynptr(c, at);
    return pointer.data !== 0 && pointer.readOnly ? 1 : 0;
  },
  bpf_dynptr_memset: (c) => (at, offset, bytes, value) => fill(c, at, offset >>> 0, bytes >>> 0, value),
  bpf_dynptr_size: (c) => (at) => size(c, at),
  bpf_dynptr_slice: (c) => (at, offset, _buffer, bytes) => slice(c, at, offset >>> 0, bytes >>> 0, false),
  bpf_dynptr_slice_rdwr: (c) => (at, offset, _buffer, bytes) => slice(c, at, offset >>> 0, bytes >>> 0, true),
  bpf_probe_read_kernel_dynptr: reader('copyKernel'),
  bpf_probe_read_user_dynptr: reader('copyUser'),
};
