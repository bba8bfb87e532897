/** `attr.log_level` bits (include/linux/bpf_verifier.h). */
const LOG_LEVEL1 = 1;
const LOG_LEVEL2 = 2;
export const LOG_STATS = 4;

/**
 * The verifier log as one growing text that can be cut back to an earlier position, as `struct bpf_verifier_log`:
 * at level 1 the log of every branch walked to its end is dropped again.
 */
export class LogBuffer {
  private chunks: string[] = [];
  private length = 0;
  /** First complaint of the run, whatever the level. */
  private complaint: string[] = [];

  constructor(readonly level: number) {}

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

  /** `bpf_vlog_reset`: cuts the text back to `position`. */
  reset(position: number): void {
    while (this.length > position) {
      const last = this.chunks.pop() ?? '';
      this.length -= last.length;
      if (this.length < position) {
        const keep = last.slice(0, position - this.length);
        this.chunks.push(keep);
        this.length += keep.length;
      }
    }
  }

  lines(): string[] {
    if (this.level === 0) return [...this.complaint];
    const text = this.chunks.join('');
    const lines = text.split('\n');
    if (lines[lines.length - 1] === '') lines.pop();
    return lines;
  }
}
