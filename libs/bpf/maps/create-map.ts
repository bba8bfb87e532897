import { type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import { MemoryLimitError } from '@probed/memory';
import { checkMapAttr, type MapInfo, MapType, mapType } from '@probed/spec';
import { ArrayMap } from './array';
import { BloomFilterMap } from './bloom-filter';
import type { BpfMap } from './bpf-map';
import { HashMap } from './hash';
import { IdArrayMap } from './id-array';
import { LocalStorageMap } from './local-storage';
import { LpmTrieMap } from './lpm-trie';
import { LruHashMap } from './lru-hash';
import type { MapEnv } from './map-env';
import { ArrayOfMaps, HashOfMaps } from './map-in-map';
import { PerfEventArray } from './perf-event-array';
import { ProgArrayMap } from './prog-array';
import { QueueStackMap } from './queue-stack';
import { RedirectMap } from './redirect-map';
import { RingBuffer } from './ringbuf';
import { SocketMap } from './socket-map';
import { StackTraceMap } from './stack-trace';

const ENOMEM = 12;
const EINVAL = 22;
const EOPNOTSUPP = 95;

type MakeMap = (info: MapInfo, env: MapEnv) => BpfMap;

/** The map types that exist here; the table in lib `spec` says the same in its `support` column. */
const MAKERS: ReadonlyMap<number, MakeMap> = new Map<number, MakeMap>([
  [MapType.HASH, (info, env) => new HashMap(info, env, false)],
  [MapType.PERCPU_HASH, (info, env) => new HashMap(info, env, true)],
  [MapType.LRU_HASH, (info, env) => new LruHashMap(info, env, false)],
  [MapType.LRU_PERCPU_HASH, (info, env) => new LruHashMap(info, env, true)],
  [MapType.ARRAY, (info, env) => new ArrayMap(info, env, false)],
  [MapType.PERCPU_ARRAY, (info, env) => new ArrayMap(info, env, true)],
  [MapType.RINGBUF, (info, env) => new RingBuffer(info, env)],
  [MapType.PERF_EVENT_ARRAY, (info, env) => new PerfEventArray(info, env)],
  [MapType.STACK_TRACE, (info, env) => new StackTraceMap(info, env)],
  [MapType.PROG_ARRAY, (info, env) => new ProgArrayMap(info, env)],
  [MapType.CGROUP_ARRAY, (info, env) => new IdArrayMap(info, env)],
  [MapType.ARRAY_OF_MAPS, (info, env) => new ArrayOfMaps(info, env)],
  [MapType.HASH_OF_MAPS, (info, env) => new HashOfMaps(info, env)],
  [MapType.QUEUE, (info, env) => new QueueStackMap(info, env, false)],
  [MapType.STACK, (info, env) => new QueueStackMap(info, env, true)],
  [MapType.LPM_TRIE, (info, env) => new LpmTrieMap(info, env)],
  [MapType.DEVMAP, (info, env) => new RedirectMap(info, env)],
  [MapType.DEVMAP_HASH, (info, env) => new RedirectMap(info, env)],
  [MapType.CPUMAP, (info, env) => new RedirectMap(info, env)],
  [MapType.XSKMAP, (info, env) => new SocketMap(info, env)],
  [MapType.SOCKMAP, (info, env) => new SocketMap(info, env)],
  [MapType.SOCKHASH, (info, env) => new SocketMap(info, env)],
  [MapType.REUSEPORT_SOCKARRAY, (info, env) => new SocketMap(info, env)],
  [MapType.SK_STORAGE, (info, env) => new LocalStorageMap(info, env)],
  [MapType.INODE_STORAGE, (info, env) => new LocalStorageMap(info, env)],
  [MapType.TASK_STORAGE, (info, env) => new LocalStorageMap(info, env)],
  [MapType.CGRP_STORAGE, (info, env) => new LocalStorageMap(info, env)],
  [MapType.BLOOM_FILTER, (info, env) => new BloomFilterMap(info, env)],
]);

/**
 * `BPF_MAP_CREATE`. Errors: `map-type-unsupported` (EOPNOTSUPP) by name, `map-attributes` (EINVAL, E2BIG),
 * `map-no-memory` (ENOMEM) when it does not fit the emulated machine's memory.
 */
export function createMap(info: MapInfo, env: MapEnv): Result<BpfMap> {
  const make = MAKERS.get(info.type);
  if (!make) return err(unsupported(info));
  const fault = checkMapAttr(info);
  if (fault) {
    const { errno, message } = fault;
    return err(diagnostic('map-attributes', `map ${info.name}: ${message}`, { errno, hint: hintFor(info) }));
  }
  const used = env.memory.usedBytes;
  try {
    const map = env.memory.allOrNothing(() => make(info, env));
    env.registry.add(map);
    return ok(map);
  } catch (error) {
    if (!(error instanceof MemoryLimitError)) throw error;
    return err(noMemory(info, error, used));
  }
}

function unsupported(info: MapInfo): Diagnostic {
  const row = mapType(info.type);
  const type = row ? `type ${row.name}` : `unknown type ${info.type}`;
  return diagnostic('map-type-unsupported', `map ${info.name}: ${type} is not supported`, {
    errno: row ? EOPNOTSUPP : EINVAL,
  });
}

function noMemory(info: MapInfo, error: MemoryLimitError, used: number): Diagnostic {
  const what = `max_entries ${info.maxEntries} needs ${error.wanted} bytes, ${used} of ${error.limit} are in use`;
  return diagnostic('map-no-memory', `map ${info.name}: ${what} (ENOMEM)`, {
    errno: ENOMEM,
    hint: 'lower max_entries',
  });
}

function hintFor(info: MapInfo): string | undefined {
  if (info.maxEntries !== 0) return undefined;
  return `user space is expected to size this map: say --map ${info.name}:max=N`;
}
