import { KIND, KIND_SHAPES } from './kinds';
import { HEADER_WORDS, kindOf, vlenOf } from './scan';

/**
 * Where the words of a type refer to other types and to strings (tools/lib/bpf/btf_iter.c). A visitor gets the index of
 * the word, which it may rewrite.
 */
type WordVisitor = (at: number) => void;

/** Calls `visit` for every word of the type at `start` that is a type id, in the order of libbpf. */
export function visitTypeIds(words: Uint32Array, start: number, visit: WordVisitor): void {
  const info = words[start + 1];
  const kind = kindOf(info);
  if (kind === KIND.array) {
    visit(start + HEADER_WORDS);
    visit(start + HEADER_WORDS + 1);
    return;
  }
  const { refersToType, fixedWords, entryWords, entryType } = KIND_SHAPES[kind];
  if (refersToType) visit(start + 2);
  if (entryType < 0) return;
  const end = start + HEADER_WORDS + fixedWords + entryWords * vlenOf(info);
  for (let at = start + HEADER_WORDS + fixedWords; at < end; at += entryWords) visit(at + entryType);
}

/** Calls `visit` for every word of the type at `start` that is a string offset: its name, then its entries'. */
export function visitNames(words: Uint32Array, start: number, visit: WordVisitor): void {
  visit(start);
  const info = words[start + 1];
  const { fixedWords, entryWords, entryName } = KIND_SHAPES[kindOf(info)];
  if (entryName < 0) return;
  const end = start + HEADER_WORDS + fixedWords + entryWords * vlenOf(info);
  for (let at = start + HEADER_WORDS + fixedWords; at < end; at += entryWords) visit(at + entryName);
}

/** Words that a type takes up. */
export function wordsOfType(info: number): number {
  const kind = kindOf(info);
  const { fixedWords, entryWords } = KIND_SHAPES[kind];
  return HEADER_WORDS + fixedWords + (entryWords === 0 ? 0 : entryWords * vlenOf(info));
}
