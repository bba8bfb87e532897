import type { Btf, BtfFuncProto, BtfStruct, BtfType, BtfUnion } from '@probed/btf';

/** A type on one side of a comparison. */
interface Side {
  readonly btf: Btf;
  readonly id: number;
}

/** Pairs compared for one symbol; prototypes nested many times over would else take forever. */
const PAIRS_MAX = 100_000;

const NAMED: ReadonlySet<string> = new Set(['struct', 'union', 'enum', 'enum64', 'fwd', 'func', 'var']);

/**
 * Says why the declarations that two objects have of one symbol don't go together; undefined when they do. Behind a
 * pointer, kinds and names have to agree; what is held by value has to be the same to the offset of each member.
 * Qualifiers, array sizes, names of parameters and signs of integers do not count.
 * tools/lib/bpf/linker.c: glob_sym_btf_matches.
 */
export function incompatibility(a: Side, b: Side): string | undefined {
  return new Comparison().compare(a, b, true);
}

class Comparison {
  private pairs = 0;

  compare(left: Side, right: Side, exact: boolean): string | undefined {
    if (++this.pairs > PAIRS_MAX) return 'types too involved to compare';
    const a = left.btf.resolve(left.id);
    const b = right.btf.resolve(right.id);
    const next = (idA: number, idB: number, nextExact = exact) =>
      this.compare({ btf: left.btf, id: idA }, { btf: right.btf, id: idB }, nextExact);
    if (!exact && (a.kind === 'fwd') !== (b.kind === 'fwd')) return forwardFault(a, b);
    if (a.kind !== b.kind) return `${describe(a)} and ${describe(b)}`;
    if (NAMED.has(a.kind) && a.name !== b.name) return `${describe(a)} and ${describe(b)}`;
    switch (a.kind) {
      case 'void':
      case 'fwd':
        return undefined;
      case 'int':
      case 'float':
      case 'enum':
      case 'enum64':
        return 'size' in b && a.size === b.size
          ? undefined
          : `${describe(a)} of ${a.size} and ${'size' in b ? b.size : 0} bytes`;
      case 'ptr':
        return b.kind === 'ptr' ? next(a.typeId, b.typeId, false) : undefined;
      case 'array':
        return b.kind === 'array' ? next(a.elemTypeId, b.elemTypeId) : undefined;
      case 'func':
      case 'var':
        if (b.kind !== a.kind) return undefined;
        if ((a.linkage === 'static') !== (b.linkage === 'static')) return `linkage of ${describe(a)}`;
        return next(a.typeId, b.typeId);
      case 'struct':
      case 'union':
        return exact && 'members' in b ? membersFault(a, b, next) : undefined;
      case 'func_proto':
        return b.kind === 'func_proto' ? paramsFault(a, b, next) : undefined;
      default:
        return `a ${a.kind}`;
    }
  }
}

type Next = (idA: number, idB: number) => string | undefined;

function membersFault(a: BtfStruct | BtfUnion, b: BtfStruct | BtfUnion, next: Next): string | undefined {
  if (a.members.length !== b.members.length)
    return `${describe(a)} with ${a.members.length} and ${b.members.length} members`;
  for (const [i, member] of a.members.entries()) {
    const other = b.members[i];
    if (member.name !== other.name)
      return `member ${i} of ${describe(a)}, '${member.name}' and '${other.name}'`;
    if (member.offsetBits !== other.offsetBits || member.bits !== other.bits)
      return `the place of '${member.name}' in ${describe(a)}`;
    const fault = next(member.typeId, other.typeId);
    if (fault) return fault;
  }
  return undefined;
}

function paramsFault(a: BtfFuncProto, b: BtfFuncProto, next: Next): string | undefined {
  if (a.params.length !== b.params.length)
    return `functions of ${a.params.length} and ${b.params.length} parameters`;
  for (const [i, param] of a.params.entries()) {
    const fault = next(param.typeId, b.params[i].typeId);
    if (fault) return fault;
  }
  return next(a.returnTypeId, b.returnTypeId);
}

/** One side is only declared. */
function forwardFault(a: BtfType, b: BtfType): string | undefined {
  const [declared, other] = a.kind === 'fwd' ? [a, b] : [b, a];
  const matches = declared.kind === 'fwd' && declared.of === other.kind && declared.name === other.name;
  return matches ? undefined : `${describe(a)} and ${describe(b)}`;
}

function describe(type: BtfType): string {
  const kind = type.kind === 'fwd' ? `declared ${type.of}` : type.kind;
  return type.name ? `${kind} ${type.name}` : kind;
}
