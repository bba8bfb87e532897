import type { BpfMap } from '@probed/maps';
import { addressOf } from '@probed/memory';
import { E, type HelperContext, type HelperFamily } from './helper-context';

/** Flags of an update: the upper half must be clear. */
function updateFlags(lo: number, hi: number): number {
  return hi === 0 ? lo : -1;
}

function forEach(c: HelperContext, map: BpfMap, slot: number, ctx: number): number {
  const mapWord = addressOf(map.offset);
  const ctxWord = addressOf(ctx);
  return map.walk((key, value) => {
    c.iterate();
    return c.env.invokeCallback(slot, mapWord, addressOf(key), addressOf(value), ctxWord, 0);
  });
}

/** kernel/bpf/helpers.c, kernel/bpf/map_iter.c. */
export const MAP_HELPERS: HelperFamily = {
  map_lookup_elem: (c, map) =>
    map ? (_map, key) => map.lookupOffset(key) : (at, key) => c.map(at).lookupOffset(key),

  map_update_elem: (c, map) =>
    map
      ? (_map, key, value, lo, hi) => map.update(key, value, updateFlags(lo, hi))
      : (at, key, value, lo, hi) => c.map(at).update(key, value, updateFlags(lo, hi)),

  map_delete_elem: (c, map) => (map ? (_map, key) => map.delete(key) : (at, key) => c.map(at).delete(key)),

  map_lookup_percpu_elem: (c, map) => (at, key, cpu) => (map ?? c.map(at)).lookupPercpuOffset(key, cpu >>> 0),

  map_push_elem: (c, map) => (at, value, lo, hi) => (map ?? c.map(at)).push(value, updateFlags(lo, hi)),

  map_pop_elem: (c, map) => (at, value) => (map ?? c.map(at)).pop(value),

  map_peek_elem: (c, map) => (at, value) => (map ?? c.map(at)).peek(value),

  for_each_map_elem: (c, map) => (at, slot, ctx, lo, hi) =>
    lo !== 0 || hi !== 0 ? E.INVAL : forEach(c, map ?? c.map(at), slot, ctx),
};
