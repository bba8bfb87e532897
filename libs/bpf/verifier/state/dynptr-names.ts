import { DynptrType } from './reg-state';

/** As logs and complaints name them (kernel/bpf/log.c: dynptr_type_str). */
export const DYNPTR_STR: Readonly<Record<DynptrType, string>> = {
  [DynptrType.INVALID]: 'unknown',
  [DynptrType.LOCAL]: 'local',
  [DynptrType.RINGBUF]: 'ringbuf',
  [DynptrType.SKB]: 'skb',
  [DynptrType.XDP]: 'xdp',
  [DynptrType.SKB_META]: 'skb_meta',
};
