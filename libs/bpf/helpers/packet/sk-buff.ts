import type { KernelMemory } from '@probed/memory';
import { csumBlockAdd, csumBlockSub, csumPartial } from './checksum-sums';

/** Members of `struct __sk_buff` (include/uapi/linux/bpf.h) that packets keep up to date; bytes from its start. */
export const SKB_FIELD = {
  len: 0,
  pktType: 4,
  mark: 8,
  protocol: 16,
  vlanPresent: 20,
  vlanTci: 24,
  vlanProto: 28,
  priority: 32,
  ingressIfindex: 36,
  ifindex: 40,
  cb: 48,
  hash: 68,
  data: 76,
  dataEnd: 80,
  family: 88,
  remoteIp4: 92,
  localIp4: 96,
  remoteIp6: 100,
  localIp6: 116,
  dataMeta: 140,
  tstamp: 152,
  wireLen: 160,
  gsoSegs: 164,
  sk: 168,
  gsoSize: 176,
  tstampType: 180,
  hwtstamp: 184,
} as const;

/** sizeof(struct __sk_buff). */
export const SKB_CONTEXT_BYTES = 192;

/** `skb->ip_summed`. */
export const CHECKSUM = { NONE: 0, UNNECESSARY: 1, COMPLETE: 2 } as const;

/** SKB_DATA_ALIGN(sizeof(struct skb_shared_info)) on x86-64. */
export const SHARED_INFO_BYTES = 320;
/** What a packet may grow to (net/core/filter.c: BPF_SKB_MAX_LEN, which is SKB_MAX_ALLOC), bytes. */
export const SKB_BYTES_MAX = 4 * 4096 - SHARED_INFO_BYTES;

/** NET_SKB_PAD: headroom grows by multiples of it. */
const HEADROOM_STEP_BYTES = 64;

/** A VLAN tag beside the packet (`skb->vlan_tci`, `vlan_proto`). */
export interface VlanTag {
  /** Network order, as `struct __sk_buff` shows it. */
  readonly protocol: number;
  readonly tci: number;
}

/** What `bpf_skb_set_tunnel_key` leaves with a packet (`struct ip_tunnel_info`). */
export interface TunnelInfo {
  readonly isIpv6: boolean;
  /** TUNNEL_*_BIT as `tunnel_flags` shows them. */
  readonly flags: number;
  readonly id: number;
  readonly tos: number;
  readonly ttl: number;
  readonly label: number;
  /** 4 or 16 bytes, as the program gave them. */
  readonly remote: Uint8Array;
  readonly local: Uint8Array;
  options?: Uint8Array;
}

/** Where a packet lies, and what the kernel knows of it before a program sees it. */
export interface SkbSpec {
  /** Offset of its `struct __sk_buff`, {@link SKB_CONTEXT_BYTES} long and zeroed. */
  readonly ctx: number;
  /** From the link layer's header on. */
  readonly bytes: Uint8Array;
  /** Bytes before the packet (NET_SKB_PAD). */
  readonly headroom: number;
  /** Bytes of link layer header. */
  readonly macBytes: number;
  /** Network order. */
  readonly protocol: number;
}

/**
 * A linear `struct sk_buff`: headroom, data, tailroom in one block of memory, the places of its headers, and the
 * `struct __sk_buff` through which a program sees it. Every change shows there at once. Positions are offsets into
 * linear memory.
 */
export class SkBuff {
  readonly kind = 'skb';
  readonly ctx: number;
  private head: number;
  private headBytes: number;
  data: number;
  len: number;
  macHeader: number;
  networkHeader: number;
  /** Undefined until something sets it. */
  transportHeader: number | undefined;
  /** `skb->mac_len`, as of the last helper that sets it. */
  macLen = 0;
  encapsulation = false;
  ipSummed: number = CHECKSUM.NONE;
  csumLevel = 0;
  csum = 0;
  tunnel: TunnelInfo | undefined;

  constructor(
    private readonly memory: KernelMemory,
    { ctx, bytes, headroom, macBytes, protocol }: SkbSpec,
  ) {
    this.ctx = ctx;
    this.headBytes = bytes.length + headroom;
    this.head = memory.alloc(Math.max(1, this.headBytes));
    this.data = this.head + headroom;
    this.len = bytes.length;
    memory.u8.set(bytes, this.data);
    this.macHeader = this.data;
    this.networkHeader = this.data + macBytes;
    this.set('protocol', protocol);
    this.show();
  }

  /** Gives the packet's memory back; the context is its owner's. */
  free(): void {
    this.memory.free(this.head);
  }

  get tail(): number {
    return this.data + this.len;
  }

  /** A 32-bit field of the context. */
  get(field: keyof typeof SKB_FIELD): number {
    return this.memory.view.getUint32(this.ctx + SKB_FIELD[field], true);
  }

  set(field: keyof typeof SKB_FIELD, value: number): void {
    this.memory.view.setUint32(this.ctx + SKB_FIELD[field], value, true);
  }

  /** Network order. */
  get protocol(): number {
    return this.get('protocol');
  }

  get isGso(): boolean {
    return this.get('gsoSize') !== 0;
  }

  get macBytes(): number {
    return this.networkHeader - this.macHeader;
  }

  get networkOffset(): number {
    return this.networkHeader - this.data;
  }

  get vlan(): VlanTag | undefined {
    if (this.get('vlanPresent') === 0) return undefined;
    return { protocol: this.get('vlanProto'), tci: this.get('vlanTci') };
  }

  set vlan(tag: VlanTag | undefined) {
    this.set('vlanPresent', tag ? 1 : 0);
    this.set('vlanTci', tag ? tag.tci & 0xffff : 0);
    this.set('vlanProto', tag ? tag.protocol : 0);
  }

  /** `bpf_compute_data_pointers`: packet pointers and length as programs load them. */
  show(): void {
    this.set('len', this.len);
    this.set('data', this.data);
    this.set('dataMeta', this.data);
    this.set('dataEnd', this.tail);
  }

  /**
   * `skb_cow`: makes room for `bytes` more before the data, in steps of NET_SKB_PAD. A transport header that was never
   * set is 0xffff in Linux, to which the growth is added in 16 bits: it counts as set from then on
   * (skb_headers_offset_update), and bpf_skb_change_tail goes by it.
   */
  reserveHead(bytes: number): void {
    const room = this.data - this.head;
    if (room >= bytes) return;
    const more = Math.ceil((bytes - room) / HEADROOM_STEP_BYTES) * HEADROOM_STEP_BYTES;
    this.move(room + more, this.len);
    this.transportHeader ??= this.head + more - 1;
  }

  /** `__skb_push` after {@link reserveHead}; what comes in is not cleared. */
  push(bytes: number): void {
    this.data -= bytes;
    this.len += bytes;
  }

  pull(bytes: number): void {
    this.data += bytes;
    this.len -= bytes;
  }

  /** Grows with zeros or cuts at the end, and forgets the hardware's sum (`__skb_grow_rcsum`, `__skb_trim_rcsum`). */
  resize(len: number): void {
    if (len > this.len) {
      if (this.data + len > this.head + this.headBytes) this.move(this.data - this.head, len);
      this.memory.u8.fill(0, this.tail, this.data + len);
    }
    if (len !== this.len && this.ipSummed === CHECKSUM.COMPLETE) this.ipSummed = CHECKSUM.NONE;
    this.len = len;
  }

  /** `skb_postpull_rcsum`, `skb_postpush_rcsum`: bytes leave or join what the hardware summed up. */
  sumChanges(sign: 'pull' | 'push', at: number, bytes: number, offset = 0): void {
    if (this.ipSummed !== CHECKSUM.COMPLETE) return;
    const sum = this.sum(at, bytes);
    this.csum = (sign === 'pull' ? csumBlockSub : csumBlockAdd)(this.csum, sum, offset);
  }

  /** Partial sum of bytes in memory. */
  sum(at: number, bytes: number): number {
    return csumPartial(this.memory.u8, at, bytes, 0);
  }

  /** Another block with as much room before the data as asked for, and room for `len` bytes. */
  private move(headroom: number, len: number): void {
    const { memory, head, data } = this;
    const bytes = memory.copyOut(data, this.len);
    this.headBytes = headroom + len;
    this.head = memory.alloc(this.headBytes);
    this.data = this.head + headroom;
    const by = this.data - data;
    this.macHeader += by;
    this.networkHeader += by;
    if (this.transportHeader !== undefined) this.transportHeader += by;
    memory.u8.set(bytes, this.data);
    memory.free(head);
  }
}
