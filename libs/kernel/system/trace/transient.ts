import { lo32 } from '@probed/base';
import type { Kernel } from '../kernel';
import type { File } from '../vfs/file';
import type { Path } from '../vfs/mount';
import type { Found } from '../vfs/namei';

/** Blocks that are used in turn: enough that no probed call in progress loses its own. */
const SLOTS = 64;
const SLOT_BYTES = 1024;

/**
 * Kernel objects that live for one call only (a path, a filename, a message header): written to linear memory just
 * before a probed function that takes one, and only when something is attached. Addresses are signed words.
 */
export class Transients {
  private readonly base: number;
  private next = 0;
  private loffAt = 0;
  private readonly nameidataName: { offset: number; bytes: number } | undefined;
  private readonly nameidataHash: { offset: number; bytes: number } | undefined;
  private readonly qstrName: { offset: number; bytes: number } | undefined;
  private readonly kiocbPos: { offset: number; bytes: number } | undefined;
  private readonly iovIterCount: { offset: number; bytes: number } | undefined;

  constructor(private readonly k: Kernel) {
    this.base = k.memory.alloc(SLOTS * SLOT_BYTES);
    this.nameidataName = k.field('nameidata', 'last.name');
    this.nameidataHash = k.field('nameidata', 'last.len');
    this.qstrName = k.field('qstr', 'name');
    this.kiocbPos = k.field('kiocb', 'ki_pos');
    this.iovIterCount = k.field('iov_iter', 'count');
  }

  /** A zeroed slot; valid until 63 more have been taken. */
  take(): number {
    const at = this.base + this.next * SLOT_BYTES;
    this.next = (this.next + 1) % SLOTS;
    this.k.memory.u8.fill(0, at, at + SLOT_BYTES);
    return at;
  }

  /** Text at `at`, cut to what the slot holds. */
  private text(at: number, value: string): number {
    const bytes = new TextEncoder().encode(value).subarray(0, SLOT_BYTES - 1);
    this.k.memory.u8.set(bytes, at);
    return at;
  }

  path(path: Path): number {
    const { w, layout } = this.k;
    const at = this.take();
    w.ptr(at, layout.path.mnt, path.mnt.vfsmount);
    w.ptr(at, layout.path.dentry, path.dentry.offset);
    return this.k.ptr(at);
  }

  filename(path: string, uptr: number): number {
    const { k } = this;
    const at = this.take();
    k.w.ptr(at, k.layout.filename.name, this.text(this.take(), path));
    k.w.put(at, k.layout.filename.uptr, uptr);
    return k.ptr(at);
  }

  openHow(flags: number, mode: number): number {
    const { k } = this;
    const at = this.take();
    k.w.put(at, k.layout.openHow.flags, lo32(flags));
    k.w.put(at, k.layout.openHow.mode, mode);
    return k.ptr(at);
  }

  renamedata(from: Found, to: Found): number {
    const { w, layout } = this.k;
    const L = layout.renamedata;
    const at = this.take();
    w.ptr(at, L.old_parent, from.parent.dentry.offset);
    w.ptr(at, L.old_dentry, from.path.dentry.offset);
    w.ptr(at, L.new_parent, to.parent.dentry.offset);
    w.ptr(at, L.new_dentry, to.path.dentry.offset);
    return this.k.ptr(at);
  }

  /** The caller's own `loff_t`, as pread64 has one; whoever moves it asks {@link claimLoff} for it. */
  loff(pos: number): number {
    this.loffAt = this.take();
    this.k.writeWord(this.loffAt, pos);
    return this.k.ptr(this.loffAt);
  }

  /** Offset of the `loff_t` that was made for the call that begins now, once; 0 when nobody looks at it. */
  claimLoff(): number {
    const at = this.loffAt;
    this.loffAt = 0;
    return at;
  }

  qstr(name: string): number {
    const { k } = this;
    const at = this.take();
    if (this.qstrName) k.w.ptr(at, this.qstrName, this.text(this.take(), name));
    return k.ptr(at);
  }

  nameidata(dir: Path, name: string): number {
    const { k } = this;
    const at = this.take();
    k.w.ptr(at, k.layout.path.mnt, dir.mnt.vfsmount);
    k.w.ptr(at, k.layout.path.dentry, dir.dentry.offset);
    if (this.nameidataName) k.w.ptr(at, this.nameidataName, this.text(this.take(), name));
    if (this.nameidataHash) k.w.put(at, this.nameidataHash, name.length);
    return k.ptr(at);
  }

  /** A `struct kiocb`, whose first member is the file. */
  kiocb(file: File, pos = 0): number {
    const at = this.take();
    this.k.writeWord(at, this.k.ptr(file.offset));
    if (this.kiocbPos) this.k.writeWord(at + this.kiocbPos.offset, pos);
    return this.k.ptr(at);
  }

  /** A `struct iov_iter` over `bytes` bytes. */
  iovIter(bytes: number): number {
    const at = this.take();
    if (this.iovIterCount) this.k.writeWord(at + this.iovIterCount.offset, bytes);
    return this.k.ptr(at);
  }

  /** A `struct msghdr` for `bytes` bytes with an optional name already in linear memory. */
  msghdr(bytes: number, name = 0, nameLength = 0): number {
    const { k } = this;
    const L = k.layout.msghdr;
    const at = this.take();
    k.w.ptr(at, L.msg_name, name);
    k.w.put(at, L.msg_namelen, nameLength);
    k.w.put(at, L['msg_iter.count'], bytes);
    return k.ptr(at);
  }

  cloneArgs(flags: number, exitSignal: number): number {
    const { k } = this;
    const at = this.take();
    k.w.put(at, k.layout.cloneArgs.flags, flags);
    k.w.put(at, k.layout.cloneArgs.exit_signal, exitSignal);
    return k.ptr(at);
  }

  /** Raw bytes, e.g. a `struct sockaddr`. @returns their offset */
  bytes(data: Uint8Array): number {
    const at = this.take();
    this.k.memory.u8.set(data.subarray(0, SLOT_BYTES), at);
    return at;
  }
}
