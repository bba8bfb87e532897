import type { Btf } from './btf';
import { POINTER_BYTES } from './kinds';
import type { BtfMember, BtfStruct, BtfType, BtfUnion } from './types';

/** Alignment of the widest scalar; types of 10 or 12 bytes do not occur on x86-64 or BPF. */
const SCALAR_ALIGN_MAX = 16;

/** Alignments by type id, worked out when asked for and kept. */
export function alignmentsOf(btf: Btf): (id: number) => number {
  const known = new Uint8Array(btf.typeCount);
  const alignOf = (id: number): number => (known[id] ||= alignType(btf, btf.type(id), alignOf));
  return alignOf;
}

function alignType(btf: Btf, type: BtfType, alignOf: (id: number) => number): number {
  switch (type.kind) {
    case 'int':
    case 'float':
    case 'enum':
    case 'enum64':
      return Math.min(powerOfTwoBelow(type.size), SCALAR_ALIGN_MAX);
    case 'ptr':
      return POINTER_BYTES;
    case 'array':
      return alignOf(type.elemTypeId);
    case 'typedef':
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'type_tag':
    case 'var':
      return alignOf(type.typeId);
    case 'struct':
    case 'union':
      return isPacked(btf, type) ? 1 : naturalAlign(type, alignOf);
    case 'void':
    case 'fwd':
    case 'func':
    case 'func_proto':
    case 'datasec':
    case 'decl_tag':
      return 1;
  }
}

function powerOfTwoBelow(n: number): number {
  return 1 << (31 - Math.clz32(n));
}

/** Widest alignment among the members; an unnamed bit field has no say (System V ABI, clang). */
function naturalAlign(type: BtfStruct | BtfUnion, alignOf: (id: number) => number): number {
  let widest = 1;
  for (const member of type.members) {
    if (member.bits > 0 && member.name === '') continue;
    widest = Math.max(widest, alignOf(member.typeId));
  }
  return widest;
}

/**
 * True when the layout cannot be had without `__attribute__((packed))`: a member off its natural alignment, a bit
 * field across its storage unit, or a size that is no multiple of the alignment.
 */
function isPacked(btf: Btf, type: BtfStruct | BtfUnion): boolean {
  const alignOf = (id: number) => btf.alignOf(id);
  if (type.size % naturalAlign(type, alignOf) !== 0) return true;
  return type.members.some((member) => !fitsNaturally(btf, member));
}

function fitsNaturally(btf: Btf, { typeId, offsetBits, bits }: BtfMember): boolean {
  if (bits === 0) return offsetBits % (btf.alignOf(typeId) * 8) === 0;
  const unitBits = btf.sizeOf(typeId) * 8;
  return Math.floor(offsetBits / unitBits) === Math.floor((offsetBits + bits - 1) / unitBits);
}
