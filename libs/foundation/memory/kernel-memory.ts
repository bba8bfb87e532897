import { assert } from '@probed/base';

/** Raised when an allocation would pass the limit; callers turn it into -ENOMEM. */
export class MemoryLimitError extends Error {
  constructor(
    readonly wanted: number,
    readonly used: number,
    readonly limit: number,
  ) {
    super(`out of emulated memory: ${wanted} bytes wanted, ${used} of ${limit} in use`);
  }
}

/** Page size of the emulated machine, bytes. */
export const PAGE_BYTES = 4096;
/** Offsets below this are never allocated and stay zero, so that NULL plus a field offset is harmless. */
export const RESERVED_BYTES = 64 * 1024;

const WASM_PAGE_BYTES = 64 * 1024;
const LIMIT_BYTES_DEFAULT = 1024 * 1024 * 1024;
const INITIAL_BYTES = 16 * 1024 * 1024;
const SMALL_CLASS_MIN_BYTES = 16;
const SMALL_CLASS_MAX_BYTES = 2048;
/** Small objects are cut from chunks of this size. */
const CHUNK_BYTES = 64 * 1024;

/**
 * One linear memory (shared `WebAssembly.Memory`) and its allocator.
 *
 * Small sizes come from power-of-two free lists, larger ones page-aligned from a first-fit list that merges on free.
 * Invariants: every block is zeroed when handed out; blocks of a page or more are page-aligned; the views
 * (`u8`, `i32`, `u32`, `view`) are replaced on growth, so never keep one across an allocation.
 */
export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  u8!: Uint8Array;
  i32!: Int32Array;
  u32!: Uint32Array;
  view!: DataView;

  private readonly freeSmall = new Map<number, number[]>();
  /** Free page runs, sorted by offset, never adjacent. */
  private readonly freeRuns: { at: number; bytes: number }[] = [];
  private readonly sizes = new Map<number, number>();
  private readonly watchers = new Map<number, (() => void)[]>();
  private brk = RESERVED_BYTES;
  private used = 0;
  /** Blocks handed out since {@link allOrNothing} began. */
  private journal: number[] | undefined;

  constructor(private readonly limitBytes = LIMIT_BYTES_DEFAULT) {
    this.memory = new WebAssembly.Memory({
      initial: Math.min(INITIAL_BYTES, limitBytes) / WASM_PAGE_BYTES,
      maximum: Math.ceil(limitBytes / WASM_PAGE_BYTES),
      shared: true,
    });
    this.refreshViews();
  }

  /** Bytes handed out and not yet freed (rounded up to their blocks). */
  get usedBytes(): number {
    return this.used;
  }

  /** Bytes that exist; offsets at or above it are out of bounds. Follows growth. */
  get sizeBytes(): number {
    return this.u8.length;
  }

  /** A zeroed block of at least `bytes`, 8-byte aligned (16 and more for larger ones). @throws MemoryLimitError */
  alloc(bytes: number): number {
    assert(bytes > 0 && Number.isInteger(bytes), `alloc(${bytes})`);
    const block = blockBytes(bytes);
    if (this.used + block > this.limitBytes) throw new MemoryLimitError(bytes, this.used, this.limitBytes);
    const at = block <= SMALL_CLASS_MAX_BYTES ? this.allocSmall(block) : this.allocRun(block);
    this.sizes.set(at, block);
    this.journal?.push(at);
    this.used += block;
    this.u8.fill(0, at, at + block);
    return at;
  }

  /** Like {@link alloc}, but undefined instead of an exception when memory is exhausted. */
  tryAlloc(bytes: number): number | undefined {
    try {
      return this.alloc(bytes);
    } catch (error) {
      if (error instanceof MemoryLimitError) return undefined;
      throw error;
    }
  }

  /** Runs `make`; when it runs out of memory, everything that it allocated is freed before the error goes on. */
  allOrNothing<T>(make: () => T): T {
    const outer = this.journal;
    const journal: number[] = [];
    this.journal = journal;
    try {
      return make();
    } catch (error) {
      if (error instanceof MemoryLimitError) for (const at of journal) if (this.sizes.has(at)) this.free(at);
      throw error;
    } finally {
      this.journal = outer;
    }
  }

  /** Calls `then` once, when the block at `at` is freed: what belongs to an object goes with it. */
  onFree(at: number, then: () => void): void {
    const known = this.watchers.get(at);
    if (known) known.push(then);
    else this.watchers.set(at, [then]);
  }

  free(at: number): void {
    const block = this.sizes.get(at);
    assert(block !== undefined, `free of unallocated offset ${at}`);
    if (this.watchers.size > 0) this.tellWatchers(at);
    this.sizes.delete(at);
    this.used -= block;
    if (block <= SMALL_CLASS_MAX_BYTES) this.smallList(block).push(at);
    else this.releaseRun(at, block);
  }

  /** A copy of `bytes` bytes, safe to hand to APIs that refuse shared memory. */
  copyOut(at: number, bytes: number): Uint8Array {
    return new Uint8Array(this.u8.subarray(at, at + bytes));
  }

  private tellWatchers(at: number): void {
    const watchers = this.watchers.get(at);
    this.watchers.delete(at);
    for (const then of watchers ?? []) then();
  }

  private refreshViews(): void {
    const { buffer } = this.memory;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.view = new DataView(buffer);
  }

  private smallList(block: number): number[] {
    let list = this.freeSmall.get(block);
    if (!list) this.freeSmall.set(block, (list = []));
    return list;
  }

  private allocSmall(block: number): number {
    const list = this.smallList(block);
    if (list.length === 0) {
      const chunk = this.allocRun(CHUNK_BYTES);
      for (let at = chunk + CHUNK_BYTES - block; at >= chunk; at -= block) list.push(at);
    }
    return list.pop()!;
  }

  private allocRun(bytes: number): number {
    const index = this.freeRuns.findIndex((run) => run.bytes >= bytes);
    if (index >= 0) {
      const run = this.freeRuns[index];
      const { at } = run;
      if (run.bytes === bytes) this.freeRuns.splice(index, 1);
      else {
        run.at += bytes;
        run.bytes -= bytes;
      }
      return at;
    }
    const at = this.brk;
    this.growTo(at + bytes);
    this.brk = at + bytes;
    return at;
  }

  private releaseRun(at: number, bytes: number): void {
    let index = this.freeRuns.findIndex((run) => run.at > at);
    if (index < 0) index = this.freeRuns.length;
    this.freeRuns.splice(index, 0, { at, bytes });
    this.mergeWithNext(index);
    if (index > 0) this.mergeWithNext(index - 1);
    this.lowerBrk();
  }

  /** A free run at the end is room for a larger block. */
  private lowerBrk(): void {
    const last = this.freeRuns.at(-1);
    if (!last || last.at + last.bytes !== this.brk) return;
    this.brk = last.at;
    this.freeRuns.pop();
  }

  private mergeWithNext(index: number): void {
    const run = this.freeRuns[index];
    const next = this.freeRuns[index + 1];
    if (!next || run.at + run.bytes !== next.at) return;
    run.bytes += next.bytes;
    this.freeRuns.splice(index + 1, 1);
  }

  private growTo(end: number): void {
    if (end <= this.u8.length) return;
    if (end > this.limitBytes) throw new MemoryLimitError(end - this.brk, this.used, this.limitBytes);
    const wanted = Math.min(this.limitBytes, Math.max(end, this.u8.length * 2));
    this.memory.grow(Math.ceil((wanted - this.u8.length) / WASM_PAGE_BYTES));
    this.refreshViews();
  }
}

/** Size of the block that holds `bytes`: a power of two up to 2 KiB, else whole pages. */
function blockBytes(bytes: number): number {
  if (bytes > SMALL_CLASS_MAX_BYTES) return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
  let block = SMALL_CLASS_MIN_BYTES;
  while (block < bytes) block *= 2;
  return block;
}
