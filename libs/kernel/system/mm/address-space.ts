import { PAGE_BYTES } from '@probed/memory';
import type { Kernel } from '../kernel';
import type { File } from '../vfs/file';
import { putFile } from '../vfs/open';

/** `PROT_*` bits. */
export const PROT = { READ: 1, WRITE: 2, EXEC: 4 } as const;
/** `VM_*` bits beyond the three that equal PROT_*. */
export const VM = { SHARED: 8, GROWSDOWN: 0x100 } as const;

/** End of user space, `TASK_SIZE`. */
export const TASK_SIZE = 0x7fff_ffff_f000;

/** One mapping, [start, end) in bytes. */
export interface Vma {
  start: number;
  end: number;
  flags: number;
  readonly file: File | undefined;
  /** Offset of `start` in the file, bytes. */
  fileOffset: number;
  /** As /proc/PID/maps prints it: `[heap]`, `[stack]`, a path, or empty. */
  readonly name: string;
  /** Its `vm_area_struct`, made when something can see it. */
  offset: number;
}

/** Text and data limits that exec sets. */
export interface MmMarks {
  startCode: number;
  endCode: number;
  startData: number;
  endData: number;
  startBrk: number;
  brk: number;
  startStack: number;
  argStart: number;
  argEnd: number;
  envStart: number;
  envEnd: number;
}

/**
 * One user address space (`mm_struct`): mappings, and the pages that have been touched. Pages are blocks of linear
 * memory; after fork they are shared until written (`k.pages` counts the sharers).
 */
export class AddressSpace {
  readonly offset: number;
  users = 1;
  /** Page number → offset of the page. */
  readonly pages = new Map<number, number>();
  vmas: Vma[] = [];
  exe: File | undefined;
  mmapBase = 0;
  readonly marks: MmMarks = {
    startCode: 0,
    endCode: 0,
    startData: 0,
    endData: 0,
    startBrk: 0,
    brk: 0,
    startStack: 0,
    argStart: 0,
    argEnd: 0,
    envStart: 0,
    envEnd: 0,
  };

  constructor(private readonly k: Kernel) {
    this.offset = k.memory.alloc(k.layout.mm.sizeBytes);
    k.w.put(this.offset, k.layout.mm.mm_users, 1);
    k.w.put(this.offset, k.layout.mm.mm_count, 1);
    k.w.put(this.offset, k.layout.mm.task_size, TASK_SIZE);
    k.w.ptr(this.offset, k.layout.mm.user_ns, k.ns.initUser.offset);
  }

  /** Writes the marks to `mm_struct`. */
  writeMarks(): void {
    const { k, marks: m, offset: at } = this;
    const L = k.layout.mm;
    k.w.put(at, L.start_code, m.startCode);
    k.w.put(at, L.end_code, m.endCode);
    k.w.put(at, L.start_data, m.startData);
    k.w.put(at, L.end_data, m.endData);
    k.w.put(at, L.start_brk, m.startBrk);
    k.w.put(at, L.brk, m.brk);
    k.w.put(at, L.start_stack, m.startStack);
    k.w.put(at, L.arg_start, m.argStart);
    k.w.put(at, L.arg_end, m.argEnd);
    k.w.put(at, L.env_start, m.envStart);
    k.w.put(at, L.env_end, m.envEnd);
    k.w.put(at, L.mmap_base, this.mmapBase);
  }

  /** Takes over the caller's reference. */
  setExe(file: File): void {
    this.exe = file;
    this.k.w.ptr(this.offset, this.k.layout.mm.exe_file, file.offset);
  }

  findVma(address: number): Vma | undefined {
    for (const vma of this.vmas) if (address < vma.end) return address >= vma.start ? vma : undefined;
    return undefined;
  }

  /** Adds a mapping; the range must be free. */
  map(start: number, bytes: number, flags: number, name = '', file?: File, fileOffset = 0): Vma {
    const end = start + pageUp(bytes);
    const vma: Vma = { start, end, flags, file, fileOffset, name, offset: 0 };
    retain(vma);
    let at = this.vmas.findIndex((other) => other.start >= end);
    if (at < 0) at = this.vmas.length;
    this.vmas.splice(at, 0, vma);
    this.writeTotals();
    return vma;
  }

  /** Top-down search as `arch_get_unmapped_area_topdown`; 0 when nothing fits. */
  findFree(bytes: number): number {
    const need = pageUp(bytes);
    let top = this.mmapBase;
    for (let i = this.vmas.length - 1; i >= 0; i--) {
      const vma = this.vmas[i];
      if (vma.start >= top) continue;
      if (top - vma.end >= need) return top - need;
      top = vma.start;
    }
    return top >= need + PAGE_BYTES * 16 ? top - need : 0;
  }

  /** Removes [start, end), splitting mappings at its edges. */
  unmap(start: number, end: number): void {
    const kept: Vma[] = [];
    for (const vma of this.vmas) {
      if (vma.end <= start || vma.start >= end) {
        kept.push(vma);
        continue;
      }
      if (vma.start < start) kept.push(retain({ ...vma, end: start, offset: 0 }));
      if (vma.end > end)
        kept.push(retain({ ...vma, start: end, fileOffset: vma.fileOffset + end - vma.start, offset: 0 }));
      this.dropVma(vma);
    }
    this.vmas = kept;
    for (let page = start / PAGE_BYTES; page < end / PAGE_BYTES && this.pages.size > 0; page++)
      this.dropPage(page);
    this.writeTotals();
  }

  /** `mprotect`. @returns false when part of the range is not mapped */
  protect(start: number, end: number, prot: number): boolean {
    const inside = this.vmas.filter((vma) => vma.end > start && vma.start < end);
    let covered = 0;
    for (const vma of inside) covered += Math.min(vma.end, end) - Math.max(vma.start, start);
    if (covered < end - start) return false;
    this.vmas = this.vmas.flatMap((vma) => {
      if (vma.end <= start || vma.start >= end) return [vma];
      const parts: Vma[] = [];
      const cut = (from: number, to: number, flags: number) => {
        const fileOffset = vma.fileOffset + from - vma.start;
        if (from < to) parts.push(retain({ ...vma, start: from, end: to, flags, fileOffset, offset: 0 }));
      };
      cut(vma.start, Math.max(vma.start, start), vma.flags);
      cut(Math.max(vma.start, start), Math.min(vma.end, end), (vma.flags & ~7) | prot);
      cut(Math.min(vma.end, end), vma.end, vma.flags);
      this.dropVma(vma);
      return parts;
    });
    return true;
  }

  /** `MADV_DONTNEED`: pages go, the mapping stays and reads as zero or file content again. */
  discard(start: number, end: number): void {
    for (let page = start / PAGE_BYTES; page < end / PAGE_BYTES && this.pages.size > 0; page++)
      this.dropPage(page);
  }

  /** Gives the pages of [from, from + bytes) to another place (`mremap`). */
  movePages(from: number, to: number, bytes: number): void {
    const shift = (to - from) / PAGE_BYTES;
    for (let page = from / PAGE_BYTES; page < pageUp(from + bytes) / PAGE_BYTES; page++) {
      const offset = this.pages.get(page);
      if (offset === undefined) continue;
      this.pages.delete(page);
      this.pages.set(page + shift, offset);
    }
  }

  /** A copy that shares all pages until one side writes. */
  fork(): AddressSpace {
    const copy = new AddressSpace(this.k);
    for (const [page, offset] of this.pages) {
      copy.pages.set(page, offset);
      this.k.pages.share(offset);
    }
    copy.vmas = this.vmas.map((vma) => retain({ ...vma, offset: 0 }));
    copy.mmapBase = this.mmapBase;
    Object.assign(copy.marks, this.marks);
    if (this.exe) {
      this.exe.refs++;
      copy.setExe(this.exe);
    }
    copy.writeMarks();
    copy.writeTotals();
    return copy;
  }

  release(): void {
    if (--this.users > 0) return;
    for (const offset of this.pages.values()) this.k.pages.drop(offset);
    this.pages.clear();
    for (const vma of this.vmas) this.dropVma(vma);
    if (this.exe) putFile(this.k, this.exe);
    this.k.memory.free(this.offset);
  }

  /**
   * Offset of the byte at `address` for reading, faulting its page in; -1 when nothing is mapped there.
   * @param touch false for readers that must not fault (`bpf_probe_read_user`)
   */
  readAt(address: number, touch: boolean): number {
    const number = Math.floor(address / PAGE_BYTES);
    let page = this.pages.get(number);
    if (page === undefined) {
      if (!touch) return -1;
      page = this.fault(number, false);
      if (page < 0) return -1;
    }
    return page + (address - number * PAGE_BYTES);
  }

  /** The same for writing; a shared page is copied first, a read-only mapping gives -1. */
  writeAt(address: number, touch: boolean): number {
    const number = Math.floor(address / PAGE_BYTES);
    let page = this.pages.get(number);
    if (page === undefined) {
      if (!touch) return -1;
      page = this.fault(number, true);
      if (page < 0) return -1;
    } else if (this.k.pages.shared(page)) {
      page = this.copyOnWrite(number, page);
    }
    if (!touch) {
      const vma = this.findVma(address);
      if (!vma || !(vma.flags & PROT.WRITE)) return -1;
    }
    return page + (address - number * PAGE_BYTES);
  }

  private fault(number: number, write: boolean): number {
    const { k } = this;
    const address = number * PAGE_BYTES;
    const vma = this.findVma(address);
    if (!vma || (write && !(vma.flags & PROT.WRITE))) return -1;
    const page = k.memory.tryAlloc(PAGE_BYTES);
    if (page === undefined) return -1;
    k.faults.minor(this, vma, address, write);
    if (vma.file) {
      const at = vma.fileOffset + address - vma.start;
      vma.file.inode.readInto(k.memory.u8, page, at, PAGE_BYTES);
    }
    this.pages.set(number, page);
    return page;
  }

  private copyOnWrite(number: number, shared: number): number {
    const { k } = this;
    const page = k.memory.alloc(PAGE_BYTES);
    k.memory.u8.copyWithin(page, shared, shared + PAGE_BYTES);
    k.pages.drop(shared);
    this.pages.set(number, page);
    const vma = this.findVma(number * PAGE_BYTES);
    if (vma) k.faults.minor(this, vma, number * PAGE_BYTES, true);
    return page;
  }

  private dropPage(number: number): void {
    const page = this.pages.get(number);
    if (page === undefined) return;
    this.pages.delete(number);
    this.k.pages.drop(page);
  }

  private dropVma(vma: Vma): void {
    if (vma.file) putFile(this.k, vma.file);
    if (vma.offset) this.k.memory.free(vma.offset);
    vma.offset = 0;
  }

  private writeTotals(): void {
    const { k } = this;
    let pages = 0;
    for (const vma of this.vmas) pages += (vma.end - vma.start) / PAGE_BYTES;
    k.w.put(this.offset, k.layout.mm.total_vm, pages);
    k.w.put(this.offset, k.layout.mm.map_count, this.vmas.length);
  }
}

/** A mapping holds a reference to its file. */
function retain(vma: Vma): Vma {
  if (vma.file) vma.file.refs++;
  return vma;
}

export function pageUp(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}
