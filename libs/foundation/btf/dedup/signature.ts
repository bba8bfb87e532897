import { KIND, KIND_NAMES } from '../kinds';
import { HEADER_WORDS, kindOf, vlenOf } from '../scan';
import { wordsOfType } from '../type-fields';

/**
 * Hashes and equality of types as they lie in the type section, after equal names got equal offsets.
 * tools/lib/bpf/btf.c: the btf_hash_* and btf_equal_* families.
 */

/** `info` less the number of entries. */
const VLEN_MASK = 0xffff_0000;

const combine = (hash: number, word: number): number => (Math.imul(hash, 31) + word) | 0;

/** Which words of a type count for its hash. */
type Hash = (words: Uint32Array, start: number) => number;

const common: Hash = (words, start) =>
  combine(combine(combine(0, words[start]), words[start + 1]), words[start + 2]);

/** All words: what a type is once the types that it names are settled. */
const whole: Hash = (words, start) => {
  let hash = 0;
  const end = start + wordsOfType(words[start + 1]);
  for (let at = start; at < end; at++) hash = combine(hash, words[at]);
  return hash;
};

/** Without the enumerators, so that a forward declaration and its enum meet. */
const enumeration: Hash = (words, start) =>
  combine(combine(combine(0, words[start]), words[start + 1] & VLEN_MASK), words[start + 2]);

/** Without the members' types, which are compared as graphs. */
const composite: Hash = (words, start) => {
  let hash = common(words, start);
  const end = start + HEADER_WORDS + 3 * vlenOf(words[start + 1]);
  for (let at = start + HEADER_WORDS; at < end; at += 3)
    hash = combine(combine(hash, words[at]), words[at + 2]);
  return hash;
};

const HASHES: Partial<Record<(typeof KIND_NAMES)[number], Hash>> = {
  struct: composite,
  union: composite,
  enum: enumeration,
  enum64: enumeration,
};
const HASH_BY_KIND = KIND_NAMES.map((name) => HASHES[name] ?? whole);

/** Hash of a type; equal for types that may be the same. */
export function hashOf(words: Uint32Array, start: number): number {
  return HASH_BY_KIND[kindOf(words[start + 1])](words, start);
}

/** Name, kind, number of entries, and size or type alike. */
export function equalHead(words: Uint32Array, a: number, b: number): boolean {
  return words[a] === words[b] && words[a + 1] === words[b + 1] && words[a + 2] === words[b + 2];
}

/** Every word alike. */
export function equalWhole(words: Uint32Array, a: number, b: number): boolean {
  if (!equalHead(words, a, b)) return false;
  const size = wordsOfType(words[a + 1]);
  for (let i = HEADER_WORDS; i < size; i++) if (words[a + i] !== words[b + i]) return false;
  return true;
}

/** Structs or unions alike but for the types of their members. */
export function equalShape(words: Uint32Array, a: number, b: number): boolean {
  if (!equalHead(words, a, b)) return false;
  const end = HEADER_WORDS + 3 * vlenOf(words[a + 1]);
  for (let i = HEADER_WORDS; i < end; i += 3)
    if (words[a + i] !== words[b + i] || words[a + i + 2] !== words[b + i + 2]) return false;
  return true;
}

/** Prototypes alike but for the types of result and parameters. */
export function equalParamNames(words: Uint32Array, a: number, b: number): boolean {
  if (words[a] !== words[b] || words[a + 1] !== words[b + 1]) return false;
  const end = HEADER_WORDS + 2 * vlenOf(words[a + 1]);
  for (let i = HEADER_WORDS; i < end; i += 2) if (words[a + i] !== words[b + i]) return false;
  return true;
}

/** An enum without enumerators stands for one that has them. */
export function isEnumForward(words: Uint32Array, start: number): boolean {
  const kind = kindOf(words[start + 1]);
  return (kind === KIND.enum || kind === KIND.enum64) && vlenOf(words[start + 1]) === 0;
}

/** Enums alike, or alike but that one of them is only declared. */
export function compatibleEnums(words: Uint32Array, a: number, b: number): boolean {
  if (!isEnumForward(words, a) && !isEnumForward(words, b)) return equalWhole(words, a, b);
  return (
    words[a] === words[b] &&
    (words[a + 1] & VLEN_MASK) === (words[b + 1] & VLEN_MASK) &&
    words[a + 2] === words[b + 2]
  );
}
