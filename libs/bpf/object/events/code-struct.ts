import { Btf, BtfBuilder, type NewMember } from '@probed/btf';
import { EXACT, type FieldEvidence } from './record-sites';

/** A part of a record as the code that fills it tells. */
interface CodeField {
  readonly path: readonly string[];
  offset: number;
  bytes: number;
  as: FieldEvidence['as'];
  /** Bytes of one element, when elements of it are written. */
  element?: number;
}

const SIGNED_NAMES =
  /(^|_)(ret|retval|err|errno|error|rc|res|result|[a-z]{0,4}fd|nice|delta_adj)$|^oom_score_adj$/;
/** TASK_COMM_LEN. */
const COMM_BYTES = 16;
const COMM_NAMES = /(comm|task)$/;
const WORDS: ReadonlySet<number> = new Set([1, 2, 4, 8]);
const FIELDS_MAX = 256;

/**
 * The struct of a record that is in no type information, put together from the code that fills it: compilers leave a
 * struct that only lives on the stack out of BTF, but the line of C that belongs to each store names the member
 * (`event.pid = …`), and the store its place and width. Undefined when no line names a member.
 *
 * Signedness is lost that way: members are unsigned but for those whose names say that they hold an errno or a
 * descriptor. What no line names is called by its offset, `at_24`.
 */
export function structFromCode(
  name: string,
  bytes: number,
  evidence: readonly FieldEvidence[],
): { readonly btf: Btf; readonly typeId: number } | undefined {
  const fields = paired(fitted([...namedFields(evidence), ...unnamedFields(evidence)], bytes));
  if (!fields.some(({ path }) => !path[0].startsWith('at_'))) return undefined;
  const builder = new BtfBuilder();
  const typeId = emitStruct(new TypeMaker(builder), name, bytes, 0, fields, 0);
  const btf = Btf.parse(builder.finish());
  return btf.ok ? { btf: btf.value, typeId } : undefined;
}

/** Members with a name, each at the offset that most evidence gives it: the best founded claims first. */
function namedFields(evidence: readonly FieldEvidence[]): CodeField[] {
  const placed = new Map<string, number>();
  const ownerOf = new Map<number, string>();
  const claims = countClaims(evidence);
  for (const { path, offset, weight } of claims) {
    if (placed.has(path)) continue;
    // A second name for a place is a union only when a line says so outright.
    if (ownerOf.has(offset) && weight < EXACT) continue;
    placed.set(path, offset);
    if (!ownerOf.has(offset)) ownerOf.set(offset, path);
  }
  return [...placed].map(([path, offset]) =>
    grown(path, offset, evidence, (at) => {
      const claimed = claims.some((claim) => claim.path === path && claim.offset === at);
      return claimed && (ownerOf.get(at) ?? path) === path;
    }),
  );
}

interface Claim {
  readonly path: string;
  readonly offset: number;
  weight: number;
}

/** How much speaks for each name at each place, most first. */
function countClaims(evidence: readonly FieldEvidence[]): Claim[] {
  const claims = new Map<string, Claim>();
  for (const { offset, names } of evidence)
    for (const { member, weight } of names) {
      const key = `${offset} ${member.path}`;
      const claim = claims.get(key);
      if (claim) claim.weight += weight;
      else claims.set(key, { path: member.path, offset, weight });
    }
  return [...claims.values()].sort((a, b) => b.weight - a.weight || a.offset - b.offset);
}

/** A member with its extent: one store or call, the elements of an array, or a struct copied word by word. */
function grown(
  path: string,
  offset: number,
  evidence: readonly FieldEvidence[],
  isOwn: (offset: number) => boolean,
): CodeField {
  const own = evidence.filter((item) => item.names.some(({ member }) => member.path === path));
  const here = own.filter((item) => item.offset === offset);
  const called = here.filter((item) => item.as !== 'store').sort((a, b) => b.bytes - a.bytes);
  const as = called[0]?.as ?? 'store';
  const widest = Math.max(0, ...here.map((item) => item.bytes));
  // A call whose length is not known, or that of a bare NUL, writes up to the next member.
  const bytes = as === 'store' ? Math.max(1, widest) : widest > 1 ? widest : Number.POSITIVE_INFINITY;
  const field: CodeField = { path: path.split('.'), offset, bytes, as };
  if (as !== 'store') return field;
  const indexed = own.some(({ names }) => names.some(({ member }) => member.path === path && member.indexed));
  if (!indexed && bytes !== 8) return field;
  while (isOwn(field.offset - bytes)) {
    field.offset -= bytes;
    field.bytes += bytes;
  }
  while (isOwn(field.offset + field.bytes)) field.bytes += bytes;
  if (indexed) field.element = bytes;
  return field;
}

/** What is written under no name of its own; zeros only clear. */
function unnamedFields(evidence: readonly FieldEvidence[]): CodeField[] {
  const written = evidence.filter(({ constant }) => constant !== 0);
  return written.map(({ offset, bytes, as }) => ({ path: [`at_${offset}`], offset, bytes: bytes || 1, as }));
}

/** In order, none longer than to the next; several at one offset are a union; what lies inside a named one goes. */
function fitted(fields: readonly CodeField[], bytes: number): CodeField[] {
  const inside = fields.filter(({ offset }) => offset < bytes).slice(0, FIELDS_MAX);
  const named = inside.filter(({ path }) => !path[0].startsWith('at_'));
  const covered = (at: number) =>
    named.some((field) => at >= field.offset && at < field.offset + field.bytes);
  const kept = [...named, ...inside.filter((field) => !named.includes(field) && !covered(field.offset))];
  const seen = new Set<string>();
  return kept
    .filter(({ path, offset }) => {
      const key = `${path.join('.')}@${offset}`;
      return !seen.has(key) && seen.add(key);
    })
    .map((field) => ({ ...field, bytes: Math.min(field.bytes, endOf(field, kept, bytes) - field.offset) }))
    .sort((a, b) => a.offset - b.offset || a.bytes - b.bytes);
}

/**
 * The other end of a connection: compilers merge the calls that read both addresses' branches, and the merged one has
 * no line. What follows `saddr` directly, as long and written in the same way, is `daddr`.
 */
function paired(fields: readonly CodeField[]): CodeField[] {
  return fields.map((field) => {
    const source = fields.find(
      ({ path, offset, bytes, as }) =>
        path.length === 1 &&
        /^saddr/.test(path[0]) &&
        offset + bytes === field.offset &&
        bytes === field.bytes &&
        as === field.as,
    );
    if (!source || !field.path[0].startsWith('at_')) return field;
    const name = source.path[0].replace(/^s/, 'd');
    return fields.some(({ path }) => path[0] === name) ? field : { ...field, path: [name] };
  });
}

/** Where the next member begins: a sibling's, or one outside; members of other structs may overlap, as in a union. */
function endOf(field: CodeField, fields: readonly CodeField[], bytes: number): number {
  const parent = parentOf(field);
  const others = fields.filter((other) => {
    const theirs = parentOf(other);
    return other.offset > field.offset && (theirs === parent || theirs === '' || parent === '');
  });
  return Math.min(bytes, ...others.map(({ offset }) => offset));
}

function parentOf({ path }: CodeField): string {
  return path.slice(0, -1).join('.');
}

function emitStruct(
  types: TypeMaker,
  name: string,
  bytes: number,
  start: number,
  fields: readonly CodeField[],
  depth: number,
): number {
  const members: NewMember[] = [];
  const used = new Set<string>();
  for (const group of byHead(fields, depth)) {
    const [first] = group;
    const head = first.path[depth];
    if (used.has(head)) continue;
    used.add(head);
    const nested = group.filter(({ path }) => path.length > depth + 1);
    let typeId: number;
    if (nested.length > 0) {
      const end = Math.max(...group.map(({ offset, bytes: size }) => offset + size));
      typeId = emitStruct(types, '', end - first.offset, first.offset, nested, depth + 1);
    } else typeId = types.of(first, head);
    members.push({ name: head, typeId, offsetBits: (first.offset - start) * 8 });
  }
  return types.builder.struct(name, bytes, members);
}

/** Neighbours that share the name at a depth. */
function byHead(fields: readonly CodeField[], depth: number): CodeField[][] {
  const groups = new Map<string, CodeField[]>();
  for (const field of fields) {
    const group = groups.get(field.path[depth]) ?? [];
    groups.set(field.path[depth], group);
    group.push(field);
  }
  return [...groups.values()];
}

/** The types of members, each made once. */
class TypeMaker {
  private readonly made = new Map<string, number>();

  constructor(readonly builder: BtfBuilder) {}

  of({ as, bytes, element }: CodeField, name: string): number {
    if (as === 'text' || as === 'comm') return this.array('char', bytes, 1);
    if (bytes === COMM_BYTES && COMM_NAMES.test(name)) return this.array('char', bytes, 1);
    if (as === 'stack') return this.array('__u64', Math.floor(bytes / 8), 8);
    const width = element ?? bytes;
    if (!WORDS.has(width)) return this.array('__u8', bytes, 1);
    const signed = width === bytes && SIGNED_NAMES.test(name) && width >= 4;
    const scalar = `${signed ? '__s' : '__u'}${width * 8}`;
    return width === bytes ? this.int(scalar, width) : this.array(scalar, Math.floor(bytes / width), width);
  }

  private int(name: string, size: number): number {
    return this.once(name, () => this.builder.int(name, size, { signed: /^(__s|char)/.test(name) }));
  }

  private array(element: string, count: number, size: number): number {
    const elementId = this.int(element, size);
    const indexId = this.int('__u32', 4);
    return this.once(`${element}[${count}]`, () => this.builder.array(elementId, count, indexId));
  }

  private once(key: string, make: () => number): number {
    let id = this.made.get(key);
    if (id === undefined) this.made.set(key, (id = make()));
    return id;
  }
}
