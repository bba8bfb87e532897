import { hi32, joinI64 } from '@probed/base';
import { DIRECT_MAP_HI, type KernelMemory, PAGE_BYTES } from '@probed/memory';
import { E, type HelperContext } from './helper-context';

/** TASK_SIZE_MAX on x86-64 with 4-level paging: the first address that is no user address. */
const TASK_SIZE_MAX = 0x7fff_ffff_f000;
/** Page of the vsyscall entry points, as a signed word. */
const VSYSCALL_ADDR = -0xa0_0000;
/** Canonical kernel addresses are at or above 0xffff800000000000. */
const KERNEL_ADDR_MIN = -0x8000_0000_0000;
/** Strings of user space are fetched in pieces of this size. */
const PIECE_BYTES = 256;

/** Reads of unproved memory: kernel memory by direct-map address, user memory through the current task. */
export class UnsafeMemory {
  private readonly memory: KernelMemory;
  private scratchAt = 0;

  constructor(private readonly c: HelperContext) {
    this.memory = c.memory;
  }

  /** Whether an address lies in user space (`addr < TASK_SIZE`). */
  isUser(lo: number, hi: number): boolean {
    return hi >= 0 && joinI64(lo, hi) < TASK_SIZE_MAX;
  }

  /**
   * `copy_from_kernel_nofault`: 0, -ERANGE for what is no kernel address, -EFAULT for unmapped memory. Only the direct
   * map has contents here: kernel text and module memory are unmapped.
   */
  copyKernel(dst: number, bytes: number, lo: number, hi: number): number {
    if (hi >>> 0 !== DIRECT_MAP_HI) return bytes === 0 ? kernelRange(lo, hi) : kernelRange(lo, hi) || E.FAULT;
    const src = lo >>> 0;
    if (src + bytes > this.memory.sizeBytes) return E.FAULT;
    copy(this.memory, dst, src, bytes);
    return 0;
  }

  /** `copy_from_user_nofault`: 0 or -EFAULT. */
  copyUser(dst: number, bytes: number, lo: number, hi: number): number {
    if (bytes === 0) return 0;
    const address = joinI64(lo, hi);
    if (hi < 0 || address + bytes > TASK_SIZE_MAX) return E.FAULT;
    return this.c.services.readUser(address, dst, bytes) ? 0 : E.FAULT;
  }

  /** `strncpy_from_kernel_nofault`: bytes with the NUL, -ERANGE or -EFAULT; what follows the NUL stays as it is. */
  copyKernelString(dst: number, bytes: number, lo: number, hi: number): number {
    if (bytes === 0) return 0;
    if (hi >>> 0 !== DIRECT_MAP_HI) return kernelRange(lo, hi) || E.FAULT;
    const { u8 } = this.memory;
    const src = lo >>> 0;
    for (let i = 0; i < bytes; i++) {
      if (src + i >= u8.length) return E.FAULT;
      const byte = u8[src + i];
      u8[dst + i] = byte;
      if (byte === 0) return i + 1;
    }
    u8[dst + bytes - 1] = 0;
    return bytes;
  }

  /**
   * `strncpy_from_user_nofault`: bytes with the NUL or -EFAULT. As the kernel copies words, the rest of the word that
   * holds the NUL is cleared where a whole word has room.
   */
  copyUserString(dst: number, bytes: number, lo: number, hi: number): number {
    if (bytes === 0) return 0;
    const address = joinI64(lo, hi);
    if (hi < 0 || address >= TASK_SIZE_MAX) return E.FAULT;
    let done = 0;
    while (done < bytes) {
      const wanted = this.pieceAt(address + done, bytes - done);
      const scratch = this.scratch();
      if (wanted === 0 || !this.c.services.readUser(address + done, scratch, wanted)) return E.FAULT;
      const { u8 } = this.memory;
      for (let i = 0; i < wanted; i++) {
        const byte = u8[scratch + i];
        u8[dst + done + i] = byte;
        if (byte === 0) return clearWord(u8, dst, done + i, bytes);
      }
      done += wanted;
    }
    this.memory.u8[dst + bytes - 1] = 0;
    return bytes;
  }

  /** Bytes to fetch at once: never past a page, since the next one may be unmapped. */
  private pieceAt(address: number, left: number): number {
    const toPageEnd = PAGE_BYTES - (address % PAGE_BYTES);
    return Math.min(left, toPageEnd, PIECE_BYTES, TASK_SIZE_MAX - address);
  }

  private scratch(): number {
    this.scratchAt ||= this.memory.alloc(PIECE_BYTES);
    return this.scratchAt;
  }
}

/** arch/x86/mm/maccess.c: copy_from_kernel_nofault_allowed; 0 or -ERANGE. */
export function kernelRange(lo: number, hi: number): number {
  const address = joinI64(lo, hi);
  if (hi >= 0 || address < KERNEL_ADDR_MIN) return E.RANGE;
  const page = address - (((address % PAGE_BYTES) + PAGE_BYTES) % PAGE_BYTES);
  return page === VSYSCALL_ADDR && hi32(address) === -1 ? E.RANGE : 0;
}

/** lib/strncpy_from_user.c: do_strncpy_from_user masks the word with the NUL. */
function clearWord(u8: Uint8Array, dst: number, nul: number, room: number): number {
  const word = nul & ~7;
  if (room - word >= 8) u8.fill(0, dst + nul, dst + word + 8);
  return nul + 1;
}

/** Small copies word by word: a call of copyWithin costs more than the copy. */
function copy(memory: KernelMemory, dst: number, src: number, bytes: number): void {
  if (bytes === 8 && ((dst | src) & 3) === 0) {
    const { i32 } = memory;
    const lo = i32[src >>> 2];
    const hi = i32[(src >>> 2) + 1];
    i32[dst >>> 2] = lo;
    i32[(dst >>> 2) + 1] = hi;
  } else if (bytes === 4 && ((dst | src) & 3) === 0) {
    memory.i32[dst >>> 2] = memory.i32[src >>> 2];
  } else memory.u8.copyWithin(dst, src, src + bytes);
}
