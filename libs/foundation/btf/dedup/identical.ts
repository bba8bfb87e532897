import { KIND } from '../kinds';
import { HEADER_WORDS, vlenOf } from '../scan';
import { compatibleEnums, equalHead, equalParamNames, equalShape, equalWhole } from './signature';
import type { DedupState } from './state';

/** Types within one another that are looked at; compilers repeat shallow types. */
const DEPTH_MAX = 16;

/**
 * True for two types of one unit that say the same down to ids alike: the compiler wrote one type twice.
 * tools/lib/bpf/btf.c: btf_dedup_identical_types.
 */
export function identicalTypes(state: DedupState, a: number, b: number, depth = DEPTH_MAX): boolean {
  if (a === b) return true;
  if (depth <= 0 || a === 0 || b === 0) return false;
  const { words, starts } = state;
  const [startA, startB] = [starts[a], starts[b]];
  state.spend(1 + vlenOf(words[startA + 1]));
  const kind = state.kind(a);
  if (kind !== state.kind(b)) return false;
  const same = (at: number, less = 1) =>
    identicalTypes(state, words[startA + at], words[startB + at], depth - less);
  switch (kind) {
    case KIND.int:
    case KIND.float:
    case KIND.fwd:
      return equalWhole(words, startA, startB);
    case KIND.enum:
    case KIND.enum64:
      return compatibleEnums(words, startA, startB);
    case KIND.array:
      return (
        equalHead(words, startA, startB) &&
        words[startA + HEADER_WORDS + 2] === words[startB + HEADER_WORDS + 2] &&
        same(HEADER_WORDS + 1) &&
        same(HEADER_WORDS)
      );
    case KIND.struct:
    case KIND.union:
      return equalShape(words, startA, startB) && entriesSame(words[startA + 1], 3, same);
    case KIND.func_proto:
      return equalParamNames(words, startA, startB) && same(2) && entriesSame(words[startA + 1], 2, same);
    case KIND.var:
    case KIND.datasec:
    case KIND.decl_tag:
      return false;
    default:
      // A chain of qualifiers and pointers counts as one type.
      return words[startA] === words[startB] && words[startA + 1] === words[startB + 1] && same(2, 0);
  }
}

function entriesSame(info: number, entryWords: number, same: (at: number) => boolean): boolean {
  const vlen = vlenOf(info);
  for (let i = 0; i < vlen; i++) if (!same(HEADER_WORDS + i * entryWords + 1)) return false;
  return true;
}
