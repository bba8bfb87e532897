import { err, ok, type Result } from '@probed/base';
import type { Btf } from '../btf';
import type { BtfType } from '../types';
import type { AccessSpec } from './access-spec';
import { isAnyEnum } from './compat';
import { invalid, tooBig, unsupported } from './fault';
import { coreCategory } from './kinds';
import { elementType, resolveSize } from './sized';
import { CORE_RELO_KIND as K } from './types';

/** One side's value of a relocation: the local type's (expected in the instruction) or the target's. */
interface Side {
  /** Unsigned 64-bit. */
  readonly value: bigint;
  /** The compiler's value can be told for sure, so the instruction must hold it. */
  readonly validate: boolean;
  /** Size and type of what a load at this offset covers; 0 when the kind has none. */
  readonly size: number;
  readonly typeId: number;
}

/** `absent`: the target lacks it and the instruction is to be poisoned (libbpf's -EUCLEAN). */
type SideResult = Result<Side | 'absent'>;

const BITFIELD_LOAD_BYTES_MAX = 8;

const side = (value: number | bigint | boolean, validate = true, size = 0, typeId = 0): SideResult =>
  ok({ value: BigInt.asUintN(64, BigInt(value)), validate, size, typeId });

/** Value of a relocation by one spec; without a spec, of a target that has no match. */
export function calculateSide(kind: number, spec: AccessSpec | undefined): SideResult {
  switch (coreCategory(kind)) {
    case 'field':
      return fieldSide(kind, spec);
    case 'type':
      return typeSide(kind, spec);
    case 'enumval':
      return enumvalSide(kind, spec);
    case undefined:
      return err(unsupported(`unknown CO-RE relocation kind ${kind}`));
  }
}

/** tools/lib/bpf/relo_core.c: bpf_core_calc_type_relo. */
function typeSide(kind: number, spec: AccessSpec | undefined): SideResult {
  if (!spec) return side(0);
  // Linking may have renumbered the type, so what the instruction holds proves nothing.
  if (kind === K.TYPE_ID_TARGET) return side(spec.rootTypeId, false);
  if (kind === K.TYPE_SIZE) {
    const size = resolveSize(spec.btf, spec.rootTypeId);
    return size === undefined ? err(invalid(`type ${spec.rootTypeId} has no size`)) : side(size);
  }
  return side(1);
}

/** tools/lib/bpf/relo_core.c: bpf_core_calc_enumval_relo. */
function enumvalSide(kind: number, spec: AccessSpec | undefined): SideResult {
  if (kind === K.ENUMVAL_EXISTS) return side(spec !== undefined);
  if (!spec) return ok('absent');
  const { typeId, index } = spec.path[0];
  const type = spec.btf.type(typeId);
  if (type.kind === 'enum64') return side(type.values[index].value);
  // libbpf reads `struct btf_enum`'s value as s32 whatever the enum's signedness.
  if (type.kind === 'enum') return side(type.values[index].value | 0);
  return err(invalid(`type ${typeId} is no enum`));
}

/** tools/lib/bpf/relo_core.c: bpf_core_calc_field_relo. */
function fieldSide(kind: number, spec: AccessSpec | undefined): SideResult {
  if (kind === K.FIELD_EXISTS) return side(spec !== undefined);
  if (!spec) return ok('absent');
  const last = spec.path[spec.path.length - 1];
  if (last.name === undefined) return elementSide(kind, spec, last.typeId);
  const parent = spec.btf.type(last.typeId);
  if (parent.kind !== 'struct' && parent.kind !== 'union')
    return err(invalid(`type ${last.typeId} has no members`));
  const { typeId, bits } = parent.members[last.index];
  const window = bits > 0 ? bitfieldWindow(spec, typeId, bits) : plainWindow(spec, typeId);
  return window.ok ? memberSide(kind, spec.btf, typeId, window.value) : window;
}

/** Bytes to load for a member, and the bits of it that count. */
interface Window {
  readonly byteOffset: number;
  readonly byteSize: number;
  readonly bitOffset: number;
  readonly bitSize: number;
  readonly bitfield: boolean;
}

function plainWindow({ btf, bitOffset }: AccessSpec, typeId: number): Result<Window> {
  const byteSize = resolveSize(btf, typeId);
  if (byteSize === undefined) return err(invalid(`member of type ${typeId} has no size`));
  const byteOffset = Math.floor(bitOffset / 8);
  return ok({ byteOffset, byteSize, bitOffset, bitSize: byteSize * 8, bitfield: false });
}

/** Smallest aligned load that covers a bit field. */
function bitfieldWindow({ btf, bitOffset }: AccessSpec, typeId: number, bitSize: number): Result<Window> {
  let byteSize = btf.sizeOf(typeId);
  if (byteSize === 0) return err(invalid(`bit field of type ${typeId} has no size`));
  const start = () => Math.floor(bitOffset / 8 / byteSize) * byteSize;
  while (bitOffset + bitSize - start() * 8 > byteSize * 8) {
    if (byteSize >= BITFIELD_LOAD_BYTES_MAX) return err(tooBig('bit field does not fit a 64-bit load'));
    byteSize *= 2;
  }
  return ok({ byteOffset: start(), byteSize, bitOffset, bitSize, bitfield: true });
}

/** `a[n]` as the last step: only offset and size make sense. */
function elementSide(kind: number, { btf, bitOffset }: AccessSpec, typeId: number): SideResult {
  if (kind === K.FIELD_BYTE_OFFSET) {
    const size = resolveSize(btf, elementType(btf, typeId).id);
    if (size === undefined) return err(invalid(`element type ${typeId} has no size`));
    return side(Math.floor(bitOffset / 8), true, size, typeId);
  }
  if (kind === K.FIELD_BYTE_SIZE) {
    const size = resolveSize(btf, typeId);
    return size === undefined ? err(invalid(`element type ${typeId} has no size`)) : side(size);
  }
  return err(invalid(`relocation kind ${kind} does not apply to an array element`));
}

function memberSide(kind: number, btf: Btf, typeId: number, window: Window): SideResult {
  const { byteOffset, byteSize, bitOffset, bitSize, bitfield } = window;
  // Compilers may load a bit field in another way than computed here, so its values are not enforced.
  const exact = !bitfield;
  switch (kind) {
    case K.FIELD_BYTE_OFFSET:
      if (bitfield) return side(byteOffset, exact);
      return side(byteOffset, exact, btf.sizeOf(elementType(btf, typeId).id), btf.skipModifiers(typeId));
    case K.FIELD_BYTE_SIZE:
      return side(byteSize, exact);
    case K.FIELD_SIGNED:
      return side(isSigned(btf.resolve(typeId)));
    case K.FIELD_LSHIFT_U64:
      return side(64 - (bitOffset + bitSize - byteOffset * 8), exact);
    case K.FIELD_RSHIFT_U64:
      return side(64 - bitSize);
    default:
      return err(unsupported(`unknown CO-RE relocation kind ${kind}`));
  }
}

function isSigned(type: BtfType): boolean {
  if (type.kind === 'int') return type.signed;
  return isAnyEnum(type) && 'signed' in type && type.signed;
}
