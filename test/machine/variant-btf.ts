import { Btf, BtfBuilder, type BtfEnum, type BtfFunc, type BtfStruct } from '@probed/btf';

/** How a made-up kernel differs from the one that it is made of. */
export interface Variant {
  /** Structs whose members lie this many bytes further on. */
  readonly moved?: Readonly<Record<string, number>>;
  /** Members under other names, as `struct.member`. */
  readonly renamedMembers?: Readonly<Record<string, string>>;
  /** Functions, typedefs and structs under other names: what had the name is gone. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Enumerators that are gone. */
  readonly withoutEnumerators?: ReadonlySet<string>;
  /** Parameters of functions in another order, by name. */
  readonly params?: Readonly<Record<string, readonly string[]>>;
}

/** The BTF of a kernel like another one but for some types; all ids stay. */
export function variantBtf(of: Btf, variant: Variant): Btf {
  const { moved = {}, renamed = {}, params = {} } = variant;
  const builder = new BtfBuilder();
  /** Prototypes are shared by functions, so changed ones come behind all types. */
  const later: [name: string, func: BtfFunc][] = [];
  for (let id = 1; id < of.typeCount; id++) {
    const type = of.type(id);
    if (type.kind === 'struct' && type.name in moved) movedStruct(builder, type, variant);
    else if (type.kind === 'struct' && type.name in renamed)
      builder.struct(renamed[type.name], type.size, type.members);
    else if (type.kind === 'enum' && variant.withoutEnumerators)
      lessEnum(builder, type, variant.withoutEnumerators);
    else if (type.kind === 'func' && type.name in renamed)
      builder.func(renamed[type.name], type.typeId, type.linkage);
    else if (type.kind === 'typedef' && type.name in renamed)
      builder.typedef(renamed[type.name], type.typeId);
    else if (type.kind === 'func' && type.name in params) {
      later.push([type.name, type]);
      builder.func(type.name, of.typeCount + later.length - 1, type.linkage);
    } else builder.append(of, id);
  }
  for (const [name, { typeId }] of later) {
    const proto = of.type(typeId);
    if (proto.kind !== 'func_proto') throw new Error(`${name} has no prototype`);
    const byName = new Map(proto.params.map((param) => [param.name, param]));
    builder.funcProto(
      proto.returnTypeId,
      params[name].map((param) => byName.get(param)!),
    );
  }
  const parsed = Btf.parse(builder.finish());
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

function movedStruct(
  builder: BtfBuilder,
  type: BtfStruct,
  { moved = {}, renamedMembers = {} }: Variant,
): void {
  const bytes = moved[type.name];
  const members = type.members.map((member) => ({
    ...member,
    name: renamedMembers[`${type.name}.${member.name}`] ?? member.name,
    offsetBits: member.offsetBits + bytes * 8,
  }));
  builder.struct(type.name, type.size + bytes, members);
}

function lessEnum(
  builder: BtfBuilder,
  { name, size, values, signed }: BtfEnum,
  gone: ReadonlySet<string>,
): void {
  builder.enum(
    name,
    size,
    values.filter((value) => !gone.has(value.name)),
    signed,
  );
}
