import { BaseMap } from './base-map';
import { E } from './errno';
import { nextIndex } from './u32-key';

/**
 * BPF_MAP_TYPE_SOCKMAP, SOCKHASH, REUSEPORT_SOCKARRAY, XSKMAP (net/core/sock_map.c, kernel/bpf/reuseport_array.c,
 * net/xdp/xskmap.c): sockets of user space. The maps exist, so that programs which use them load; no socket can be put
 * into one, which gives EOPNOTSUPP, and programs find none there.
 */
export class SocketMap extends BaseMap {
  override updateElem(): number {
    return this.userWriteFault() || E.OPNOTSUPP;
  }

  override deleteElem(): number {
    return this.userWriteFault() || E.NOENT;
  }

  override delete(): number {
    return E.NOENT;
  }

  override nextKey(key: Uint8Array | undefined): Uint8Array | undefined {
    return this.info.keySize === 4 ? nextIndex(key, this.info.maxEntries) : undefined;
  }
}
