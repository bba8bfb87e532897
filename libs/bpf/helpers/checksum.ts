import { E, ENOTSUPP, type HelperContext, type HelperFamily } from './helper-context';
import {
  csum16Add,
  csum16Sub,
  csumAdd,
  csumFold,
  csumFrom32To16,
  csumPartial,
  csumSub,
} from './packet/checksum-sums';
import { skbAt } from './packet/find-packet';
import { CHECKSUM, type SkBuff } from './packet/sk-buff';

/** BPF_F_* of bpf_l3_csum_replace and bpf_l4_csum_replace. */
const F = {
  HDR_FIELD_MASK: 0xf,
  PSEUDO_HDR: 0x10,
  MARK_MANGLED_0: 0x20,
  MARK_ENFORCE: 0x40,
  IPV6: 0x80,
} as const;
const L4_FLAGS = 0xff;
const OFFSET_MAX = 0xffff;
/** enum: BPF_CSUM_LEVEL_QUERY, INC, DEC, RESET. */
const LEVEL = { QUERY: 0, INC: 1, DEC: 2, RESET: 3 } as const;
/** SKB_MAX_CSUM_LEVEL. */
const LEVEL_MAX = 3;

/** A change of a checksummed field, as its helper's registers give it; `from` and `to` are low halves. */
interface Change {
  readonly from: number;
  readonly to: number;
  readonly isFromZero: boolean;
  readonly size: number;
}

/** Place of the checksum in memory, or a negative errno. */
function checksumAt(skb: SkBuff, offset: number): number {
  if (offset > OFFSET_MAX || offset & 1) return E.FAULT;
  skb.show();
  return offset + 2 > skb.len ? E.FAULT : skb.data + offset;
}

/** The checksum after a change; undefined when the size is none of 0 (by difference), 2, 4, or `from` is not 0 for 0. */
function replaced(sum: number, { from, to, isFromZero, size }: Change): number | undefined {
  const unfolded = ~sum >>> 0;
  if (size === 0) return isFromZero ? csumFold(csumAdd(to, unfolded)) : undefined;
  if (size === 4) return csumFold(csumAdd(csumSub(unfolded, from), to));
  return undefined;
}

/** bpf_l3_csum_replace. */
function l3Replace(
  c: HelperContext,
  skb: SkBuff,
  offset: number,
  change: Change,
  flagsOf: [number, number],
): number {
  const [flags, high] = flagsOf;
  if (high !== 0 || flags & ~F.HDR_FIELD_MASK) return E.INVAL;
  const at = checksumAt(skb, offset);
  if (at < 0) return at;
  const { view } = c.memory;
  const old = view.getUint16(at, true);
  // csum_replace2 takes halfwords and adds them up as such.
  const sum =
    change.size === 2
      ? ~csum16Add(csum16Sub(~old & 0xffff, change.from & 0xffff), change.to & 0xffff) & 0xffff
      : replaced(old, change);
  if (sum === undefined) return E.INVAL;
  view.setUint16(at, sum, true);
  return 0;
}

/** bpf_l4_csum_replace. */
function l4Replace(
  c: HelperContext,
  skb: SkBuff,
  offset: number,
  change: Change,
  flagsOf: [number, number],
): number {
  const [flags, high] = flagsOf;
  if (high !== 0 || flags & ~L4_FLAGS) return E.INVAL;
  const at = checksumAt(skb, offset);
  if (at < 0) return at;
  const { view } = c.memory;
  const old = view.getUint16(at, true);
  const mangles = (flags & F.MARK_MANGLED_0) !== 0;
  if (mangles && (flags & F.MARK_ENFORCE) === 0 && old === 0) return 0;
  const field = change.size === 2 ? halfwords(change) : change;
  const sum = replaced(old, field);
  if (sum === undefined) return E.INVAL;
  if ((flags & F.PSEUDO_HDR) !== 0 && skb.ipSummed === CHECKSUM.COMPLETE) pseudoHeader(skb, field, flags);
  view.setUint16(at, mangles && sum === 0 ? 0xffff : sum, true);
  return 0;
}

/** inet_proto_csum_replace2: a halfword as a word. */
function halfwords({ from, to, isFromZero }: Change): Change {
  return { from: from & 0xffff, to: to & 0xffff, isFromZero, size: 4 };
}

/** A change of the pseudo header, which the hardware's sum does not cover. */
function pseudoHeader(skb: SkBuff, { from, to, size }: Change, flags: number): void {
  if (size === 0) {
    if ((flags & F.IPV6) === 0) skb.csum = ~csumSub(to, skb.csum) >>> 0;
    return;
  }
  skb.csum = ~csumAdd(csumSub(~skb.csum >>> 0, from), to) >>> 0;
}

/** bpf_csum_diff. @returns 16 bits */
function diff(
  c: HelperContext,
  from: number,
  fromBytes: number,
  to: number,
  toBytes: number,
  seed: number,
): number {
  const { u8 } = c.memory;
  let sum = seed >>> 0;
  if (fromBytes && toBytes) {
    sum = csumSub(csumPartial(u8, to, toBytes, sum), csumPartial(u8, from, fromBytes, 0));
  } else if (toBytes) sum = csumPartial(u8, to, toBytes, sum);
  else if (fromBytes) sum = ~csumPartial(u8, from, fromBytes, ~sum >>> 0) >>> 0;
  return csumFrom32To16(sum);
}

/** bpf_csum_update. */
function update(skb: SkBuff, sum: number): number {
  if (skb.ipSummed !== CHECKSUM.COMPLETE) return ENOTSUPP;
  skb.csum = csumAdd(skb.csum, sum >>> 0);
  return skb.csum;
}

/** bpf_csum_level: how many checksums the hardware has verified. */
function level(skb: SkBuff, what: number): number {
  const { ipSummed } = skb;
  const known = ipSummed === CHECKSUM.UNNECESSARY;
  if (what === LEVEL.QUERY) return known ? skb.csumLevel : E.ACCES;
  if (what === LEVEL.INC) {
    if (known) skb.csumLevel = Math.min(LEVEL_MAX, skb.csumLevel + 1);
    else if (ipSummed === CHECKSUM.NONE) setLevel(skb, CHECKSUM.UNNECESSARY, 0);
  } else if (what === LEVEL.DEC) {
    if (known && skb.csumLevel === 0) setLevel(skb, CHECKSUM.NONE, 0);
    else if (known) skb.csumLevel--;
  } else if (what === LEVEL.RESET) {
    if (known) setLevel(skb, CHECKSUM.NONE, 0);
  } else return E.INVAL;
  return 0;
}

function setLevel(skb: SkBuff, ipSummed: number, csumLevel: number): void {
  skb.ipSummed = ipSummed;
  skb.csumLevel = csumLevel;
}

/** Registers of the two replacing helpers. */
function changeOf(fromLo: number, fromHi: number, toLo: number, flags: number): Change {
  return {
    from: fromLo >>> 0,
    to: toLo >>> 0,
    isFromZero: fromLo === 0 && fromHi === 0,
    size: flags & F.HDR_FIELD_MASK,
  };
}

/** net/core/filter.c. */
export const CHECKSUM_HELPERS: HelperFamily = {
  l3_csum_replace: (c) => (ctx, offset, fromLo, fromHi, toLo, _toHi, lo, hi) =>
    l3Replace(c, skbAt(c, ctx), offset >>> 0, changeOf(fromLo, fromHi, toLo, lo), [lo, hi]),
  l4_csum_replace: (c) => (ctx, offset, fromLo, fromHi, toLo, _toHi, lo, hi) =>
    l4Replace(c, skbAt(c, ctx), offset >>> 0, changeOf(fromLo, fromHi, toLo, lo), [lo, hi]),
  csum_diff: (c) => (from, fromBytes, to, toBytes, seed) =>
    c.word(diff(c, from, fromBytes >>> 0, to, toBytes >>> 0, seed)),
  csum_update: (c) => (ctx, sum) => c.word(update(skbAt(c, ctx), sum)),
  csum_level: (c) => (ctx, lo, hi) => level(skbAt(c, ctx), hi === 0 ? lo : -1),
};
