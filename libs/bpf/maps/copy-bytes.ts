import type { KernelMemory } from '@probed/memory';

/** Below this many bytes a loop over words is faster than the call of a built-in. */
const SMALL_BYTES = 64;

/** Copies within linear memory; areas of different objects, so they don't overlap. */
export function copyBytes(memory: KernelMemory, to: number, from: number, bytes: number): void {
  if (bytes <= SMALL_BYTES && ((to | from | bytes) & 3) === 0) {
    const { i32 } = memory;
    let target = to >>> 2;
    let source = from >>> 2;
    for (const end = target + (bytes >>> 2); target < end; ) i32[target++] = i32[source++];
  } else memory.u8.copyWithin(to, from, from + bytes);
}
