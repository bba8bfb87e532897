import { joinI64 } from '@probed/base';
import type { HelperFn } from '@probed/spec';
import { E, type HelperContext, type HelperFamily } from './helper-context';
import { UnsafeMemory } from './user-memory';

type Read = (dst: number, bytes: number, lo: number, hi: number) => number;

/** On a fault the destination is cleared (`memset(dst, 0, size)` in all of them). */
function reader(c: HelperContext, read: Read): HelperFn {
  return (dst, bytes, lo, hi) => {
    const result = read(dst, bytes, lo, hi);
    if (result < 0) c.memory.u8.fill(0, dst, dst + bytes);
    return result;
  };
}

function kernelReader(c: HelperContext): HelperFn {
  const unsafe = new UnsafeMemory(c);
  return reader(c, (dst, bytes, lo, hi) => unsafe.copyKernel(dst, bytes, lo, hi));
}

function userReader(c: HelperContext): HelperFn {
  const unsafe = new UnsafeMemory(c);
  return reader(c, (dst, bytes, lo, hi) => unsafe.copyUser(dst, bytes, lo, hi));
}

function kernelStringReader(c: HelperContext): HelperFn {
  const unsafe = new UnsafeMemory(c);
  return reader(c, (dst, bytes, lo, hi) => unsafe.copyKernelString(dst, bytes, lo, hi));
}

function userStringReader(c: HelperContext): HelperFn {
  const unsafe = new UnsafeMemory(c);
  return reader(c, (dst, bytes, lo, hi) => unsafe.copyUserString(dst, bytes, lo, hi));
}

/** The old helpers that take either kind of address (bpf_probe_read_compat). */
function either(c: HelperContext, user: HelperFn, kernel: HelperFn): HelperFn {
  const unsafe = new UnsafeMemory(c);
  return (dst, bytes, lo, hi) => (unsafe.isUser(lo, hi) ? user : kernel)(dst, bytes, lo, hi);
}

/** kernel/trace/bpf_trace.c: bpf_probe_write_user. */
function writeUser(c: HelperContext, lo: number, hi: number, src: number, bytes: number): number {
  if (c.services.task().withoutUser) return E.PERM;
  if (hi < 0) return E.FAULT;
  return c.services.writeUser(joinI64(lo, hi), src, bytes) ? 0 : E.FAULT;
}

/** kernel/bpf/helpers.c: bpf_copy_from_user_task. */
function copyFromUserTask(c: HelperContext): HelperFn {
  return (dst, bytes, lo, hi, task, flagsLo, flagsHi) => {
    if (flagsLo !== 0 || flagsHi !== 0) return E.INVAL;
    if (bytes === 0) return 0;
    const { services } = c;
    const address = joinI64(lo, hi);
    const current = task === services.task().taskOffset;
    const read = current
      ? services.readUser(address, dst, bytes)
      : services.readTaskUser?.(task, address, dst, bytes);
    if (hi >= 0 && read) return 0;
    c.memory.u8.fill(0, dst, dst + bytes);
    return E.FAULT;
  };
}

/** kernel/trace/bpf_trace.c, kernel/bpf/helpers.c. */
export const PROBE_READ_HELPERS: HelperFamily = {
  probe_read: (c) => either(c, userReader(c), kernelReader(c)),
  probe_read_str: (c) => either(c, userStringReader(c), kernelStringReader(c)),
  probe_read_kernel: kernelReader,
  probe_read_kernel_str: kernelStringReader,
  probe_read_user: userReader,
  probe_read_user_str: userStringReader,
  copy_from_user: userReader,
  copy_from_user_task: copyFromUserTask,
  probe_write_user: (c) => (lo, hi, src, bytes) => writeUser(c, lo, hi, src, bytes),
};
