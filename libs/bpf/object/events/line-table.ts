import type { LineInfo, ProgramSpec } from '@probed/spec';

/** The statement of C that each instruction comes from, as far as it is on one line. */
export class LineTable {
  private readonly lines: readonly LineInfo[];

  constructor({ lineInfo }: Pick<ProgramSpec, 'lineInfo'>) {
    this.lines = lineInfo
      .map((line) => ({ ...line, text: statementAt(line.text, line.column) }))
      .sort((a, b) => a.insn - b.insn);
  }

  get all(): readonly LineInfo[] {
    return this.lines;
  }

  /** The last line that begins at or before a slot; compilers leave out lines that do not change. */
  at(slot: number): LineInfo | undefined {
    let low = 0;
    let high = this.lines.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.lines[middle].insn <= slot) low = middle + 1;
      else high = middle;
    }
    return this.lines[low - 1];
  }
}

/** Of a line with several statements, the one at a column (from 1). */
function statementAt(text: string, column: number): string {
  if (column < 1 || column > text.length) return text;
  const start = column < 2 ? 0 : text.lastIndexOf(';', column - 2) + 1;
  const end = text.indexOf(';', column - 1);
  return text.slice(start, end < 0 ? text.length : end + 1);
}
