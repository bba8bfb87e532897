import type { Kernel } from '../kernel';
import type { File } from './file';

/** Descriptors that fit without a separate table (`NR_OPEN_DEFAULT`). */
const INITIAL_FDS = 64;
/** `RLIMIT_NOFILE` of containers. */
const MAX_FDS = 65_536;
const EMFILE = -24;

/** A process's descriptor table (`files_struct` with its `fdtable`). */
export class FilesStruct {
  readonly offset: number;
  users = 1;
  readonly fds: (File | undefined)[] = [];
  readonly closeOnExec = new Set<number>();
  private table: number;
  private capacity = INITIAL_FDS;
  private firstFree = 0;

  constructor(private readonly k: Kernel) {
    const { files, fdtable } = k.layout;
    this.offset = k.memory.alloc(files.sizeBytes);
    const fdt = this.fdtable;
    this.table = this.offset + Math.max(0, files.fd_array.offset);
    k.w.put(this.offset, files.count, 1);
    k.w.ptr(this.offset, files.fdt, fdt);
    k.w.ptr(fdt, fdtable.fd, this.table);
    k.w.put(fdt, fdtable.max_fds, INITIAL_FDS);
  }

  get(fd: number): File | undefined {
    return this.fds[fd];
  }

  /** Lowest free descriptor ≥ `from`, or -EMFILE. */
  unused(from = 0): number {
    let fd = Math.max(from, this.firstFree);
    while (this.fds[fd]) fd++;
    return fd < MAX_FDS ? fd : EMFILE;
  }

  install(fd: number, file: File, closeOnExec: boolean): void {
    const { k } = this;
    if (fd >= this.capacity) this.grow(fd);
    this.fds[fd] = file;
    if (closeOnExec) this.closeOnExec.add(fd);
    else this.closeOnExec.delete(fd);
    k.writeWord(this.table + fd * 8, k.ptr(file.offset));
    if (fd === this.firstFree) this.firstFree = fd + 1;
  }

  remove(fd: number): File | undefined {
    const file = this.fds[fd];
    if (!file) return undefined;
    this.fds[fd] = undefined;
    this.closeOnExec.delete(fd);
    this.k.writeWord(this.table + fd * 8, 0);
    if (fd < this.firstFree) this.firstFree = fd;
    return file;
  }

  /** What a child gets: the same descriptions under the same numbers. */
  fork(): FilesStruct {
    const copy = new FilesStruct(this.k);
    this.fds.forEach((file, fd) => {
      if (!file) return;
      file.refs++;
      copy.install(fd, file, this.closeOnExec.has(fd));
    });
    return copy;
  }

  /** Frees the structs; the caller has closed the files. */
  free(): void {
    if (this.capacity > INITIAL_FDS) this.k.memory.free(this.table);
    this.k.memory.free(this.offset);
  }

  private get fdtable(): number {
    return this.offset + Math.max(0, this.k.layout.files.fdtab.offset);
  }

  private grow(fd: number): void {
    const { k } = this;
    const before = this.capacity;
    while (this.capacity <= fd) this.capacity *= 2;
    const table = k.memory.alloc(this.capacity * 8);
    k.memory.u8.copyWithin(table, this.table, this.table + before * 8);
    if (before > INITIAL_FDS) k.memory.free(this.table);
    this.table = table;
    k.w.ptr(this.fdtable, k.layout.fdtable.fd, table);
    k.w.put(this.fdtable, k.layout.fdtable.max_fds, this.capacity);
  }
}
