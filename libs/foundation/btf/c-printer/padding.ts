import { isPacked } from '../alignment';
import type { Btf } from '../btf';
import type { BtfMember, BtfStruct } from '../types';
import { UnprintableError } from './fault';

/** Storage units of unnamed bit fields, narrowest first. */
const UNITS = [
  { name: 'char', bits: 8 },
  { name: 'short', bits: 16 },
  { name: 'int', bits: 32 },
  { name: 'long', bits: 64 },
] as const;
const UNIT_BITS_MAX = 64;

/** An unnamed bit field that takes up `bits` bits. */
export interface Pad {
  readonly type: string;
  readonly bits: number;
}

const alignUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** More padding than this in one place means that the BTF is nonsense. */
const PAD_BITS_MAX = 8 * 1024 * 1024;

/** Unnamed bit fields that fill [from, to), none of them across its storage unit. */
export function* padsBetween(from: number, to: number): Generator<Pad> {
  if (to - from > PAD_BITS_MAX) throw new UnprintableError(`${(to - from) / 8} bytes of padding`);
  while (from < to) {
    const end = Math.min(to, alignUp(from + 1, UNIT_BITS_MAX));
    const unit = UNITS.find(({ bits }) => Math.floor(from / bits) === Math.floor((end - 1) / bits))!;
    yield { type: unit.name, bits: end - from };
    from = end;
  }
}

/**
 * Follows where clang (System V x86-64 and BPF alike) puts each member of a struct, and says what padding moves it to
 * where it has to be.
 */
export class StructLayout {
  readonly packed: boolean;
  private at = 0;

  constructor(
    private readonly btf: Btf,
    private readonly struct: BtfStruct,
  ) {
    this.packed = isPacked(btf, struct);
  }

  /** Padding in front of the next member, in order of members. */
  before(member: BtfMember): Iterable<Pad> {
    const from = this.at;
    const { offsetBits, bits, typeId } = member;
    this.at = offsetBits + (bits || this.btf.sizeOf(typeId) * 8);
    return this.natural(member, from) === offsetBits ? [] : padsBetween(from, offsetBits);
  }

  /** Padding behind the last member. */
  after(): Iterable<Pad> {
    const sizeBits = this.struct.size * 8;
    const alignBits = this.btf.alignOf(this.struct.id) * 8;
    return alignUp(this.at, alignBits) === sizeBits ? [] : padsBetween(this.at, sizeBits);
  }

  /** Bit at which the compiler places a member that comes at bit `from`. */
  private natural({ typeId, bits }: BtfMember, from: number): number {
    if (bits === 0) return alignUp(from, this.packed ? 8 : this.btf.alignOf(typeId) * 8);
    const unit = this.btf.sizeOf(typeId) * 8;
    const fits = Math.floor(from / unit) === Math.floor((from + bits - 1) / unit);
    return this.packed || fits ? from : alignUp(from, unit);
  }
}
