import { UnprintableError } from './fault';

/** Output beyond this is refused: anonymous types nested in one another print at each use. A vmlinux takes 3 MB. */
const OUTPUT_CHARS_MAX = 64 * 1024 * 1024;

/** Pieces of text that are put together at once; kept apart, a vmlinux.h would be 300,000 of them. */
const PIECES_MAX = 4096;

/** Collects C text, up to a bound. */
export class Output {
  private readonly blocks: string[] = [];
  private parts: string[] = [];
  private chars = 0;

  write(text: string): void {
    this.chars += text.length;
    if (this.chars > OUTPUT_CHARS_MAX) throw new UnprintableError('the types are too large to print');
    if (this.parts.push(text) === PIECES_MAX) this.settle();
  }

  toString(): string {
    this.settle();
    return this.blocks.join('');
  }

  private settle(): void {
    this.blocks.push(this.parts.join(''));
    this.parts = [];
  }
}

/** Tabs in front of a line; bpftool stops at 13. */
export function tabs(level: number): string {
  return '\t'.repeat(Math.min(level, 13));
}
