import type { Btf } from '../btf';
import { essentialName } from '../essential-name';
import type { BtfFuncProto, BtfType } from '../types';

/** How many levels of types libbpf compares before it gives up with -EINVAL. */
const DEPTH_MAX = 32;

/** `undefined` stands for libbpf's -EINVAL: nested too deep to tell. */
export type Verdict = boolean | undefined;

export function isAnyEnum(type: BtfType): boolean {
  return type.kind === 'enum' || type.kind === 'enum64';
}

function isComposite(type: BtfType): boolean {
  return type.kind === 'struct' || type.kind === 'union';
}

/** Same kind; enum and enum64 count as one (tools/lib/bpf/libbpf_internal.h: btf_kind_core_compat). */
export function kindsCompat(a: BtfType, b: BtfType): boolean {
  return a.kind === b.kind || (isAnyEnum(a) && isAnyEnum(b));
}

/** Integers of any width are compatible unless they are old-style bit fields. */
function intsCompat(a: BtfType, b: BtfType): boolean {
  return a.kind === 'int' && b.kind === 'int' && a.bitOffset === 0 && b.bitOffset === 0;
}

/** Can a field of one type stand for a field of the other? tools/lib/bpf/relo_core.c: bpf_core_fields_are_compat. */
export function fieldsCompat(local: Btf, localId: number, target: Btf, targetId: number): boolean {
  let a = local.resolve(localId);
  let b = target.resolve(targetId);
  while (a.kind === 'array' && b.kind === 'array') {
    a = local.resolve(a.elemTypeId);
    b = target.resolve(b.elemTypeId);
  }
  if (isComposite(a) && isComposite(b)) return true;
  if (!kindsCompat(a, b)) return false;
  switch (a.kind) {
    case 'ptr':
    case 'float':
      return true;
    case 'fwd':
    case 'enum':
    case 'enum64':
      return a.name === '' || b.name === '' || essentialName(a.name) === essentialName(b.name);
    case 'int':
      return intsCompat(a, b);
    default:
      return false;
  }
}

const COMPAT_BY_KIND = new Set(['void', 'struct', 'union', 'enum', 'enum64', 'fwd']);

/**
 * Does the target have this type, judged by kinds alone (TYPE_EXISTS, TYPE_SIZE, TYPE_ID_TARGET)? The caller matched
 * the names. tools/lib/bpf/relo_core.c: __bpf_core_types_are_compat.
 */
export function typesCompat(
  local: Btf,
  localId: number,
  target: Btf,
  targetId: number,
  level = DEPTH_MAX,
  budget = new ComparisonBudget(),
): Verdict {
  if (!kindsCompat(local.type(localId), target.type(targetId))) return false;
  for (let depth = 0; depth < DEPTH_MAX; depth++) {
    if (!budget.spend()) return undefined;
    const a = local.resolve(localId);
    const b = target.resolve(targetId);
    if (!kindsCompat(a, b)) return false;
    if (COMPAT_BY_KIND.has(a.kind)) return true;
    if (a.kind === 'int') return intsCompat(a, b);
    if (a.kind === 'ptr' && b.kind === 'ptr') {
      [localId, targetId] = [a.typeId, b.typeId];
    } else if (a.kind === 'array' && b.kind === 'array') {
      [localId, targetId] = [a.elemTypeId, b.elemTypeId];
    } else if (a.kind === 'func_proto' && b.kind === 'func_proto') {
      const verdict = paramsAgree(a, b, (from, to) => {
        if (level <= 0) return undefined;
        const [fromId, toId] = [local.skipModifiers(from), target.skipModifiers(to)];
        return typesCompat(local, fromId, target, toId, level - 1, budget);
      });
      if (verdict !== true) return verdict;
      [localId, targetId] = [a.returnTypeId, b.returnTypeId];
    } else return false;
  }
  return undefined;
}

/** Same number of parameters, and each pair agrees. */
export function paramsAgree(
  a: BtfFuncProto,
  b: BtfFuncProto,
  agree: (localId: number, targetId: number) => Verdict,
): Verdict {
  if (a.params.length !== b.params.length) return false;
  for (const [i, { typeId }] of a.params.entries()) {
    const verdict = agree(typeId, b.params[i].typeId);
    if (verdict !== true) return verdict;
  }
  return true;
}

/** Steps that one comparison may take: types that repeat at each of 32 levels would else take forever. */
const COMPARISON_STEPS_MAX = 1_000_000;

export class ComparisonBudget {
  private left = COMPARISON_STEPS_MAX;

  /** False when it is used up. */
  spend(): boolean {
    return this.left-- > 0;
  }
}
