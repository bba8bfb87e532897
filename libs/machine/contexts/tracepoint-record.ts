import type { TracepointField, TracepointFormat } from '@probed/abi';
import { writeI64 } from '@probed/base';
import type { FieldValue } from '@probed/hooks';
import type { KernelMemory } from '@probed/memory';
import { CONTEXT_BYTES } from './context-stack';

const utf8 = new TextEncoder();
const NOTHING = new Uint8Array(0);

/**
 * Lays tracepoint records out as `perf_trace_##call` does (include/trace/perf.h): fixed fields at the offsets of the
 * format file, dynamic data (`__data_loc`, `__rel_loc`) behind them, the whole rounded up to 8 bytes. The first 8 bytes
 * hold the address of the registers, as `perf_trace_run_bpf_submit` leaves them for BPF programs.
 */
export class TracepointRecordWriter {
  private readonly fields: readonly TracepointField[];
  private readonly fixedBytes: number;

  constructor(
    format: TracepointFormat,
    private readonly memory: KernelMemory,
  ) {
    this.fields = format.fields;
    this.fixedBytes = format.recordBytes;
  }

  /** Writes a record at `at`; fields without a value are zero. @returns its size in bytes */
  write(at: number, regs: number, values: Readonly<Record<string, FieldValue>>): number {
    const { u8, view } = this.memory;
    u8.fill(0, at, at + this.fixedBytes);
    writeI64(view, at, regs);
    let end = this.fixedBytes;
    for (const field of this.fields) {
      const value = values[field.name];
      if (field.dataLoc || field.relLoc) end = this.writeDynamic(at, end, field, value ?? NOTHING);
      else if (value !== undefined) this.writeFixed(at + field.offset, field, value);
    }
    return (end + 7) & ~7;
  }

  private writeDynamic(at: number, end: number, field: TracepointField, value: FieldValue): number {
    const bytes = dynamicBytes(field, value).subarray(0, CONTEXT_BYTES - end - 8);
    this.memory.u8.set(bytes, at + end);
    const from = field.relLoc ? end - field.offset - field.size : end;
    this.memory.view.setUint32(at + field.offset, from | (bytes.length << 16), true);
    return end + bytes.length;
  }

  private writeFixed(at: number, field: TracepointField, value: FieldValue): void {
    if (typeof value === 'number') writeWord(this.memory.view, at, field.size, value);
    else if (typeof value === 'string') this.writeText(at, field.size, value);
    else if (value instanceof Uint8Array) this.memory.u8.set(value.subarray(0, field.size), at);
    else this.writeWords(at, field, value);
  }

  /** A `char[]` field: cut to fit, always terminated, zero-filled. */
  private writeText(at: number, size: number, text: string): void {
    this.memory.u8.set(utf8.encode(text).subarray(0, size - 1), at);
  }

  private writeWords(at: number, field: TracepointField, words: readonly number[]): void {
    const count = field.arrayLength || words.length;
    const size = Math.floor(field.size / count) || 8;
    for (let i = 0; i < words.length && (i + 1) * size <= field.size; i++) {
      writeWord(this.memory.view, at + i * size, size, words[i]);
    }
  }
}

/** Bytes of a dynamic field: text with its NUL, bytes as they are, words by the element's C type. */
function dynamicBytes(field: TracepointField, value: FieldValue): Uint8Array {
  if (typeof value === 'string') return utf8.encode(`${value}\0`);
  if (value instanceof Uint8Array) return value;
  const words = typeof value === 'number' ? [value] : value;
  const size = elementBytes(field.type);
  const bytes = new Uint8Array(words.length * size);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    writeWord(view, i * size, size, word);
  });
  return bytes;
}

/** Sizes of the element types that dynamic arrays of 6.18's tracepoints have; all others are 8 bytes. */
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  char: 1,
  u8: 1,
  __u8: 1,
  'unsigned char': 1,
  u16: 2,
  __u16: 2,
  u32: 4,
  __u32: 4,
  int: 4,
  'unsigned int': 4,
};

function elementBytes(type: string): number {
  return ELEMENT_BYTES[type] ?? 8;
}

function writeWord(view: DataView, at: number, size: number, word: number): void {
  if (size === 8) writeI64(view, at, word);
  else if (size === 4) view.setUint32(at, word >>> 0, true);
  else if (size === 2) view.setUint16(at, word & 0xffff, true);
  else view.setUint8(at, word & 0xff);
}
