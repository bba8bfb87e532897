import { writeI64 } from '@probed/base';
import type { Kernel } from '../kernel';

/** Room below a task's user registers for the frames that a probe can see, bytes. */
export const KERNEL_FRAMES_BYTES = 512;
const FRAME_BYTES = 16;
const FRAMES_MAX = KERNEL_FRAMES_BYTES / FRAME_BYTES - 2;

/** Stack and frame pointer of the current task in kernel mode, as addresses. */
export interface KernelFrame {
  readonly sp: number;
  readonly bp: number;
}

/**
 * Lays the current task's kernel stack out in memory as functions compiled with frame pointers leave it: below the
 * user's registers a chain of saved frame pointers, each with the return address above it. At a function's entry the
 * stack pointer is at its return address; once it has returned, just above.
 */
export function layKernelFrames(k: Kernel, returned: boolean): KernelFrame {
  const { task } = k;
  const { view } = k.memory;
  const addresses = k.kernelStack();
  let at = task.regsOffset;
  let bp = 0;
  for (let i = Math.min(addresses.length - 1, FRAMES_MAX); i >= 2; i--) {
    at -= FRAME_BYTES;
    writeI64(view, at + 8, addresses[i]);
    writeI64(view, at, bp === 0 ? 0 : k.ptr(bp));
    bp = at;
  }
  writeI64(view, at - 8, addresses[1] ?? 0);
  return { sp: k.ptr(returned ? at : at - 8), bp: bp === 0 ? 0 : k.ptr(bp) };
}
