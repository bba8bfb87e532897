import { ERRNO } from '@probed/abi';
import { SKB_CONTEXT_BYTES, SKB_FIELD, type SkBuff } from '@probed/helpers';
import type { Machine } from '../machine';

/** Parts of `struct __sk_buff` that a caller may set, `[from, to)`; the rest must be zero (convert___skb_to_skb). */
const GIVEN: readonly (readonly [number, number])[] = [
  [SKB_FIELD.mark, SKB_FIELD.mark + 4],
  [SKB_FIELD.priority, SKB_FIELD.ifindex + 4],
  [SKB_FIELD.cb, SKB_FIELD.cb + 20],
  [SKB_FIELD.tstamp, SKB_FIELD.gsoSegs + 4],
  [SKB_FIELD.gsoSize, SKB_FIELD.gsoSize + 4],
  [SKB_FIELD.hwtstamp, SKB_FIELD.hwtstamp + 8],
];
/** What goes back: all that was given, and the device; gso_size stays as it was (convert_skb_to___skb). */
const RETURNED: readonly (readonly [number, number])[] = [
  [SKB_FIELD.mark, SKB_FIELD.mark + 4],
  [SKB_FIELD.priority, SKB_FIELD.ifindex + 4],
  [SKB_FIELD.cb, SKB_FIELD.cb + 20],
  [SKB_FIELD.tstamp, SKB_FIELD.gsoSegs + 4],
  [SKB_FIELD.hwtstamp, SKB_FIELD.hwtstamp + 8],
];
/** GSO_LEGACY_MAX_SIZE, GSO_MAX_SEGS. */
const WIRE_BYTES_MAX = 65536;
const GSO_SEGMENTS_MAX = 65535;
/** The loopback device, which packets come from unless the caller says otherwise. */
const LOOPBACK = 1;

const at = (ctx: Uint8Array, field: keyof typeof SKB_FIELD) =>
  new DataView(ctx.buffer, ctx.byteOffset).getUint32(SKB_FIELD[field], true);

/** Index of the device that the packet comes from; undefined (ENODEV) when there is none. */
export function ingressDevice(machine: Machine, given: Uint8Array | undefined): number | undefined {
  const ifindex = given ? at(given, 'ifindex') : 0;
  if (ifindex <= LOOPBACK) return LOOPBACK;
  return machine.services.netDevice(ifindex) ? ifindex : undefined;
}

/** Puts the caller's fields into the packet's context. @returns 0 or EINVAL */
export function takeContext(
  { memory }: Machine,
  skb: SkBuff,
  given: Uint8Array | undefined,
  ifindex: number,
): number {
  skb.set('ifindex', ifindex);
  if (!given) return 0;
  const allowed = (byte: number) => GIVEN.some(([from, to]) => byte >= from && byte < to);
  if (given.some((byte, index) => byte !== 0 && !allowed(index))) return ERRNO.EINVAL;
  const wireLen = at(given, 'wireLen');
  if (wireLen !== 0 && (wireLen < skb.len || wireLen > WIRE_BYTES_MAX)) return ERRNO.EINVAL;
  if (at(given, 'gsoSegs') > GSO_SEGMENTS_MAX) return ERRNO.EINVAL;
  for (const [from, to] of GIVEN) memory.u8.set(given.subarray(from, to), skb.ctx + from);
  skb.set('ifindex', ifindex);
  if (wireLen === 0) skb.set('wireLen', skb.len);
  // A 16-bit member of the kernel's own.
  skb.set('gsoSize', at(given, 'gsoSize') & 0xffff);
  return 0;
}

/** The caller's context as the packet leaves it. */
export function returnContext({ memory }: Machine, skb: SkBuff, given: Uint8Array): Uint8Array {
  const out = given.slice(0, SKB_CONTEXT_BYTES);
  for (const [from, to] of RETURNED) out.set(memory.copyOut(skb.ctx + from, to - from), from);
  return out;
}
