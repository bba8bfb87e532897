import { MAP, PROT as P } from '@probed/abi';
import type { Kernel } from '../kernel';
import { PROT, pageUp, VM } from '../mm/address-space';
import { vmaStruct } from '../mm/faults';
import type { Task } from '../task/task';
import { securityHook } from '../trace/security';
import { traced } from '../trace/traced';
import type { File } from '../vfs/file';
import type { HandlerTable } from './table';
import { EBADF, EINVAL, fileOf } from './util';

const EACCES = -13;
const ENOMEM = -12;
const PAGE = 4096;
const MMAP_NS = 3_100;
const MUNMAP_NS = 4_200;
const MADV_DONTNEED = 4;

const securityMmapFile = securityHook<[File | undefined, number, number]>(
  'mmap_file',
  (k, file, prot, flags) => [k.ptr(file?.offset ?? 0), prot, flags],
  { lsmWords: (k, file, prot, flags) => [k.ptr(file?.offset ?? 0), prot, prot, flags] },
);

interface MmapRequest {
  readonly address: number;
  readonly length: number;
  readonly prot: number;
  readonly flags: number;
  readonly file: File | undefined;
  readonly offset: number;
}

const doMmap = traced<[MmapRequest]>(
  'do_mmap',
  (k, r) => [k.ptr(r.file?.offset ?? 0), r.address, r.length, r.prot, r.flags],
  (k, r) => {
    const mm = k.task.mm!;
    const fixed = (r.flags & (MAP.FIXED | MAP.FIXED_NOREPLACE)) !== 0;
    const at = fixed ? r.address : mm.findFree(r.length);
    if (fixed && at % PAGE) return EINVAL;
    if (at <= 0) return ENOMEM;
    if (fixed) mm.unmap(at, at + pageUp(r.length));
    const flags = (r.prot & 7) | (r.flags & MAP.SHARED ? VM.SHARED : 0);
    mm.map(at, r.length, flags, '', r.file, r.offset);
    k.sched.spend(MMAP_NS);
    return at;
  },
);

function mmap(
  k: Kernel,
  task: Task,
  address: number,
  length: number,
  prot: number,
  flags: number,
  fd: number,
  offset: number,
): number {
  if (length <= 0 || offset % PAGE) return EINVAL;
  let file: File | undefined;
  if (!(flags & MAP.ANONYMOUS)) {
    file = fileOf(task, fd);
    if (!file) return EBADF;
    const writesThrough = prot & P.WRITE && flags & MAP.SHARED && !file.writable;
    if (!file.readable || writesThrough) return EACCES;
  }
  const denied = securityMmapFile(k, file, prot, flags);
  if (denied < 0) return denied;
  return doMmap(k, { address, length, prot, flags, file, offset });
}

function brk(k: Kernel, task: Task, wanted: number): number {
  const mm = task.mm!;
  const { marks } = mm;
  if (wanted < marks.startBrk) return marks.brk;
  const from = pageUp(marks.brk);
  const to = pageUp(wanted);
  if (to > from) {
    const heap = mm.vmas.find((vma) => vma.name === '[heap]');
    if (heap && heap.end === from) heap.end = to;
    else mm.map(from, to - from, PROT.READ | PROT.WRITE, '[heap]');
  } else if (to < from) mm.unmap(to, from);
  marks.brk = wanted;
  mm.writeMarks();
  k.sched.spend(MMAP_NS / 2);
  return wanted;
}

function munmap(k: Kernel, task: Task, address: number, length: number): number {
  if (address % PAGE || length <= 0) return EINVAL;
  task.mm!.unmap(address, address + pageUp(length));
  k.sched.spend(MUNMAP_NS);
  return 0;
}

const securityFileMprotect = securityHook<[number, number, number]>(
  'file_mprotect',
  (k, address, requested, prot) => [vmaWord(k, address), requested, prot],
);

/** The `vm_area_struct` of a user address, NULL where nothing is mapped. */
function vmaWord(k: Kernel, address: number): number {
  const mm = k.task.mm!;
  const vma = mm.findVma(address);
  return vma ? k.ptr(vmaStruct(k, mm, vma)) : 0;
}

function mprotect(k: Kernel, task: Task, address: number, length: number, prot: number): number {
  if (address % PAGE) return EINVAL;
  const denied = securityFileMprotect(k, address, prot, prot);
  if (denied < 0) return denied;
  k.sched.spend(MMAP_NS / 2);
  return task.mm!.protect(address, address + pageUp(length), prot & 7) ? 0 : ENOMEM;
}

function madvise(task: Task, address: number, length: number, advice: number): number {
  if (address % PAGE) return EINVAL;
  if (advice === MADV_DONTNEED) task.mm!.discard(address, address + pageUp(length));
  return 0;
}

function mremap(k: Kernel, task: Task, old: number, oldLength: number, length: number): number {
  const mm = task.mm!;
  const vma = mm.findVma(old);
  if (!vma) return -14;
  const at = mm.findFree(length);
  if (at <= 0) return ENOMEM;
  mm.map(at, length, vma.flags, vma.name, vma.file, vma.fileOffset);
  mm.movePages(old, at, Math.min(oldLength, length));
  mm.unmap(old, old + pageUp(oldLength));
  k.sched.spend(MMAP_NS * 2);
  return at;
}

/** Address space (`mm/mmap.c`, `mm/mprotect.c`, `mm/madvise.c`). */
export const MEMORY: HandlerTable = {
  mmap: [120, (k, task, a, b, c, d, e, f) => mmap(k, task, a, b, c, d, e, f)],
  munmap: [120, (k, task, address, length) => munmap(k, task, address, length)],
  mprotect: [120, (k, task, address, length, prot) => mprotect(k, task, address, length, prot)],
  brk: [100, (k, task, wanted) => brk(k, task, wanted)],
  madvise: [200, (_k, task, address, length, advice) => madvise(task, address, length, advice)],
  mremap: [200, (k, task, old, oldLength, length) => mremap(k, task, old, oldLength, length)],
  msync: [400, () => 0],
  mlock: [300, () => 0],
  munlock: [300, () => 0],
};
