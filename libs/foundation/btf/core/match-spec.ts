import { err, ok, type Result } from '@probed/base';
import type { Btf } from '../btf';
import { essentialName } from '../essential-name';
import type { BtfMember, BtfStruct, BtfUnion } from '../types';
import { type Accessor, type AccessSpec, indexFits, SPEC_LENGTH_MAX } from './access-spec';
import { fieldsCompat, typesCompat, type Verdict } from './compat';
import { invalid, tooBig } from './fault';
import { coreCategory } from './kinds';
import { TypeMatcher } from './match-types';
import { resolveSize } from './sized';
import { CORE_RELO_KIND } from './types';

/**
 * Finds in a candidate type what the local spec names: the same path, undefined when the candidate has it not.
 * tools/lib/bpf/relo_core.c: bpf_core_spec_match.
 */
export function matchSpec(
  spec: AccessSpec,
  kind: number,
  target: Btf,
  targetId: number,
): Result<AccessSpec | undefined> {
  switch (coreCategory(kind)) {
    case 'type':
      return matchType(spec, kind, target, targetId);
    case 'enumval':
      return ok(matchEnumerator(spec, target, targetId));
    default:
      return new FieldMatch(spec, target, targetId).run();
  }
}

function matchType(
  spec: AccessSpec,
  kind: number,
  target: Btf,
  targetId: number,
): Result<AccessSpec | undefined> {
  const verdict: Verdict =
    kind === CORE_RELO_KIND.TYPE_MATCHES
      ? new TypeMatcher(spec.btf, target).match(spec.rootTypeId, targetId)
      : typesCompat(spec.btf, spec.rootTypeId, target, targetId);
  if (verdict === undefined)
    return err(invalid(`types nest too deep to compare with type ${targetId} of the target`));
  return ok(verdict ? { btf: target, rootTypeId: targetId, path: [], bitOffset: 0 } : undefined);
}

function matchEnumerator(spec: AccessSpec, target: Btf, targetId: number): AccessSpec | undefined {
  const type = target.resolve(targetId);
  if (type.kind !== 'enum' && type.kind !== 'enum64') return undefined;
  const wanted = essentialName(spec.path[0].name ?? '');
  const index = type.values.findIndex(({ name }) => essentialName(name) === wanted);
  if (index < 0) return undefined;
  const path = [{ typeId: type.id, index, name: type.values[index].name }];
  return { btf: target, rootTypeId: targetId, path, bitOffset: 0 };
}

/** A member found in a composite or in its anonymous members. */
interface FoundMember {
  readonly parent: BtfStruct | BtfUnion;
  readonly index: number;
  readonly member: BtfMember;
  /** From the start of the type searched. */
  readonly bitOffset: number;
  /** Levels of nesting below the type searched. */
  readonly levels: number;
}

/** Follows the local path member by member and index by index through one candidate. */
class FieldMatch {
  private readonly path: Accessor[] = [];
  private bitOffset = 0;
  /** Length of the raw path, anonymous members included. */
  private rawLength = 0;

  constructor(
    private readonly spec: AccessSpec,
    private readonly target: Btf,
    private readonly rootId: number,
  ) {}

  run(): Result<AccessSpec | undefined> {
    let typeId = this.rootId;
    for (const [i, accessor] of this.spec.path.entries()) {
      const next =
        accessor.name === undefined ? this.index(accessor, typeId, i === 0) : this.member(accessor, typeId);
      if (next === undefined) return ok(undefined);
      if (this.rawLength > SPEC_LENGTH_MAX)
        return err(tooBig(`access path longer than ${SPEC_LENGTH_MAX} in the target`));
      typeId = next;
    }
    const { target: btf, rootId: rootTypeId, path, bitOffset } = this;
    if (path.some((step) => resolveSize(btf, step.typeId) === undefined))
      return err(invalid(`type ${rootTypeId} of the target has no size`));
    return ok({ btf, rootTypeId, path, bitOffset });
  }

  /** Type of the member, undefined when there is none of that name or its type does not fit. */
  private member(accessor: Accessor, typeId: number): number | undefined {
    const found = findTargetMember(this.target, typeId, accessor.name!, new Set());
    if (!found) return undefined;
    const parent = this.spec.btf.type(accessor.typeId) as BtfStruct | BtfUnion;
    const localTypeId = parent.members[accessor.index].typeId;
    if (!fieldsCompat(this.spec.btf, localTypeId, this.target, found.member.typeId)) return undefined;
    this.path.push({ typeId: found.parent.id, index: found.index, name: found.member.name });
    this.bitOffset += found.bitOffset;
    this.rawLength += found.levels;
    return found.member.typeId;
  }

  /** Element type; the first index is over objects of the root type itself. */
  private index({ index }: Accessor, typeId: number, first: boolean): number | undefined {
    let elemId = this.target.skipModifiers(typeId);
    if (!first) {
      const array = this.target.type(elemId);
      if (array.kind !== 'array') return undefined;
      if (!indexFits(this.target, this.path[this.path.length - 1], array, index)) return undefined;
      elemId = this.target.skipModifiers(array.elemTypeId);
    }
    this.path.push({ typeId: elemId, index });
    this.bitOffset += index * this.target.sizeOf(elemId) * 8;
    this.rawLength++;
    return elemId;
  }
}

/**
 * The first member of that name, searching anonymous members as they come. `missed` holds the types already searched
 * in vain. tools/lib/bpf/relo_core.c: bpf_core_match_member.
 */
export function findTargetMember(
  btf: Btf,
  typeId: number,
  name: string,
  missed: Set<number>,
): FoundMember | undefined {
  const parent = btf.resolve(typeId);
  if ((parent.kind !== 'struct' && parent.kind !== 'union') || missed.has(parent.id)) return undefined;
  for (const [index, member] of parent.members.entries()) {
    if (member.name === name) return { parent, index, member, bitOffset: member.offsetBits, levels: 1 };
    if (member.name !== '') continue;
    const inner = findTargetMember(btf, member.typeId, name, missed);
    if (inner) return { ...inner, bitOffset: inner.bitOffset + member.offsetBits, levels: inner.levels + 1 };
  }
  missed.add(parent.id);
  return undefined;
}
