import type { Kernel } from '../kernel';
import { traced } from '../trace/traced';
import type { AddressSpace, Vma } from './address-space';

/** `X86_PF_*` bits of the error code. */
const PF_WRITE = 2;
const PF_USER = 4;
const FAULT_COST_NS = 650;

const handleMmFault = traced<[Vma, number, number, AddressSpace]>(
  'handle_mm_fault',
  (k, vma, address, flags, mm) => [k.ptr(vmaStruct(k, mm, vma)), address, flags, k.ptr(k.regs.current())],
  (k) => {
    k.sched.spend(FAULT_COST_NS);
    return 0;
  },
);

/** Writes a mapping's `vm_area_struct` when first asked for. */
/** A mapping's `vm_area_struct`, made when something first looks at it. @returns its offset */
export function vmaStruct(k: Kernel, mm: AddressSpace, vma: Vma): number {
  if (vma.offset) return vma.offset;
  const L = k.layout.vma;
  vma.offset = k.memory.alloc(L.sizeBytes);
  k.w.put(vma.offset, L.vm_start, vma.start);
  k.w.put(vma.offset, L.vm_end, vma.end);
  k.w.ptr(vma.offset, L.vm_mm, mm.offset);
  k.w.put(vma.offset, L.vm_flags, vma.flags);
  k.w.put(vma.offset, L.vm_pgoff, vma.fileOffset / 4096);
  if (vma.file) k.w.ptr(vma.offset, L.vm_file, vma.file.offset);
  return vma.offset;
}

/** Page faults: tracepoints, counters, perf events. */
export class PageFaults {
  constructor(private readonly k: Kernel) {}

  /** A page is made for the current task without disk I/O. */
  minor(mm: AddressSpace, vma: Vma, address: number, write: boolean): void {
    const { k } = this;
    const { task } = k;
    if (task.mm !== mm) return;
    const user = task.stack.depth === 0;
    const code = (write ? PF_WRITE : 0) | (user ? PF_USER : 0);
    const tp = user ? k.tp.pageFaultUser : k.tp.pageFaultKernel;
    if (tp.active) tp.fire(address, k.userIp(task), code);
    handleMmFault(k, vma, address, write ? 1 : 0, mm);
    task.minFlt++;
    k.tasks.writeFaults(task);
    k.perf.count('page-faults', address);
    k.perf.count('minor-faults', address);
  }
}
