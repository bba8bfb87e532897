import type { RecordDocument, RunDocument } from '../output/documents';
import type { Printer } from '../output/printer';
import type { RunOutput } from '../output/run-output';

const SECOND_NS = 1e9;

/** Keeps a busy node readable: of busy examples only the first records of every second, and how many came after them. */
export class ThinnedOutput implements RunOutput {
  private readonly hidden = new Map<string, number>();
  private readonly shown = new Map<string, number>();
  private second = -1;

  constructor(
    private readonly output: RunOutput,
    private readonly printer: Printer,
    /** Records shown in each second of virtual time, by object; all of those that are not named. */
    private readonly limits: ReadonlyMap<string, number>,
  ) {}

  put(document: RunDocument): void {
    if (document.type === 'record' && !this.admits(document)) return;
    if (document.type === 'map' || document.type === 'summary') this.tellHidden();
    this.output.put(document);
  }

  drain(): Promise<void> {
    return this.output.drain();
  }

  private admits({ ktime_ns, object }: RecordDocument): boolean {
    const second = Math.floor(ktime_ns / SECOND_NS);
    if (second !== this.second) {
      this.tellHidden();
      this.second = second;
    }
    const shown = this.shown.get(object) ?? 0;
    const counts = shown < (this.limits.get(object) ?? Number.POSITIVE_INFINITY) ? this.shown : this.hidden;
    counts.set(object, (counts.get(object) ?? 0) + 1);
    return counts === this.shown;
  }

  private tellHidden(): void {
    const counts = [...this.hidden].map(([object, count]) => `${count} of ${object}`);
    if (counts.length) this.printer.text(`… and in this second ${counts.join(', ')} more`);
    this.hidden.clear();
    this.shown.clear();
  }
}
