import type { Btf } from '../btf';
import { essentialName } from '../essential-name';
import type { BtfEnum, BtfEnum64, BtfStruct, BtfType, BtfUnion } from '../types';
import { ComparisonBudget, paramsAgree, type Verdict } from './compat';

const DEPTH_MAX = 32;

/**
 * TYPE_MATCHES: has the target all that the local type names, member by member?
 * tools/lib/bpf/relo_core.c: __bpf_core_types_match.
 */
export class TypeMatcher {
  private readonly budget = new ComparisonBudget();

  constructor(
    private readonly local: Btf,
    private readonly target: Btf,
  ) {}

  match(localId: number, targetId: number, behindPtr = false, level = DEPTH_MAX): Verdict {
    if (level <= 0) return undefined;
    for (let depth = 0; depth < DEPTH_MAX; depth++) {
      if (!this.budget.spend()) return undefined;
      const a = this.local.resolve(localId);
      const b = this.target.resolve(targetId);
      if (essentialName(a.name) !== essentialName(b.name)) return false;
      if (a.kind === 'ptr' && b.kind === 'ptr') {
        behindPtr = true;
        [localId, targetId] = [a.typeId, b.typeId];
      } else if (a.kind === 'array' && b.kind === 'array') {
        if (a.count !== b.count) return false;
        [localId, targetId] = [a.elemTypeId, b.elemTypeId];
      } else if (a.kind === 'func_proto' && b.kind === 'func_proto') {
        const pointed = behindPtr;
        const verdict = paramsAgree(a, b, (from, to) => this.match(from, to, pointed, level - 1));
        if (verdict !== true) return verdict;
        [localId, targetId] = [a.returnTypeId, b.returnTypeId];
      } else return this.matchLeaf(a, b, behindPtr, level);
    }
    return undefined;
  }

  private matchLeaf(a: BtfType, b: BtfType, behindPtr: boolean, level: number): Verdict {
    switch (a.kind) {
      case 'void':
        return b.kind === 'void';
      case 'int':
        return b.kind === 'int' && a.size === b.size && a.signed === b.signed;
      case 'fwd':
        return b.kind === 'fwd' ? a.of === b.of : behindPtr && b.kind === a.of;
      case 'enum':
      case 'enum64':
        return (b.kind === 'enum' || b.kind === 'enum64') && this.enumsMatch(a, b);
      case 'struct':
      case 'union':
        if (behindPtr) return a.kind === b.kind || (b.kind === 'fwd' && b.of === a.kind);
        return a.kind === b.kind ? this.membersMatch(a, b as BtfStruct | BtfUnion, level) : false;
      default:
        return false;
    }
  }

  /** Every local enumerator has its like, whatever its value. */
  private enumsMatch(a: BtfEnum | BtfEnum64, b: BtfEnum | BtfEnum64): boolean {
    if (a.size !== b.size || a.values.length > b.values.length) return false;
    const names = new Set(b.values.map(({ name }) => essentialName(name)));
    return a.values.every(({ name }) => names.has(essentialName(name)));
  }

  private membersMatch(a: BtfStruct | BtfUnion, b: BtfStruct | BtfUnion, level: number): Verdict {
    if (a.members.length > b.members.length) return false;
    for (const member of a.members) {
      const name = essentialName(member.name);
      let found: Verdict = false;
      for (const other of b.members) {
        if (!this.budget.spend()) return undefined;
        if (essentialName(other.name) !== name) continue;
        found = this.match(member.typeId, other.typeId, false, level - 1);
        if (found !== false) break;
      }
      if (found !== true) return found;
    }
    return true;
  }
}
