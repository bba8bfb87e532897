import { escapePattern } from './pattern';

/** A stretch of an expanded word and what may still happen to it. */
export interface Chunk {
  readonly text: string;
  /**
   * `literal`: stands as it is. `glob`: an active pattern character sequence. `split`: result of an unquoted
   * expansion, to be split at IFS and matched against file names.
   */
  readonly kind: 'literal' | 'glob' | 'split';
}

/** One word in the making: a list of fields, each a list of chunks. */
export class FieldBuilder {
  readonly fields: Chunk[][] = [];
  private current: Chunk[] | undefined;

  add(text: string, kind: Chunk['kind']): void {
    this.current ??= this.open();
    this.current.push({ text, kind });
  }

  /** What follows is another field, whatever IFS says: elements of "$@". */
  break(): void {
    this.current = undefined;
  }

  private open(): Chunk[] {
    const field: Chunk[] = [];
    this.fields.push(field);
    return field;
  }
}

function isWhite(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\n';
}

/** Splits a field at IFS where that applies. A field of quoted nothing stays; one of unquoted nothing goes. */
export function splitField(field: readonly Chunk[], ifs: string): Chunk[][] {
  const out: Chunk[][] = [];
  let current: Chunk[] | undefined;
  const push = (chunk: Chunk) => {
    current ??= [];
    current.push(chunk);
  };
  const end = () => {
    if (current) out.push(current);
    current = undefined;
  };
  for (const chunk of field) {
    if (chunk.kind !== 'split') push(chunk);
    else splitText(chunk.text, ifs, push, end, () => current !== undefined, out);
  }
  end();
  return out;
}

function splitText(
  text: string,
  ifs: string,
  push: (chunk: Chunk) => void,
  end: () => void,
  open: () => boolean,
  out: Chunk[][],
): void {
  let start = 0;
  const flush = (to: number) => {
    if (to > start) push({ text: text.slice(start, to), kind: 'split' });
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (!ifs.includes(char)) continue;
    flush(i);
    start = i + 1;
    if (isWhite(char)) end();
    else if (open()) end();
    else if (i === 0 || !isWhite(text[i - 1]) || out.length === 0) out.push([]);
  }
  flush(text.length);
}

export function fieldText(field: readonly Chunk[]): string {
  let text = '';
  for (const chunk of field) text += chunk.text;
  return text;
}

/** As a pattern: what was quoted has lost its power. */
export function fieldPattern(field: readonly Chunk[]): string {
  let text = '';
  for (const chunk of field) text += chunk.kind === 'literal' ? escapePattern(chunk.text) : chunk.text;
  return text;
}
