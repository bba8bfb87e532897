/** `attr.log_level` bits (include/linux/bpf_verifier.h). */
const LOG_LEVEL1 = 1;
const LOG_LEVEL2 = 2;
export const LOG_STATS = 4;

/** Characters of log that are kept, from its end, as a caller's buffer of that size would (`BPF_LOG_FIXED` unset). */
const LOG_CHARS_MAX = 1 << 25;
/** Dropped chunks after which the list of chunks is cut. */
const DROPPED_MAX = 1 << 16;

/**
 * The verifier log as one growing text that can be cut back to an earlier position, as `struct bpf_verifier_log`:
 * at level 1 the log of every branch walked to its end is dropped again. Of a log that is too long the end is kept.
 */
export class LogBuffer {
  private chunks: string[] = [];
  /** Chunks at the front that were dropped, and the characters in them. */
  private dropped = 0;
  private start = 0;
  private length = 0;
  /** First complaint of the run, whatever the level. */
  private complaint: string[] = [];

  constructor(
    readonly level: number,
    private readonly charsMax = LOG_CHARS_MAX,
  ) {}

  get level2(): boolean {
    return (this.level & LOG_LEVEL2) !== 0;
  }

  /** Whether instructions and states are printed at all. */
  get detailed(): boolean {
    return (this.level & (LOG_LEVEL1 | LOG_LEVEL2)) !== 0;
  }

  /** Position in characters (`log->end_pos`). */
  get position(): number {
    return this.length;
  }

  /** Appends text when any level is on. */
  print(text: string): void {
    if (this.level === 0) return;
    this.chunks.push(text);
    this.length += text.length;
    if (this.length - this.start > this.charsMax) this.forget();
  }

  private forget(): void {
    while (this.length - this.start > this.charsMax && this.dropped < this.chunks.length - 1) {
      this.start += this.chunks[this.dropped].length;
      this.chunks[this.dropped++] = '';
    }
    if (this.dropped < DROPPED_MAX) return;
    this.chunks = this.chunks.slice(this.dropped);
    this.dropped = 0;
  }

  /** A line of the verdict: kept at level 0 too. */
  complain(line: string): void {
    this.complaint.push(line);
    this.print(`${line}\n`);
  }

  /** Complaints so far, in order. */
  get complaints(): readonly string[] {
    return this.complaint;
  }

  /** Drops all complaints but the first `count`: what the others ended did not refuse the program. */
  forgetComplaints(count: number): void {
    this.complaint.length = count;
  }

  /** `bpf_vlog_reset`: cuts the text back to `position`. */
  reset(position: number): void {
    while (this.length > Math.max(position, this.start)) {
      const last = this.chunks.pop() ?? '';
      this.length -= last.length;
      if (this.length < position) {
        const keep = last.slice(0, position - this.length);
        this.chunks.push(keep);
        this.length += keep.length;
      }
    }
    if (position >= this.start) return;
    // All that was kept is gone, and what came before it was dropped.
    this.chunks = [];
    this.dropped = 0;
    this.start = position;
    this.length = position;
  }

  lines(): string[] {
    if (this.level === 0) return [...this.complaint];
    const text = this.chunks.join('');
    const lines = text.split('\n');
    if (lines[lines.length - 1] === '') lines.pop();
    return lines;
  }
}
