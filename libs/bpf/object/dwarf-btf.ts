import { Btf, BtfBuilder, type NewMember } from '@probed/btf';
import { type Die, TAG } from './dwarf';

/** `DW_ATE_*` (DWARF 5 §7.8). */
const ATE = { BOOLEAN: 0x02, FLOAT: 0x04, SIGNED: 0x05, SIGNED_CHAR: 0x06 } as const;
const INT_SIZES: ReadonlySet<number> = new Set([1, 2, 4, 8, 16]);
const FLOAT_SIZES: ReadonlySet<number> = new Set([2, 4, 8, 12, 16]);
const OFFSET_BITS_MAX = 0xff_ffff;
const ENUM_SIZES: ReadonlySet<number> = new Set([1, 2, 4, 8]);
const VLEN_MAX = 0xffff;
/** Id of the type that array indexes are said to have. */
const INDEX_ID = 1;

/** Ids that one entry takes: one, but one a dimension for an array; 0 when it is no type. */
function idCount(die: Die): number {
  if (die.tag === TAG.ARRAY) return Math.max(1, dimensions(die).length);
  return EMIT[die.tag] ? 1 : 0;
}

function dimensions(die: Die): Die[] {
  return die.children.filter((child) => child.tag === TAG.SUBRANGE);
}

/**
 * The types of an object's DWARF as BTF: compilers put into BTF only what maps, globals and function signatures
 * mention, so the struct that a program writes into a ring buffer is often in DWARF alone. Undefined when the result
 * is unsound (damaged DWARF).
 */
export function dwarfToBtf(dies: readonly Die[]): Btf | undefined {
  const ids = new Map<number, number>();
  let next = INDEX_ID + 1;
  for (const die of dies) {
    const count = idCount(die);
    if (count === 0) continue;
    ids.set(die.offset, next);
    next += count;
  }
  const builder = new BtfBuilder();
  builder.int('__ARRAY_SIZE_TYPE__', 4);
  const context: Context = { builder, idOf: (offset) => (offset === undefined ? 0 : (ids.get(offset) ?? 0)) };
  for (const die of dies) if (ids.has(die.offset)) EMIT[die.tag]?.(die, context);
  const btf = Btf.parse(builder.finish());
  return btf.ok ? btf.value : undefined;
}

interface Context {
  readonly builder: BtfBuilder;
  /** Id of the type at an offset; 0 (void) for none. */
  readonly idOf: (offset: number | undefined) => number;
}

type Emit = (die: Die, context: Context) => void;

const EMIT: Readonly<Record<number, Emit | undefined>> = {
  [TAG.BASE]: emitBase,
  [TAG.STRUCTURE]: emitComposite,
  [TAG.UNION]: emitComposite,
  [TAG.ENUMERATION]: emitEnum,
  [TAG.ARRAY]: emitArray,
  [TAG.POINTER]: (die, { builder, idOf }) => builder.ptr(idOf(die.type)),
  [TAG.TYPEDEF]: (die, { builder, idOf }) => builder.typedef(die.name || 'anonymous', idOf(die.type)),
  [TAG.CONST]: (die, { builder, idOf }) => builder.const(idOf(die.type)),
  [TAG.VOLATILE]: (die, { builder, idOf }) => builder.volatile(idOf(die.type)),
  [TAG.RESTRICT]: (die, { builder, idOf }) => builder.restrict(idOf(die.type)),
  [TAG.SUBROUTINE]: (_die, { builder }) => builder.funcProto(0, []),
};

function emitBase(die: Die, { builder }: Context): void {
  const size = die.byteSize ?? 0;
  if (die.encoding === ATE.FLOAT && FLOAT_SIZES.has(size)) builder.float(die.name, size);
  else if (INT_SIZES.has(size) && die.name !== '') {
    const signed = die.encoding === ATE.SIGNED || die.encoding === ATE.SIGNED_CHAR;
    builder.int(die.name, size, { signed, bool: die.encoding === ATE.BOOLEAN });
  } else builder.typedef(die.name || 'unsupported', 0);
}

function emitComposite(die: Die, { builder, idOf }: Context): void {
  const kind = die.tag === TAG.UNION ? 'union' : 'struct';
  const size = die.byteSize;
  if (die.declaration || size === undefined) {
    builder.fwd(die.name || 'anonymous', kind);
    return;
  }
  const members: NewMember[] = [];
  for (const child of die.children) {
    if (child.tag !== TAG.MEMBER || members.length >= VLEN_MAX) continue;
    const typeId = idOf(child.type);
    const offsetBits = child.bitOffset ?? 0;
    const bits = child.bitSize ?? 0;
    if (typeId === 0 || offsetBits > OFFSET_BITS_MAX || offsetBits > size * 8 || bits > 255) continue;
    members.push({ name: child.name, typeId, offsetBits, bits });
  }
  builder[kind](die.name, size, members);
}

function emitEnum(die: Die, { builder }: Context): void {
  const size = die.byteSize ?? 4;
  const values = die.children
    .filter((child) => child.tag === TAG.ENUMERATOR && child.value !== undefined)
    .slice(0, VLEN_MAX)
    .map((child) => ({ name: child.name, value: child.value ?? 0n }));
  const wide = size === 8 || values.some(({ value }) => value > 0xffff_ffffn || value < -0x8000_0000n);
  const bytes = ENUM_SIZES.has(size) ? size : 4;
  if (wide) builder.enum64(die.name, bytes, values);
  else
    builder.enum(
      die.name,
      bytes,
      values.map(({ name, value }) => ({ name, value: Number(value) })),
    );
}

/** Inner dimensions come first in BTF, but the entry's own id is the outermost array's: it gets the first id. */
function emitArray(die: Die, { builder, idOf }: Context): void {
  const counts = dimensions(die).map((dimension) => dimension.count ?? 0);
  if (counts.length === 0) counts.push(0);
  for (const [i, count] of counts.entries()) {
    const inner = i === counts.length - 1 ? idOf(die.type) : builder.nextId + 1;
    builder.array(inner, Math.min(count, 0xffff_ffff), INDEX_ID);
  }
}
