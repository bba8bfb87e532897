import { E, type HelperContext, type HelperFamily } from '../helper-context';
import type { KernelWalks } from '../kernel-walks';
import { UnsafeMemory } from '../user-memory';

/** BPF_MAX_LOOPS (include/linux/bpf.h). */
const MAX_LOOPS = 8 * 1024 * 1024;

/** `struct bpf_iter_num_kern`: s32 cur, s32 end. */
function numNew(c: HelperContext, at: number, start: number, end: number): number {
  const { view } = c.memory;
  const fault = start > end ? E.INVAL : end - start > MAX_LOOPS ? E.TOO_BIG : 0;
  view.setInt32(at, fault ? 0 : start - 1, true);
  view.setInt32(at + 4, fault ? 0 : end, true);
  return fault;
}

/** @returns offset of the number, in the iterator itself */
function numNext(c: HelperContext, at: number): number {
  c.iterate();
  const { view } = c.memory;
  const next = view.getInt32(at, true) + 1;
  const done = next >= view.getInt32(at + 4, true);
  view.setInt32(at, done ? 0 : next, true);
  if (done) view.setInt32(at + 4, 0, true);
  return done ? 0 : at;
}

/** Iterators in progress, by the offset of the program's `struct bpf_iter_…`. */
const WALKS = new WeakMap<HelperContext, Map<number, Iterator<number>>>();

function walksOf(c: HelperContext): Map<number, Iterator<number>> {
  let walks = WALKS.get(c);
  if (!walks) WALKS.set(c, (walks = new Map()));
  return walks;
}

function begin(c: HelperContext, at: number, items: Iterable<number> | undefined): number {
  const walks = walksOf(c);
  if (items) walks.set(at, items[Symbol.iterator]());
  else walks.delete(at);
  return items ? 0 : E.INVAL;
}

function next(c: HelperContext, at: number): number {
  c.iterate();
  const result = walksOf(c).get(at)?.next();
  return result && !result.done ? result.value : 0;
}

function end(c: HelperContext, at: number): number {
  walksOf(c).delete(at);
  return 0;
}

/** Iterators that walk kernel objects differ in how they begin only. */
function walker(
  name: string,
  start: (walks: KernelWalks, object: number, lo: number, hi: number) => Iterable<number> | undefined,
): HelperFamily {
  return {
    [`${name}_new`]: (c) => (at, object, lo, hi) => {
      const { walks } = c.services;
      return begin(c, at, walks && start(walks, object, lo, hi));
    },
    [`${name}_next`]: (c) => (at) => next(c, at),
    [`${name}_destroy`]: (c) => (at) => end(c, at),
  };
}

/** BPF_TASK_ITER_ALL_PROCS, _ALL_THREADS, _PROC_THREADS. */
function tasks(walks: KernelWalks, task: number, flags: number): Iterable<number> | undefined {
  if (flags === 0) return walks.tasks('processes');
  if (flags === 1) return walks.tasks('threads');
  return flags === 2 && task !== 0 ? walks.threadsOf(task) : undefined;
}

/** enum bpf_cgroup_iter_order. */
const CSS_ORDERS = { 2: 'descendants-pre', 3: 'descendants-post', 4: 'ancestors-up' } as const;

function cgroups(walks: KernelWalks, css: number, flags: number): Iterable<number> | undefined {
  const order = CSS_ORDERS[flags as keyof typeof CSS_ORDERS];
  return order && walks.cgroups(css, order);
}

/** CSS_TASK_ITER_PROCS, CSS_TASK_ITER_THREADED. */
const CSS_TASK_PROCS = 1;
const CSS_TASK_THREADED = 2;

function cgroupTasks(walks: KernelWalks, css: number, flags: number): Iterable<number> | undefined {
  const known = flags === 0 || flags === CSS_TASK_PROCS || flags === (CSS_TASK_PROCS | CSS_TASK_THREADED);
  return known ? walks.cgroupTasks(css) : undefined;
}

/** BITS_ITER_NR_WORDS_MAX. */
const BITS_WORDS_MAX = 511;
/** `struct bpf_iter_bits_kern`: the bits or a pointer to them, s32 number of bits, s32 current bit. */
const BIT_AT = 12;

function bitsNew(c: HelperContext, at: number, lo: number, hi: number, words: number): number {
  walksOf(c).delete(at);
  if ((lo | hi) === 0 || words === 0) return E.INVAL;
  if (words > BITS_WORDS_MAX) return E.TOO_BIG;
  const bytes = words * 8;
  const copy = c.memory.alloc(bytes);
  try {
    if (new UnsafeMemory(c).copyKernel(copy, bytes, lo, hi) !== 0) return E.FAULT;
    begin(c, at, setBits(c, at, c.memory.copyOut(copy, bytes)));
    return 0;
  } finally {
    c.memory.free(copy);
  }
}

/** Writes each bit's number where the iterator has it, and hands out that place. */
function* setBits(c: HelperContext, at: number, bits: Uint8Array): Generator<number> {
  for (let bit = 0; bit < bits.length * 8; bit++) {
    if (!(bits[bit >> 3] & (1 << (bit & 7)))) continue;
    c.memory.view.setInt32(at + BIT_AT, bit, true);
    yield at + BIT_AT;
  }
}

/** kernel/bpf/bpf_iter.c, kernel/bpf/task_iter.c, kernel/bpf/cgroup_iter.c, kernel/bpf/helpers.c. */
export const ITERATOR_KFUNCS: HelperFamily = {
  bpf_iter_num_new: (c) => (at, start, end) => numNew(c, at, start | 0, end | 0),
  bpf_iter_num_next: (c) => (at) => numNext(c, at),
  bpf_iter_num_destroy: (c) => (at) => {
    c.memory.u8.fill(0, at, at + 8);
    return 0;
  },
  bpf_iter_bits_new: (c) => (at, lo, hi, words) => bitsNew(c, at, lo, hi, words >>> 0),
  bpf_iter_bits_next: (c) => (at) => next(c, at),
  bpf_iter_bits_destroy: (c) => (at) => end(c, at),
  ...walker('bpf_iter_task', tasks),
  ...walker('bpf_iter_task_vma', (walks, task, lo, hi) => walks.vmas(task, hi * 2 ** 32 + (lo >>> 0))),
  ...walker('bpf_iter_css', cgroups),
  ...walker('bpf_iter_css_task', cgroupTasks),
};
