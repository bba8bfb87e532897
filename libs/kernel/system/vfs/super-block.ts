import type { Kernel } from '../kernel';

/** File systems that exist here: magic number and read path, by name. */
export const FS_TYPES = {
  ext4: 0xef53,
  overlay: 0x794c7630,
  tmpfs: 0x01021994,
  devtmpfs: 0x01021994,
  proc: 0x9fa0,
  sysfs: 0x62656572,
  cgroup2: 0x63677270,
  devpts: 0x1cd1,
  pipefs: 0x50495045,
  sockfs: 0x534f434b,
  anon_inodefs: 0x09041934,
  nsfs: 0x6e736673,
} as const;

export type FsTypeName = keyof typeof FS_TYPES;

/** What tasks may write to one file system, bytes: a container's limit of ephemeral storage. */
const CAPACITY_BYTES = 192 * 1024 * 1024;

/** One mounted file system instance. */
export class SuperBlock {
  readonly offset: number;
  private nextIno: number;
  /** Bytes of content that tasks have written. */
  private writtenBytes = 0;

  constructor(
    k: Kernel,
    readonly fsType: FsTypeName,
    /** As the kernel encodes it: major << 20 | minor. */
    readonly dev: number,
    id: string,
    firstIno = 2,
  ) {
    const L = k.layout.superBlock;
    this.offset = k.memory.alloc(L.sizeBytes);
    this.nextIno = firstIno;
    k.w.put(this.offset, L.s_dev, dev);
    k.w.put(this.offset, L.s_magic, FS_TYPES[fsType]);
    k.w.put(this.offset, L.s_blocksize, 4096);
    k.w.text(this.offset, L.s_id, id);
    k.w.ptr(this.offset, L.s_user_ns, k.ns.initUser.offset);
    k.w.ptr(this.offset, L.s_type, k.fsTypeStruct(fsType));
  }

  /** Takes space for file contents; false when there is not as much (ENOSPC). */
  reserve(bytes: number): boolean {
    if (this.writtenBytes + bytes > CAPACITY_BYTES) return false;
    this.writtenBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.writtenBytes = Math.max(0, this.writtenBytes - bytes);
  }

  allocIno(): number {
    return this.nextIno++;
  }
}
