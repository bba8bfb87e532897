import { ERRNO } from '@probed/abi';
import { type BpfMap, PerfEventArray, RingBuffer } from '@probed/maps';
import type { KernelMemory } from '@probed/memory';
import { MapType } from '@probed/spec';

/** One call that is to fail. */
export interface FailingCall {
  readonly memory: KernelMemory;
  /** The map that the call passes, if it takes one. */
  readonly map: BpfMap | undefined;
  /** In the calling convention of `helperAbi`. */
  readonly args: readonly number[];
}

/** What a failing call does in place of the helper. @returns what the helper returns */
export type Effect = (call: FailingCall) => number;

/** A failure that the kernel knows, and the helpers that can meet it. */
export interface FaultRow {
  readonly name: string;
  /** One line for `--help`. */
  readonly what: string;
  /** By helper name; bpf_tail_call, being an instruction, just falls through. */
  readonly helpers: Readonly<Record<string, Effect>>;
  /** Calls that cannot fail this way are left alone and are not counted. */
  readonly canFail?: (call: FailingCall) => boolean;
}

const { EAGAIN, EBUSY, E2BIG, EEXIST, EFAULT, EINVAL, ENAMETOOLONG, ENOENT, ENOMEM, ENOSPC } = ERRNO;
/** `struct bpf_dynptr_kern`. */
const DYNPTR_BYTES = 16;

const gives =
  (result: number): Effect =>
  () =>
    result;

/** Fails with a cleared destination, as helpers that declare uninitialised memory do. */
const clears =
  (dst: number, size: number, errno: number): Effect =>
  ({ memory, args }) => {
    memory.u8.fill(0, args[dst], args[dst] + args[size]);
    return -errno;
  };

/** The buffer counts what it could not take, as when it is full. */
const drops =
  (result: number): Effect =>
  ({ map }) => {
    if (map instanceof RingBuffer || map instanceof PerfEventArray) map.refuse();
    return result;
  };

/** kernel/bpf/ringbuf.c: bpf_ringbuf_reserve_dynptr leaves a null pointer. */
const dropsDynptr: Effect = (call) => {
  const at = call.args[4];
  call.memory.u8.fill(0, at, at + DYNPTR_BYTES);
  return drops(-EINVAL)(call);
};

const READ = clears(0, 1, EFAULT);
const KERNEL_READS = { probe_read_kernel: READ, probe_read_kernel_str: READ };
const USER_READS = { probe_read_user: READ, probe_read_user_str: READ };
const OLD_READS = { probe_read: READ, probe_read_str: READ };

const ofType =
  (...types: readonly number[]) =>
  ({ map }: FailingCall) =>
    map !== undefined && types.includes(map.info.type);

const HASHES = [MapType.HASH, MapType.PERCPU_HASH, MapType.HASH_OF_MAPS];
const LRU_HASHES = [MapType.LRU_HASH, MapType.LRU_PERCPU_HASH];

const isHash = ofType(...HASHES, ...LRU_HASHES);
const allocates = ofType(...HASHES, ...LRU_HASHES, MapType.LPM_TRIE);
const fillsUp = ofType(...HASHES, MapType.LPM_TRIE, MapType.QUEUE, MapType.STACK);

/** What is there already is replaced, however full the map is. */
function addsEntry(call: FailingCall): boolean {
  const { map, args } = call;
  if (!fillsUp(call) || !map) return false;
  return !isHash(call) || map.lookupOffset(args[1]) === 0;
}

/** kernel/bpf/hashtab.c: E2BIG; kernel/bpf/lpm_trie.c: ENOSPC. */
const full: Effect = ({ map }) => (map?.info.type === MapType.LPM_TRIE ? -ENOSPC : -E2BIG);

/** Every fault by name. The results are those of Linux 6.18 (kernel/bpf, kernel/trace/bpf_trace.c). */
export const FAULTS: readonly FaultRow[] = [
  {
    name: 'ringbuf-full',
    what: 'no room in a ring buffer: reserve gives NULL, output -EAGAIN',
    helpers: {
      ringbuf_reserve: drops(0),
      ringbuf_output: drops(-EAGAIN),
      ringbuf_reserve_dynptr: dropsDynptr,
    },
  },
  {
    name: 'ringbuf-reserve',
    what: 'as ringbuf-full, for bpf_ringbuf_reserve and its dynptr kind alone',
    helpers: { ringbuf_reserve: drops(0), ringbuf_reserve_dynptr: dropsDynptr },
  },
  {
    name: 'ringbuf-output',
    what: 'as ringbuf-full, for bpf_ringbuf_output alone',
    helpers: { ringbuf_output: drops(-EAGAIN) },
  },
  {
    name: 'perf-buffer-full',
    what: 'no room in a perf buffer: bpf_perf_event_output gives -ENOSPC',
    helpers: { perf_event_output: drops(-ENOSPC) },
  },
  {
    name: 'perf-no-buffer',
    what: 'nobody opened the perf buffer of this CPU: -ENOENT',
    helpers: { perf_event_output: gives(-ENOENT) },
  },
  {
    name: 'map-enomem',
    what: 'no memory for an element of a hash or LPM trie: -ENOMEM',
    helpers: { map_update_elem: gives(-ENOMEM) },
    canFail: allocates,
  },
  {
    name: 'map-e2big',
    what: 'a new element does not fit: -E2BIG for hash, queue and stack, -ENOSPC for an LPM trie',
    helpers: { map_update_elem: full, map_push_elem: full },
    canFail: addsEntry,
  },
  {
    name: 'map-busy',
    what: 'the lock of a hash bucket is held on this CPU already: update and delete give -EBUSY',
    helpers: { map_update_elem: gives(-EBUSY), map_delete_elem: gives(-EBUSY) },
    canFail: isHash,
  },
  {
    name: 'map-lookup',
    what: 'the element of a hash is gone (another CPU took it out): NULL',
    helpers: { map_lookup_elem: gives(0), map_lookup_percpu_elem: gives(0) },
    canFail: isHash,
  },
  {
    name: 'map-pop',
    what: 'a queue or stack is empty: pop and peek give -ENOENT, the value cleared',
    helpers: { map_pop_elem: popEmpty, map_peek_elem: popEmpty },
    canFail: ofType(MapType.QUEUE, MapType.STACK),
  },
  {
    name: 'probe-read',
    what: 'memory is not there: every bpf_probe_read* clears the destination and gives -EFAULT',
    helpers: { ...KERNEL_READS, ...USER_READS, ...OLD_READS },
  },
  {
    name: 'probe-read-kernel',
    what: 'as probe-read, for kernel memory',
    helpers: { ...KERNEL_READS, ...OLD_READS },
  },
  {
    name: 'probe-read-user',
    what: 'as probe-read, for user memory: the page is not mapped in',
    helpers: USER_READS,
  },
  {
    name: 'probe-read-str',
    what: 'as probe-read, for strings',
    helpers: { probe_read_kernel_str: READ, probe_read_user_str: READ, probe_read_str: READ },
  },
  {
    name: 'copy-from-user',
    what: 'bpf_copy_from_user clears the destination and gives -EFAULT',
    helpers: { copy_from_user: READ, copy_from_user_task: READ },
  },
  {
    name: 'probe-write-user',
    what: 'bpf_probe_write_user gives -EFAULT',
    helpers: { probe_write_user: gives(-EFAULT) },
  },
  {
    name: 'get-stack',
    what: 'the stack cannot be walked: bpf_get_stack clears the buffer and gives -EFAULT, bpf_get_stackid -EFAULT',
    helpers: {
      get_stack: clears(1, 2, EFAULT),
      get_task_stack: clears(1, 2, EFAULT),
      get_stackid: gives(-EFAULT),
    },
  },
  {
    name: 'stackid-collision',
    what: 'another stack is in the bucket: bpf_get_stackid gives -EEXIST',
    helpers: { get_stackid: gives(-EEXIST) },
  },
  {
    name: 'd-path',
    what: 'the path does not fit: bpf_d_path gives -ENAMETOOLONG',
    helpers: { d_path: gives(-ENAMETOOLONG) },
  },
  {
    name: 'perf-read',
    what: 'no counter to read: bpf_perf_event_read_value clears the buffer and gives -ENOENT',
    helpers: { perf_event_read_value: clears(3, 4, ENOENT) },
  },
  {
    name: 'ns-pid',
    what: 'the task is not in that pid namespace: bpf_get_ns_current_pid_tgid gives -EINVAL',
    helpers: { get_ns_current_pid_tgid: clears(4, 5, EINVAL) },
  },
  {
    name: 'printf-busy',
    what: 'the buffers for formatting are in use: bpf_trace_printk, bpf_snprintf give -EBUSY',
    helpers: { trace_printk: gives(-EBUSY), trace_vprintk: gives(-EBUSY), snprintf: gives(-EBUSY) },
  },
  {
    name: 'send-signal',
    what: 'the signal cannot be queued: bpf_send_signal gives -EBUSY',
    helpers: { send_signal: gives(-EBUSY), send_signal_thread: gives(-EBUSY) },
  },
  {
    name: 'task-storage',
    what: 'no memory for local storage of a task, inode, socket or cgroup: NULL',
    helpers: {
      task_storage_get: gives(0),
      inode_storage_get: gives(0),
      sk_storage_get: gives(0),
      cgrp_storage_get: gives(0),
    },
  },
  {
    name: 'tail-call',
    what: 'the slot of the program array is empty: bpf_tail_call falls through',
    helpers: { tail_call: gives(0) },
  },
];

/** kernel/bpf/queue_stack_maps.c: the value is cleared. */
function popEmpty({ memory, map, args }: FailingCall): number {
  memory.u8.fill(0, args[1], args[1] + (map?.info.valueSize ?? 0));
  return -ENOENT;
}
