/** Numbers as the verifier's log prints them (kernel/bpf/log.c: print_scalar_ranges, verbose_snum, tnum_strn). */
import type { ScalarState } from './state';

const U64_MAX = 0xffff_ffff_ffff_ffffn;
const S64_MIN = -0x8000_0000_0000_0000n;
const S64_MAX = 0x7fff_ffff_ffff_ffffn;
const U32_MAX = 0xffff_ffff;
const S32_MIN = -0x8000_0000;
const S32_MAX = 0x7fff_ffff;

const S16_MIN = -0x8000n;
const S16_MAX = 0x7fffn;
const U16_MAX = 0xffffn;

const hex = (u64: bigint) => `0x${u64.toString(16)}`;

/** A signed number: decimal when it fits into 16 bits, else the hexadecimal of its 64 bits. */
export function formatSnum(value: bigint): string {
  return value >= S16_MIN && value <= S16_MAX ? value.toString() : hex(BigInt.asUintN(64, value));
}

/** An unsigned number: decimal when it fits into 16 bits, else hexadecimal. */
export function formatUnum(value: bigint): string {
  return value <= U16_MAX ? value.toString() : hex(value);
}

/** `(0x0; 0xff)`: known bits and unknown bits (kernel/bpf/log.c: tnum_strn); a known number stands by itself. */
export function tnumString(s: { readonly value: bigint; readonly mask: bigint }): string {
  return s.mask === 0n ? formatUnum(s.value) : `(${hex(s.value)}; ${hex(s.mask)})`;
}

interface Bound {
  readonly name: string;
  readonly isSigned: boolean;
  readonly value: bigint;
  isPrinted: boolean;
}

const bound = (name: string, value: bigint, isUnlimited: boolean): Bound => ({
  name,
  isSigned: name.startsWith('s'),
  value,
  isPrinted: isUnlimited,
});

/** Outside the decimals a signed 32-bit bound stands as its 32 bits, so it may join an unsigned one. */
function signed32(value: number): bigint {
  return value >= -0x8000 && value <= 0x7fff ? BigInt(value) : BigInt(value >>> 0);
}

/**
 * The bounds and known bits that say something, in the log's order, to be joined with commas: unlimited bounds are
 * left out, and a bound takes with it the later ones of its kind (min or max) with the same value and sign
 * (`smin=smin32=-5`).
 */
export function printScalarRanges(s: ScalarState): string[] {
  const bounds = [
    bound('smin', s.smin, s.smin === S64_MIN),
    bound('smax', s.smax, s.smax === S64_MAX),
    bound('umin', s.umin, s.umin === 0n),
    bound('umax', s.umax, s.umax === U64_MAX),
    bound('smin32', signed32(s.s32min), s.s32min === S32_MIN),
    bound('smax32', signed32(s.s32max), s.s32max === S32_MAX),
    bound('umin32', BigInt(s.u32min), s.u32min === 0),
    bound('umax32', BigInt(s.u32max), s.u32max === U32_MAX),
  ];
  const parts: string[] = [];
  for (const [i, first] of bounds.entries()) {
    if (first.isPrinted) continue;
    let names = `${first.name}=`;
    for (let j = i + 2; j < bounds.length; j += 2) {
      const other = bounds[j];
      if (other.isPrinted || other.value !== first.value) continue;
      other.isPrinted = true;
      names += `${other.name}=`;
    }
    parts.push(names + (first.isSigned ? formatSnum(first.value) : formatUnum(first.value)));
  }
  if (s.mask !== U64_MAX) parts.push(`var_off=${tnumString(s)}`);
  return parts;
}

/** What the register around a scalar adds to its print. */
export interface ScalarLabel {
  /** Printed as a leading `P`. */
  readonly precise?: boolean;
  /** Register id, 0 for none. */
  readonly id?: number;
  /** Distance to the register of the same id (BPF_ADD_CONST), printed as `id=1+8`, `id=1-8`. */
  readonly delta?: number;
}

/** `%+d` of a distance, nothing without one. */
function formatDelta(delta: number | undefined): string {
  if (delta === undefined) return '';
  return delta < 0 ? `${delta}` : `+${delta}`;
}

/** A SCALAR_VALUE register as in the log: `5`, `P0`, `scalar(id=1,umax=255,var_off=(0x0; 0xff))`. */
export function printScalar(s: ScalarState, label: ScalarLabel = {}): string {
  const mark = label.precise ? 'P' : '';
  if (s.mask === 0n) return mark + formatSnum(BigInt.asIntN(64, s.value));
  const parts = printScalarRanges(s);
  if (label.id) parts.unshift(`id=${label.id}${formatDelta(label.delta)}`);
  return `${mark}scalar(${parts.join(',')})`;
}
