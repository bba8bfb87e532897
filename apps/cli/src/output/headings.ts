/** A heading is repeated when this many lines of other tables came in between. */
const REPEATED_AFTER_LINES = 30;

/** When tables whose rows come interleaved show their headings: before the first row, and again when far up. */
export class Headings {
  private readonly shownAt = new Map<string, number>();
  private lines = 0;
  private last = '';

  /** A line was printed, of whatever kind. */
  count(): void {
    this.lines++;
  }

  /** Before a row of a table: whether its heading is to be printed now. */
  due(table: string): boolean {
    const at = this.shownAt.get(table);
    const stale = at !== undefined && this.last !== table && this.lines - at > REPEATED_AFTER_LINES;
    this.last = table;
    if (at !== undefined && !stale) return false;
    this.shownAt.set(table, this.lines + 1);
    return true;
  }
}
