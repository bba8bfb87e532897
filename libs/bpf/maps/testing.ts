import { KernelMemory } from '@probed/memory';
import { type MapInfo, MapType } from '@probed/spec';
import type { BpfMap } from './bpf-map';
import { createMap } from './create-map';
import type { MapEnv } from './map-env';
import { MapRegistry } from './map-registry';

/** An environment for tests, whose current CPU can be set. */
export function testEnv(cpus = 2): MapEnv & { cpu: number } {
  return {
    memory: new KernelMemory(256 * 1024 * 1024),
    registry: new MapRegistry(),
    cpus,
    cpu: 0,
    currentCpu() {
      return this.cpu;
    },
    mapField: (name) => ({ map_type: 24, key_size: 28, value_size: 32, max_entries: 36 })[name],
  };
}

export function testInfo(type: keyof typeof MapType, more: Partial<MapInfo> = {}): MapInfo {
  return {
    name: 'm',
    type: MapType[type],
    keySize: 4,
    valueSize: 8,
    maxEntries: 4,
    flags: 0,
    frozen: false,
    keyTypeId: 0,
    valueTypeId: 0,
    ...more,
  };
}

export function makeMap(env: MapEnv, info: MapInfo): BpfMap {
  const map = createMap(info, env);
  if (!map.ok) throw new Error(map.error.message);
  return map.value;
}

export function u32(...words: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * words.length);
  words.forEach((word, i) => {
    new DataView(bytes.buffer).setUint32(4 * i, word, true);
  });
  return bytes;
}
