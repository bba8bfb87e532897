import { lo32, writeI64 } from '@probed/base';
import { addressOf, type KernelMemory } from '@probed/memory';
import type { Field } from './struct-table';

const utf8 = new TextEncoder();

/** Writes members of kernel structs by their resolved fields; a field that this kernel lacks is skipped. */
export class StructWriter {
  constructor(readonly memory: KernelMemory) {}

  /** Integer member of 1, 2, 4 or 8 bytes; `value` is a signed or unsigned word. */
  put(base: number, field: Field, value: number): void {
    if (field.offset < 0) return;
    const { view } = this.memory;
    const at = base + field.offset;
    if (field.bytes === 4) view.setUint32(at, lo32(value), true);
    else if (field.bytes === 8) writeI64(view, at, value);
    else if (field.bytes === 2) view.setUint16(at, value & 0xffff, true);
    else if (field.bytes === 1) view.setUint8(at, value & 0xff);
  }

  /** First word of a wider member (an array of unsigned long, a sigset), at 8-byte `index`. */
  putWord(base: number, field: Field, index: number, value: number): void {
    if (field.offset >= 0) writeI64(this.memory.view, base + field.offset + index * 8, value);
  }

  /** Pointer member: the address of another object in linear memory, NULL for offset 0. */
  ptr(base: number, field: Field, target: number): void {
    if (field.offset >= 0) writeI64(this.memory.view, base + field.offset, addressOf(target));
  }

  /** Big-endian member, as network headers and `__be16`/`__be32` fields are. */
  putBe(base: number, field: Field, value: number): void {
    if (field.offset < 0) return;
    const at = base + field.offset;
    if (field.bytes === 2) this.memory.view.setUint16(at, value, false);
    else this.memory.view.setUint32(at, value >>> 0, false);
  }

  /** NUL-padded char array, cut so that a NUL remains. */
  text(base: number, field: Field, value: string): void {
    if (field.offset < 0) return;
    const at = base + field.offset;
    const bytes = utf8.encode(value).subarray(0, field.bytes - 1);
    this.memory.u8.fill(0, at, at + field.bytes);
    this.memory.u8.set(bytes, at);
  }

  bytes(base: number, field: Field, value: Uint8Array): void {
    if (field.offset >= 0) this.memory.u8.set(value.subarray(0, field.bytes), base + field.offset);
  }

  /** A NUL-terminated string in a block of its own; the caller frees it. */
  string(value: string): number {
    const bytes = utf8.encode(value);
    const at = this.memory.alloc(bytes.length + 1);
    this.memory.u8.set(bytes, at);
    return at;
  }
}
