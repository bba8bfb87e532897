import type { Btf } from './btf';
import { declaration } from './c-printer/declaration';
import type { BtfMember, BtfStruct, BtfUnion } from './types';

/** Where a member lies and what it is, on one side. */
export interface MemberSide {
  /** From the start of the type. */
  readonly offsetBits: number;
  /** Width of a bit field; 0 when it is none. */
  readonly bits: number;
  /** Bytes; 0 when it has no size. */
  readonly size: number;
  /** Declared type, as C writes it without the name. */
  readonly type: string;
}

/** A member that is not the same on both sides. */
export interface MemberChange {
  readonly name: string;
  /** Undefined when it was added. */
  readonly before?: MemberSide;
  /** Undefined when it was removed. */
  readonly after?: MemberSide;
}

/** How the layout of one struct or union differs between two kernels. */
export interface LayoutDiff {
  readonly kind: 'struct' | 'union';
  readonly name: string;
  /** Bytes; undefined where the type is missing. */
  readonly sizeBefore?: number;
  readonly sizeAfter?: number;
  /** In order of offset. Members of anonymous structs and unions count as the type's own. */
  readonly members: readonly MemberChange[];
}

/** Anonymous members within one another. */
const DEPTH_MAX = 64;
/** Members of one type, those of anonymous ones included. */
const MEMBERS_MAX = 65_536;

/** Differences in the layout of a struct or union; undefined when it is missing on both sides or the same. */
export function diffLayout(before: Btf, after: Btf, name: string): LayoutDiff | undefined {
  const [a, b] = [findComposite(before, name), findComposite(after, name)];
  const known = a ?? b;
  if (!known) return undefined;
  const [membersA, membersB] = [flatten(before, a), flatten(after, b)];
  const members: MemberChange[] = [];
  for (const member of new Set([...membersA.keys(), ...membersB.keys()])) {
    const [sideA, sideB] = [membersA.get(member), membersB.get(member)];
    if (sideA && sideB && sameSide(sideA, sideB)) continue;
    members.push({ name: member, ...(sideA && { before: sideA }), ...(sideB && { after: sideB }) });
  }
  if (members.length === 0 && a?.size === b?.size) return undefined;
  const at = ({ before: left, after: right }: MemberChange) => (right ?? left)?.offsetBits ?? 0;
  return {
    kind: known.kind,
    name,
    ...(a && { sizeBefore: a.size }),
    ...(b && { sizeAfter: b.size }),
    members: members.sort((left, right) => at(left) - at(right)),
  };
}

/** Names of the structs and unions that both sides have, each once, sorted. */
export function commonComposites(before: Btf, after: Btf): string[] {
  const names = new Set<string>();
  for (const kind of ['struct', 'union'] as const)
    for (const id of before.idsOfKind(kind)) {
      const { name } = before.type(id);
      if (name !== '' && after.findByName(name, kind) !== undefined) names.add(name);
    }
  return [...names].sort();
}

function findComposite(btf: Btf, name: string): BtfStruct | BtfUnion | undefined {
  const id = btf.findByName(name, 'struct') ?? btf.findByName(name, 'union');
  const type = id === undefined ? undefined : btf.type(id);
  return type?.kind === 'struct' || type?.kind === 'union' ? type : undefined;
}

function sameSide(a: MemberSide, b: MemberSide): boolean {
  return a.offsetBits === b.offsetBits && a.bits === b.bits && a.size === b.size && a.type === b.type;
}

/** Members by name; unnamed ones are looked into. */
function flatten(btf: Btf, type: BtfStruct | BtfUnion | undefined): Map<string, MemberSide> {
  const found = new Map<string, MemberSide>();
  const walk = (members: readonly BtfMember[], base: number, depth: number): void => {
    for (const { name, typeId, offsetBits, bits } of members) {
      if (found.size >= MEMBERS_MAX) return;
      const inner = btf.resolve(typeId);
      if (name === '' && 'members' in inner && depth < DEPTH_MAX)
        walk(inner.members, base + offsetBits, depth + 1);
      else if (name !== '')
        found.set(name, {
          offsetBits: base + offsetBits,
          bits,
          size: btf.sizeOf(typeId),
          type: typeText(btf, typeId),
        });
    }
  };
  if (type) walk(type.members, 0, 0);
  return found;
}

/** A type as C names it; anonymous ones without their body. */
function typeText(btf: Btf, typeId: number): string {
  const text: string = declaration(btf, typeId, '', {
    base: ({ kind, name, ...rest }) => {
      if (kind === 'struct' || kind === 'union') return name ? `${kind} ${name}` : `${kind} {...}`;
      if (kind === 'enum' || kind === 'enum64') return name ? `enum ${name}` : 'enum {...}';
      if (kind === 'fwd') return `${'of' in rest ? rest.of : 'struct'} ${name}`;
      return name || kind;
    },
    param: (id) => typeText(btf, id),
  });
  return text;
}
