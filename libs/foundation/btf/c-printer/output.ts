import { UnprintableError } from './fault';

/** Output beyond this is refused: anonymous types nested in one another print at each use. A vmlinux takes 3 MB. */
const OUTPUT_CHARS_MAX = 64 * 1024 * 1024;

/** Collects C text, up to a bound. */
export class Output {
  private readonly parts: string[] = [];
  private chars = 0;

  write(text: string): void {
    this.chars += text.length;
    if (this.chars > OUTPUT_CHARS_MAX) throw new UnprintableError('the types are too large to print');
    this.parts.push(text);
  }

  toString(): string {
    return this.parts.join('');
  }
}

/** Tabs in front of a line; bpftool stops at 13. */
export function tabs(level: number): string {
  return '\t'.repeat(Math.min(level, 13));
}
