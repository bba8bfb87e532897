import { joinI64, lo32, writeI64 } from '@probed/base';
import { PAGE_BYTES } from '@probed/memory';
import type { Kernel } from '../kernel';
import type { AddressSpace } from './address-space';

const utf8 = new TextEncoder();
const decoder = new TextDecoder();

/** Calls `piece` for each part of [address, address + bytes) that lies in one page; false on an unmapped one. */
function eachPage(
  address: number,
  bytes: number,
  locate: (address: number) => number,
  piece: (at: number, done: number, length: number) => void,
): boolean {
  let done = 0;
  while (done < bytes) {
    const here = address + done;
    const at = locate(here);
    if (at < 0) return false;
    const length = Math.min(bytes - done, PAGE_BYTES - (at % PAGE_BYTES));
    piece(at, done, length);
    done += length;
  }
  return true;
}

/** Where bytes to be written come from: a user address, or bytes that the kernel holds (sendfile). */
export type Source = number | Uint8Array;

/** `copy_from_user` and `copy_to_user`: access to a task's memory on behalf of the kernel or of the task itself. */
export class UserMemory {
  constructor(private readonly k: Kernel) {}

  /** From user memory into linear memory. @param touch whether missing pages are faulted in */
  copyIn(mm: AddressSpace, address: number, dst: number, bytes: number, touch: boolean): boolean {
    const { memory } = this.k;
    return eachPage(
      address,
      bytes,
      (at) => mm.readAt(at, touch),
      (at, done, length) => memory.u8.copyWithin(dst + done, at, at + length),
    );
  }

  copyOut(mm: AddressSpace, address: number, src: number, bytes: number, touch: boolean): boolean {
    const { memory } = this.k;
    return eachPage(
      address,
      bytes,
      (at) => mm.writeAt(at, touch),
      (at, done, length) => memory.u8.copyWithin(at, src + done, src + done + length),
    );
  }

  read(mm: AddressSpace, address: number, bytes: number): Uint8Array | undefined {
    return this.gather(mm, address, bytes, true);
  }

  /** As {@link read}, though missing pages stay missing: undefined when there are some. */
  peek(mm: AddressSpace, address: number, bytes: number): Uint8Array | undefined {
    return this.gather(mm, address, bytes, false);
  }

  private gather(mm: AddressSpace, address: number, bytes: number, touch: boolean): Uint8Array | undefined {
    const out = new Uint8Array(bytes);
    const { memory } = this.k;
    const whole = eachPage(
      address,
      bytes,
      (at) => mm.readAt(at, touch),
      (at, done, length) => out.set(memory.u8.subarray(at, at + length), done),
    );
    return whole ? out : undefined;
  }

  /** Part of a source of the current task; undefined on -EFAULT. */
  fetch(source: Source, offset: number, bytes: number): Uint8Array | undefined {
    if (typeof source !== 'number') return source.subarray(offset, offset + bytes);
    const { mm } = this.k.task;
    return mm && this.read(mm, source + offset, bytes);
  }

  write(mm: AddressSpace, address: number, data: Uint8Array): boolean {
    const { memory } = this.k;
    return eachPage(
      address,
      data.length,
      (at) => mm.writeAt(at, true),
      (at, done, length) => memory.u8.set(data.subarray(done, done + length), at),
    );
  }

  fill(mm: AddressSpace, address: number, bytes: number, value: number): boolean {
    const { memory } = this.k;
    return eachPage(
      address,
      bytes,
      (at) => mm.writeAt(at, true),
      (at, _done, length) => memory.u8.fill(value, at, at + length),
    );
  }

  writeText(mm: AddressSpace, address: number, text: string): boolean {
    return this.write(mm, address, utf8.encode(`${text}\0`));
  }

  /** `strncpy_from_user`: undefined on -EFAULT; longer than `limit` gives the first `limit` bytes. */
  readText(mm: AddressSpace, address: number, limit = 4096): string | undefined {
    const parts: Uint8Array[] = [];
    let total = 0;
    const { memory } = this.k;
    while (total < limit) {
      const at = mm.readAt(address + total, true);
      if (at < 0) return undefined;
      const end = Math.min(at + limit - total, at - (at % PAGE_BYTES) + PAGE_BYTES);
      const nul = memory.u8.indexOf(0, at);
      const stop = nul >= 0 && nul < end ? nul : end;
      parts.push(memory.u8.slice(at, stop));
      total += stop - at;
      if (stop < end) break;
    }
    return decode(parts);
  }

  read32(mm: AddressSpace, address: number): number | undefined {
    const at = mm.readAt(address, true);
    return at < 0 ? undefined : this.k.memory.view.getInt32(at, true);
  }

  write32(mm: AddressSpace, address: number, value: number): boolean {
    const at = mm.writeAt(address, true);
    if (at < 0) return false;
    this.k.memory.view.setUint32(at, lo32(value), true);
    return true;
  }

  /** Signed word. The address must not straddle two pages (all callers' structures are 8-byte aligned). */
  read64(mm: AddressSpace, address: number): number | undefined {
    const at = mm.readAt(address, true);
    if (at < 0) return undefined;
    const { view } = this.k.memory;
    return joinI64(view.getUint32(at, true), view.getInt32(at + 4, true));
  }

  write64(mm: AddressSpace, address: number, value: number): boolean {
    const at = mm.writeAt(address, true);
    if (at < 0) return false;
    writeI64(this.k.memory.view, at, value);
    return true;
  }
}

function decode(parts: readonly Uint8Array[]): string {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return decoder.decode(all);
}
