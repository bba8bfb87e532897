import { addressOf } from '@probed/memory';
import type { AttachEnv } from '../attach-env';

/** Bytes that programs may write before user space takes them: PAGE_SIZE << 3 (kernel/bpf/bpf_iter.c: bpf_seq_read). */
const BUFFER_BYTES = 32_768;

/** Where an iterator's program writes: a `struct seq_file` that it is given, with a buffer of {@link BUFFER_BYTES}. */
export class SeqFile {
  /** Offset of the `struct seq_file`. */
  readonly offset: number;
  private readonly buffer = new Uint8Array(BUFFER_BYTES);
  private count = 0;
  /** Something did not fit. */
  overflowed = false;

  constructor(private readonly env: AttachEnv) {
    const struct = env.btf.findByName('seq_file', 'struct');
    this.offset = env.memory.alloc(struct === undefined ? 64 : env.btf.sizeOf(struct));
    env.services.openSeq(this.offset, this);
  }

  /** `struct seq_file *` as a word. */
  get address(): number {
    return addressOf(this.offset);
  }

  /** How full the buffer is, bytes. */
  get mark(): number {
    return this.count;
  }

  /** Takes all or nothing (fs/seq_file.c: seq_write). @returns false when it does not fit */
  write(bytes: Uint8Array): boolean {
    if (this.overflowed || this.count + bytes.length >= BUFFER_BYTES) {
      this.overflowed = true;
      return false;
    }
    this.buffer.set(bytes, this.count);
    this.count += bytes.length;
    return true;
  }

  /** Forgets what came after a mark. */
  truncate(mark: number): void {
    this.count = mark;
    this.overflowed = false;
  }

  /** What has been written, for user space; the buffer is empty then. */
  take(): Uint8Array {
    const bytes = this.buffer.slice(0, this.count);
    this.count = 0;
    return bytes;
  }

  close(): void {
    this.env.services.closeSeq(this.offset);
    this.env.memory.free(this.offset);
  }
}
