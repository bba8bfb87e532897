import { E, type HelperContext, type HelperFamily } from './helper-context';
import { xdpAt } from './packet/find-packet';
import type { XdpBuff } from './packet/xdp-buff';

const ETH_BYTES = 14;
const OFFSET_MAX = 0xffff;
/** Metadata's length is kept in a byte (include/net/xdp.h: xdp_metalen_invalid). */
const META_BYTES_MAX = 255;

/** bpf_xdp_adjust_head: metadata moves along. */
function adjustHead(c: HelperContext, xdp: XdpBuff, by: number): number {
  const { metaBytes } = xdp;
  const data = xdp.data + by;
  if (data < xdp.start + metaBytes || data > xdp.dataEnd - ETH_BYTES) return E.INVAL;
  if (metaBytes) c.memory.u8.copyWithin(xdp.dataMeta + by, xdp.dataMeta, xdp.data);
  xdp.dataMeta += by;
  xdp.data = data;
  return 0;
}

/** bpf_xdp_adjust_tail: what comes in is zeros. */
function adjustTail(c: HelperContext, xdp: XdpBuff, by: number): number {
  const end = xdp.dataEnd + by;
  if (end > xdp.hardEnd || end < xdp.data + ETH_BYTES) return E.INVAL;
  if (by > 0) c.memory.u8.fill(0, xdp.dataEnd, end);
  xdp.dataEnd = end;
  return 0;
}

/** bpf_xdp_adjust_meta. */
function adjustMeta(xdp: XdpBuff, by: number): number {
  const meta = xdp.dataMeta + by;
  if (meta < xdp.start || meta > xdp.data) return E.INVAL;
  const bytes = xdp.data - meta;
  if (bytes & 3 || bytes > META_BYTES_MAX) return E.ACCES;
  xdp.dataMeta = meta;
  return 0;
}

/** Place of a range of the packet: bpf_xdp_pointer. @returns offset into linear memory, -EFAULT, -EINVAL */
function place(xdp: XdpBuff, offset: number, bytes: number): number {
  if (offset > OFFSET_MAX || bytes > OFFSET_MAX) return E.FAULT;
  return offset + bytes > xdp.len ? E.INVAL : xdp.data + offset;
}

function shown(xdp: XdpBuff, result: number): number {
  xdp.show();
  return result;
}

/** net/core/filter.c. */
export const XDP_HELPERS: HelperFamily = {
  xdp_adjust_head: (c) => (ctx, by) => {
    const xdp = xdpAt(c, ctx);
    return shown(xdp, adjustHead(c, xdp, by));
  },
  xdp_adjust_tail: (c) => (ctx, by) => {
    const xdp = xdpAt(c, ctx);
    return shown(xdp, adjustTail(c, xdp, by));
  },
  xdp_adjust_meta: (c) => (ctx, by) => {
    const xdp = xdpAt(c, ctx);
    return shown(xdp, adjustMeta(xdp, by));
  },
  xdp_get_buff_len: (c) => (ctx) => xdpAt(c, ctx).len,
  xdp_load_bytes: (c) => (ctx, offset, dst, bytes) => {
    const at = place(xdpAt(c, ctx), offset >>> 0, bytes >>> 0);
    if (at < 0) return at;
    c.memory.u8.copyWithin(dst, at, at + bytes);
    return 0;
  },
  xdp_store_bytes: (c) => (ctx, offset, src, bytes) => {
    const at = place(xdpAt(c, ctx), offset >>> 0, bytes >>> 0);
    if (at < 0) return at;
    c.memory.u8.copyWithin(at, src, src + bytes);
    return 0;
  },
};
