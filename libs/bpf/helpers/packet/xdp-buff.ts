import type { KernelMemory } from '@probed/memory';
import { SHARED_INFO_BYTES } from './sk-buff';

/** Members of `struct xdp_md` (include/uapi/linux/bpf.h), bytes from its start. */
export const XDP_FIELD = {
  data: 0,
  dataEnd: 4,
  dataMeta: 8,
  ingressIfindex: 12,
  rxQueueIndex: 16,
  egressIfindex: 20,
} as const;

/** sizeof(struct xdp_md). */
export const XDP_CONTEXT_BYTES = 24;
/** XDP_PACKET_HEADROOM. */
export const XDP_HEADROOM_BYTES = 256;
/** sizeof(struct xdp_frame), which the start of the headroom is kept for. */
export const XDP_FRAME_BYTES = 40;
/** A frame is a page. */
const FRAME_BYTES = 4096;
/** Most bytes of packet and metadata that a frame holds. */
export const XDP_LINEAR_BYTES_MAX = FRAME_BYTES - XDP_HEADROOM_BYTES - SHARED_INFO_BYTES;

/** A `struct xdp_buff` without fragments: one page with headroom, metadata, data and tailroom. */
export class XdpBuff {
  readonly kind = 'xdp';
  private readonly frame: number;
  dataMeta: number;
  data: number;
  dataEnd: number;

  /** @param bytes metadata, then the packet @param metaBytes how many of them are metadata */
  constructor(
    private readonly memory: KernelMemory,
    readonly ctx: number,
    bytes: Uint8Array,
    metaBytes: number,
  ) {
    this.frame = memory.alloc(FRAME_BYTES);
    this.data = this.frame + XDP_HEADROOM_BYTES;
    this.dataMeta = this.data - metaBytes;
    this.dataEnd = this.dataMeta + bytes.length;
    memory.u8.set(bytes, this.dataMeta);
    this.show();
  }

  free(): void {
    this.memory.free(this.frame);
  }

  /** First byte that metadata may use. */
  get start(): number {
    return this.frame + XDP_FRAME_BYTES;
  }

  /** First byte of the tail that is kept for `struct skb_shared_info`. */
  get hardEnd(): number {
    return this.frame + FRAME_BYTES - SHARED_INFO_BYTES;
  }

  get len(): number {
    return this.dataEnd - this.data;
  }

  get metaBytes(): number {
    return this.data - this.dataMeta;
  }

  set(field: keyof typeof XDP_FIELD, value: number): void {
    this.memory.view.setUint32(this.ctx + XDP_FIELD[field], value, true);
  }

  /** Packet pointers as programs load them. */
  show(): void {
    this.set('data', this.data);
    this.set('dataMeta', this.dataMeta);
    this.set('dataEnd', this.dataEnd);
  }
}
