import type { Btf } from '../btf';
import { KIND, KIND_SHAPES } from '../kinds';
import { HEADER_WORDS, kindOf, vlenOf } from '../scan';

const bit = (kind: number): number => 1 << kind;
/** Name one type, and are no reference: functions and variables stand for themselves, tags may go in a circle. */
const NO_REFERENCE = bit(KIND.func) | bit(KIND.var) | bit(KIND.decl_tag) | bit(KIND.func_proto);

/** Types as they lie in the section, for passes over all of them that need no decoded type. */
export class RawTypes {
  readonly words: Uint32Array;
  /** Number of ids. */
  readonly count: number;
  private readonly starts: Uint32Array;
  /** The string section. */
  readonly text: Uint8Array;

  constructor(btf: Btf) {
    const { section, strings } = btf.raw();
    this.words = section.words;
    this.starts = section.starts;
    this.count = section.count;
    this.text = strings.bytes;
  }

  /** Kind number; 0 for void. */
  kind(id: number): number {
    return id === 0 ? 0 : kindOf(this.words[this.starts[id] + 1]);
  }

  /** Offset of the name in the string section. */
  nameOffset(id: number): number {
    return id === 0 ? 0 : this.words[this.starts[id]];
  }

  isNamed(id: number): boolean {
    return this.text[this.nameOffset(id)] !== 0;
  }

  /** What a reference refers to; undefined for other types. */
  referent(id: number): number | undefined {
    const kind = this.kind(id);
    if (kind === KIND.array) return this.elementType(id);
    return KIND_SHAPES[kind].refersToType && !(NO_REFERENCE & bit(kind)) ? this.typeWord(id) : undefined;
  }

  /** What a type of the kinds that name one names: a pointer's target, what a prototype returns. */
  typeWord(id: number): number {
    return this.words[this.starts[id] + 2];
  }

  elementType(id: number): number {
    return this.words[this.body(id)];
  }

  /** Elements of an array. */
  arrayCount(id: number): number {
    return this.words[this.body(id) + 2];
  }

  /** Calls `visit` for each enumerator, member or parameter with the index of its first word: name, then type. */
  eachEntry(id: number, visit: (at: number) => void): void {
    if (id === 0) return;
    const { fixedWords, entryWords } = KIND_SHAPES[this.kind(id)];
    const begin = this.body(id) + fixedWords;
    const end = begin + entryWords * (entryWords === 0 ? 0 : vlenOf(this.words[this.starts[id] + 1]));
    for (let at = begin; at < end; at += entryWords) visit(at);
  }

  /** Offset of the first enumerator's name; 0, which is empty, when there is none. */
  firstEntryName(id: number): number {
    return vlenOf(this.words[this.starts[id] + 1]) === 0 ? 0 : this.words[this.body(id)];
  }

  /** Order of two strings by their bytes, as strcmp has it. */
  compareText(a: number, b: number): number {
    if (a === b) return 0;
    const { text } = this;
    while (text[a] === text[b] && text[a] !== 0) {
      a++;
      b++;
    }
    return text[a] - text[b];
  }

  private body(id: number): number {
    return this.starts[id] + HEADER_WORDS;
  }
}
