import type { PartOf, WordPart } from '../just-bash';

/** Words that one word with braces may turn into. */
const WORDS_MAX = 10_000;

type Item = PartOf<'BraceExpansion'>['items'][number];

/** The words that braces make of one word; itself when it has none. */
export function braceWords(parts: readonly WordPart[]): readonly (readonly WordPart[])[] {
  if (!parts.some((part) => part.type === 'BraceExpansion')) return [parts];
  let words: WordPart[][] = [[]];
  for (const part of parts) {
    const choices = part.type === 'BraceExpansion' ? part.items.flatMap(itemWords) : [[part]];
    const next: WordPart[][] = [];
    for (const word of words)
      for (const choice of choices) {
        if (next.length >= WORDS_MAX) break;
        next.push([...word, ...choice]);
      }
    words = next;
  }
  return words;
}

function itemWords(item: Item): WordPart[][] {
  if (item.type === 'Word') return braceWords(item.word.parts).map((parts) => [...parts]);
  return range(item).map((value) => [{ type: 'Literal', value }]);
}

function range(item: Extract<Item, { type: 'Range' }>): string[] {
  const letters = typeof item.start === 'string' && typeof item.end === 'string';
  const start = letters ? String(item.start).charCodeAt(0) : Number(item.start);
  const end = letters ? String(item.end).charCodeAt(0) : Number(item.end);
  const step = Math.max(1, Math.abs(item.step ?? 1)) * (end < start ? -1 : 1);
  const width = padded(item.startStr, item.endStr);
  const out: string[] = [];
  for (let at = start; step > 0 ? at <= end : at >= end; at += step) {
    if (out.length >= WORDS_MAX) break;
    out.push(letters ? String.fromCharCode(at) : pad(at, width));
  }
  return out;
}

/** {01..10} keeps its zeros. */
function padded(...texts: readonly (string | undefined)[]): number {
  const zeros = texts.some((text) => text !== undefined && /^-?0\d/.test(text));
  return zeros ? Math.max(...texts.map((text) => text?.length ?? 0)) : 0;
}

function pad(value: number, width: number): string {
  const digits = String(Math.abs(value)).padStart(value < 0 ? width - 1 : width, '0');
  return value < 0 ? `-${digits}` : digits;
}
