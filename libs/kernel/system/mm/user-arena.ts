import { PAGE_BYTES } from '@probed/memory';
import type { Kernel } from '../kernel';
import { type AddressSpace, PROT, pageUp } from './address-space';

/** Mapped at a time. */
const CHUNK_BYTES = 64 * 1024;
const ALIGNMENT = 16;

/**
 * Places for data in a task's user memory that no code of the task puts there: strings and buffers that a host hands
 * to hooks. Pages are there from the start and fault nobody, so that `bpf_probe_read_user` finds them.
 */
export class UserArena {
  private at = 0;
  private end = 0;

  constructor(
    private readonly k: Kernel,
    private readonly mm: AddressSpace,
  ) {}

  /** @returns user address of a copy of `bytes`; undefined when the address space is full */
  place(bytes: Uint8Array): number | undefined {
    if (this.at + bytes.length > this.end && !this.grow(bytes.length)) return undefined;
    const address = this.at;
    this.at += Math.max(1, Math.ceil(bytes.length / ALIGNMENT)) * ALIGNMENT;
    return this.k.user.write(this.mm, address, bytes) ? address : undefined;
  }

  private grow(bytes: number): boolean {
    const wanted = Math.max(CHUNK_BYTES, pageUp(bytes));
    const start = this.mm.findFree(wanted);
    if (start === 0) return false;
    this.mm.map(start, wanted, PROT.READ | PROT.WRITE);
    for (let page = start / PAGE_BYTES; page < (start + wanted) / PAGE_BYTES; page++)
      this.mm.pages.set(page, this.k.memory.alloc(PAGE_BYTES));
    this.at = start;
    this.end = start + wanted;
    return true;
  }
}
