import { UnprintableError } from './fault';

/** Storage units of unnamed bit fields, widest first. */
const UNITS = [
  { name: 'long', bits: 64 },
  { name: 'int', bits: 32 },
  { name: 'short', bits: 16 },
  { name: 'char', bits: 8 },
] as const;

/** An unnamed bit field; 0 bits end the storage unit. */
export interface Pad {
  readonly type: string;
  readonly bits: number;
}

/** More padding than this in one place means that the BTF is nonsense. */
const PAD_BITS_MAX = 8 * 1024 * 1024;

const alignUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/**
 * Unnamed bit fields that move a member from bit `from`, where the one before it ends, to bit `to`. Where the compiler
 * does that by itself there are none. tools/lib/bpf/btf_dump.c: btf_dump_emit_bit_padding.
 *
 * @param align bytes to which the member is aligned anyway
 * @param inBitField the member and the one before it are bit fields
 */
export function* padsBetween(from: number, to: number, align: number, inBitField: boolean): Generator<Pad> {
  if (from >= to) return;
  if (to - from > PAD_BITS_MAX) throw new UnprintableError(`${(to - from) / 8} bytes of padding`);
  const unit = UNITS.find(({ bits }) => alignUp(from, bits) <= to) ?? UNITS[3];
  const boundary = alignUp(from, unit.bits);
  let at = from;
  if (boundary > from && boundary <= to) {
    // The compiler would not stop there for the member's own sake, or would put the rest into the gap before it.
    const natural = alignUp(from, Math.max(align, 1) * 8);
    const marked = inBitField || (boundary === to ? natural !== boundary : to - boundary <= boundary - from);
    if (marked) yield { type: unit.name, bits: inBitField ? boundary - from : 0 };
    at = boundary;
  }
  for (; to - at >= unit.bits; at += unit.bits) yield { type: unit.name, bits: unit.bits };
  if (at === to) return;
  const rest = UNITS.findLast(({ bits }) => bits >= to - at) ?? UNITS[0];
  yield { type: rest.name, bits: to - at };
}
