import type { Diagnostic } from '@probed/base';
import { KIND, KIND_NAMES } from './kinds';
import { HEADER_WORDS, kindOf, malformed, type TypeSection, vlenOf } from './scan';
import type { BtfKind } from './types';

/** One type, as its check sees it. */
interface Subject {
  readonly words: Uint32Array;
  /** Word index of what follows `struct btf_type`. */
  readonly body: number;
  readonly sizeOrType: number;
  readonly vlen: number;
  /** Kind number of another type. */
  kindOf(id: number): number;
}

type Check = (subject: Subject) => string | undefined;

const INT_SIZES = [1, 2, 4, 8, 16];
const ENUM_SIZES = [1, 2, 4, 8];
const FLOAT_SIZES = [2, 4, 8, 12, 16];

const sizeIn =
  (sizes: readonly number[]): Check =>
  ({ sizeOrType }) =>
    sizes.includes(sizeOrType) ? undefined : `size ${sizeOrType} is not one of ${sizes.join(', ')}`;

/**
 * What must hold of a type by its kind, so that whoever decodes it needs no check again.
 * Follows the `*_check_meta` functions of kernel/bpf/btf.c where a breach would mislead a reader.
 */
const CHECKS: Partial<Record<BtfKind, Check>> = {
  int: ({ words, body, sizeOrType }) => {
    const bits = words[body] & 0xff;
    const offset = (words[body] >>> 16) & 0xff;
    if (!INT_SIZES.includes(sizeOrType)) return `size ${sizeOrType} is not one of ${INT_SIZES.join(', ')}`;
    return bits + offset > sizeOrType * 8
      ? `${bits} bits at bit ${offset} exceed ${sizeOrType} bytes`
      : undefined;
  },
  enum: sizeIn(ENUM_SIZES),
  enum64: sizeIn(ENUM_SIZES),
  float: sizeIn(FLOAT_SIZES),
  func: ({ sizeOrType, kindOf: kind }) =>
    kind(sizeOrType) === KIND.func_proto ? undefined : `its type ${sizeOrType} is no FUNC_PROTO`,
  datasec: ({ words, body, vlen, kindOf: kind }) => {
    for (let i = 0; i < vlen; i++) {
      const target = words[body + 3 * i];
      const targetKind = kind(target);
      if (targetKind !== KIND.var && targetKind !== KIND.func) return `entry ${i} is neither VAR nor FUNC`;
    }
    return undefined;
  },
};

const CHECK_BY_KIND = KIND_NAMES.map((name) => CHECKS[name]);

/** The first type that breaks a rule of its kind. */
export function checkKinds({ words, starts, count }: TypeSection): Diagnostic | undefined {
  const kindById = (id: number): number => (id === 0 ? 0 : kindOf(words[starts[id] + 1]));
  for (let id = 1; id < count; id++) {
    const start = starts[id];
    const kind = kindOf(words[start + 1]);
    const fault = CHECK_BY_KIND[kind]?.({
      words,
      body: start + HEADER_WORDS,
      sizeOrType: words[start + 2],
      vlen: vlenOf(words[start + 1]),
      kindOf: kindById,
    });
    if (fault) return malformed(fault, `BTF type ${id} (${KIND_NAMES[kind]})`);
  }
  return undefined;
}
