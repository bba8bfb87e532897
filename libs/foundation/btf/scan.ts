import { type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import { KIND_NAMES, KIND_SHAPES, type KindShape, NAME_OFFSET_MAX, TYPE_ID_MAX } from './kinds';

/** The type section as 32-bit words, and where each type begins. */
export interface TypeSection {
  readonly words: Uint32Array;
  /** Word index of `struct btf_type` by type id; entry 0 (void) is meaningless. */
  readonly starts: Uint32Array;
  /** Number of ids, void included. */
  readonly count: number;
}

/** Words of `struct btf_type`. */
export const HEADER_WORDS = 3;

export const kindOf = (info: number): number => (info >>> 24) & 0x1f;
export const vlenOf = (info: number): number => info & 0xffff;
export const kindFlagOf = (info: number): boolean => info >>> 31 === 1;

/** Bits of `info` that no version of BTF uses. */
const INFO_RESERVED = 0x60ff_0000;

/** A fault in BTF: `-EINVAL` from `BPF_BTF_LOAD`. */
export function malformed(message: string, where?: string): Diagnostic {
  return diagnostic('btf-malformed', message, { where, errno: 22 });
}

/**
 * Walks the type section once: finds where each type begins, and checks that kinds are known, entries lie inside
 * the section, and type ids and string offsets are in range. Mirrors `kernel/bpf/btf.c: btf_check_all_metas`.
 */
export function scanTypes(words: Uint32Array, stringBytes: number): Result<TypeSection> {
  const starts = new Uint32Array(Math.min(Math.floor(words.length / HEADER_WORDS), TYPE_ID_MAX) + 1);
  let count = 1;
  let pos = 0;
  while (pos < words.length) {
    const where = () => `BTF type ${count}`;
    if (pos + HEADER_WORDS > words.length) return err(malformed('type section ends inside a type', where()));
    if (count > TYPE_ID_MAX) return err(malformed(`more than ${TYPE_ID_MAX} types`));
    const info = words[pos + 1];
    const kind = kindOf(info);
    if (kind === 0 || kind >= KIND_SHAPES.length) return err(malformed(`unknown kind ${kind}`, where()));
    if (info & INFO_RESERVED)
      return err(malformed(`reserved bits set in info 0x${info.toString(16)}`, where()));
    const size = sizeInWords(KIND_SHAPES[kind], info);
    if (pos + size > words.length) {
      return err(malformed(`${KIND_NAMES[kind]} runs past the end of the type section`, where()));
    }
    starts[count++] = pos;
    pos += size;
  }
  const section = { words, starts: starts.subarray(0, count), count };
  const fault = checkReferences(section, stringBytes);
  return fault ? err(fault) : ok(section);
}

function sizeInWords(shape: KindShape, info: number): number {
  return HEADER_WORDS + shape.fixedWords + shape.entryWords * vlenOf(info);
}

function checkReferences({ words, starts, count }: TypeSection, stringBytes: number): Diagnostic | undefined {
  const nameLimit = Math.min(stringBytes, NAME_OFFSET_MAX + 1);
  for (let id = 1; id < count; id++) {
    const start = starts[id];
    const info = words[start + 1];
    const kind = kindOf(info);
    const shape = KIND_SHAPES[kind];
    if (words[start] >= nameLimit) return badName(id, words[start]);
    if (shape.refersToType && words[start + 2] >= count) return badType(id, words[start + 2]);
    if (kind === ARRAY) {
      for (let i = 0; i < 2; i++) {
        if (words[start + HEADER_WORDS + i] >= count) return badType(id, words[start + HEADER_WORDS + i]);
      }
    }
    const { entryWords, entryName, entryType } = shape;
    if (entryWords === 0) continue;
    const end = start + sizeInWords(shape, info);
    for (let at = start + HEADER_WORDS + shape.fixedWords; at < end; at += entryWords) {
      if (entryName >= 0 && words[at + entryName] >= nameLimit) return badName(id, words[at + entryName]);
      if (entryType >= 0 && words[at + entryType] >= count) return badType(id, words[at + entryType]);
    }
  }
  return undefined;
}

const ARRAY = KIND_NAMES.indexOf('array');

function badName(id: number, offset: number): Diagnostic {
  return malformed(`string offset ${offset} is outside the string section`, `BTF type ${id}`);
}

function badType(id: number, target: number): Diagnostic {
  return malformed(`refers to type ${target}, which does not exist`, `BTF type ${id}`);
}
