import { writeI64 } from '@probed/base';
import { type BpfMap, StackTraceMap } from '@probed/maps';
import { E, type HelperContext, type HelperFamily } from './helper-context';

const BPF_F_SKIP_FIELD_MASK = 0xff;
const BPF_F_USER_STACK = 1 << 8;
const BPF_F_USER_BUILD_ID = 1 << 11;
const GET_STACK_FLAGS = BPF_F_SKIP_FIELD_MASK | BPF_F_USER_STACK | BPF_F_USER_BUILD_ID;
/** sysctl kernel.perf_event_max_stack. */
const STACK_FRAMES_MAX = 127;
/** `struct bpf_stack_build_id`: s32 status, u8 build_id[20], u64 offset or ip. */
const BUILD_ID_BYTES = 32;
const BUILD_ID_IP_AT = 24;
/** What the kernel says when it cannot fetch the build id: the entry holds the address. */
const BPF_STACK_BUILD_ID_IP = 2;

function asStackMap(map: BpfMap): StackTraceMap {
  if (map instanceof StackTraceMap) return map;
  throw new Error(`invariant broken: map ${map.info.name} is no stack trace map`);
}

/** kernel/bpf/stackmap.c: bpf_get_stackid. */
function stackId(c: HelperContext, map: StackTraceMap, lo: number, hi: number): number {
  if (hi !== 0) return E.INVAL;
  const user = lo & BPF_F_USER_STACK;
  const stack = user ? c.services.userStack() : c.services.kernelStack();
  return map.stackId(stack, lo >>> 0);
}

interface StackRequest {
  readonly buf: number;
  readonly size: number;
  readonly flags: number;
  /** Undefined when the walk is impossible (`-EFAULT`), a number for another error. */
  readonly frames: readonly number[] | number | undefined;
}

/** kernel/bpf/stackmap.c: __bpf_get_stack; the buffer is cleared on errors. @returns bytes written */
function copyStack(c: HelperContext, request: StackRequest): number {
  const { buf, size, flags, frames } = request;
  const buildIds = (flags & BPF_F_USER_BUILD_ID) !== 0;
  const elementBytes = buildIds ? BUILD_ID_BYTES : 8;
  c.memory.u8.fill(0, buf, buf + size);
  if (flags & ~GET_STACK_FLAGS || (buildIds && !(flags & BPF_F_USER_STACK))) return E.INVAL;
  if (size % elementBytes) return E.INVAL;
  if (typeof frames === 'number') return frames;
  const skip = flags & BPF_F_SKIP_FIELD_MASK;
  const room = size / elementBytes;
  const depth = Math.min(room + skip, STACK_FRAMES_MAX, frames?.length ?? 0);
  if (!frames || depth < skip) return E.FAULT;
  for (let i = skip; i < depth; i++) {
    writeFrame(c.memory.view, buf + (i - skip) * elementBytes, frames[i], buildIds);
  }
  return (depth - skip) * elementBytes;
}

function writeFrame(view: DataView, at: number, ip: number, buildId: boolean): void {
  if (!buildId) {
    writeI64(view, at, ip);
    return;
  }
  view.setInt32(at, BPF_STACK_BUILD_ID_IP, true);
  writeI64(view, at + BUILD_ID_IP_AT, ip);
}

function getStack(c: HelperContext, buf: number, size: number, lo: number, hi: number): number {
  const flags = hi === 0 ? lo : -1;
  const frames = flags & BPF_F_USER_STACK ? c.services.userStack() : c.services.kernelStack();
  return copyStack(c, { buf, size, flags, frames });
}

/** kernel/bpf/stackmap.c: bpf_get_task_stack; another task's user stack cannot be walked. */
function getTaskStack(
  c: HelperContext,
  task: number,
  buf: number,
  size: number,
  lo: number,
  hi: number,
): number {
  if (task === c.services.task().taskOffset) return getStack(c, buf, size, lo, hi);
  const user = (lo & BPF_F_USER_STACK) !== 0;
  const frames = user ? E.OPNOTSUPP : c.services.taskKernelStack?.(task);
  return copyStack(c, { buf, size, flags: hi === 0 ? lo : -1, frames });
}

/** kernel/bpf/stackmap.c. */
export const STACK_HELPERS: HelperFamily = {
  get_stackid: (c, map) => {
    const bound = map && asStackMap(map);
    return (_ctx, at, lo, hi) => stackId(c, bound ?? asStackMap(c.map(at)), lo, hi);
  },
  get_stack: (c) => (_ctx, buf, size, lo, hi) => getStack(c, buf, size, lo, hi),
  get_task_stack: (c) => (task, buf, size, lo, hi) => getTaskStack(c, task, buf, size, lo, hi),
};
