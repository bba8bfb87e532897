import type { Btf } from '../btf';
import { POINTER_BYTES } from '../kinds';
import type { BtfStruct, BtfUnion } from '../types';

/**
 * Alignment as a printed type has it, by type id; 0 for what has none. Unlike {@link Btf.alignOf} it counts 16-byte
 * integers as aligned to 8 and looks at no bit fields, as tools/lib/bpf/btf.c: btf__align_of does, so that padding comes
 * out as bpftool writes it.
 */
export class PrintedLayout {
  private readonly known: Int8Array;

  constructor(private readonly btf: Btf) {
    this.known = new Int8Array(btf.typeCount).fill(UNKNOWN);
  }

  alignOf(id: number): number {
    let align = this.known[id];
    if (align === UNKNOWN) this.known[id] = align = this.calculate(id);
    return align;
  }

  /**
   * True for a type whose members or size can't be had without `packed`: a member off its alignment, a bit field across
   * its storage unit, a size that is no multiple of the alignment. btf_dump.c: btf_is_struct_packed looks neither at bit
   * fields nor at unions, whose layout its output then loses.
   */
  isPacked(type: BtfStruct | BtfUnion): boolean {
    let widest = 1;
    for (const { typeId, offsetBits, bits } of type.members) {
      const align = this.alignOf(typeId);
      if (bits === 0 ? align && offsetBits % (8 * align) !== 0 : this.straddles(typeId, offsetBits, bits))
        return true;
      widest = Math.max(widest, align);
    }
    return type.size % widest !== 0;
  }

  private straddles(typeId: number, offsetBits: number, bits: number): boolean {
    const unit = this.btf.sizeOf(typeId) * 8;
    return unit > 0 && Math.floor(offsetBits / unit) !== Math.floor((offsetBits + bits - 1) / unit);
  }

  private calculate(id: number): number {
    const type = this.btf.type(id);
    switch (type.kind) {
      case 'int':
      case 'float':
      case 'enum':
      case 'enum64':
        return Math.min(POINTER_BYTES, type.size);
      case 'ptr':
        return POINTER_BYTES;
      case 'array':
        return this.alignOf(type.elemTypeId);
      case 'typedef':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        return this.alignOf(type.typeId);
      case 'struct':
      case 'union':
        return this.composite(type);
      default:
        return 0;
    }
  }

  private composite(type: BtfStruct | BtfUnion): number {
    let widest = 1;
    for (const { typeId, offsetBits, bits } of type.members) {
      const align = this.alignOf(typeId);
      if (align <= 0) return align;
      widest = Math.max(widest, align);
      if (bits === 0 && offsetBits % (8 * align) !== 0) return 1;
    }
    return type.size % widest === 0 ? widest : 1;
  }
}

const UNKNOWN = -1;
