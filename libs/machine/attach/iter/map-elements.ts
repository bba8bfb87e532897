import { type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import type { BpfMap } from '@probed/maps';
import { addressOf } from '@probed/memory';
import { MapType } from '@probed/spec';
import type { AttachEnv } from '../attach-env';
import type { AttachedProgram } from '../attached-program';
import type { IterOptions } from '../attachment';
import { badTarget } from '../errors';
import type { Walk } from './walks';

const EACCES = 13;

const PER_CPU: ReadonlySet<number> = new Set([
  MapType.PERCPU_HASH,
  MapType.LRU_PERCPU_HASH,
  MapType.PERCPU_ARRAY,
]);
const PLAIN: ReadonlySet<number> = new Set([MapType.HASH, MapType.LRU_HASH, MapType.ARRAY]);

/** `SEC("iter/bpf_map_elem")` over one map (kernel/bpf/map_iter.c: bpf_iter_attach_map). */
export function mapElements(
  env: AttachEnv,
  { map }: IterOptions,
  { program }: AttachedProgram,
): Result<Walk, Diagnostic> {
  if (!map) return badTarget('iter/bpf_map_elem needs a map to walk');
  const { keySize, name, type, valueSize } = map.info;
  const perCpu = PER_CPU.has(type);
  if (!perCpu && !PLAIN.has(type)) return badTarget(`map ${name} is of a type that no iterator walks`);
  const valueBytes = perCpu ? round8(valueSize) * env.kernel.cpus : valueSize;
  const { rdonly, rdwr } = program.verified.bufferBytes;
  if (rdonly > keySize || rdwr > valueBytes) {
    const reach =
      rdonly > keySize ? `${rdonly} bytes of keys of ${keySize}` : `${rdwr} of values of ${valueBytes}`;
    const message = `map ${name} does not fit the program, which reads ${reach} (EACCES)`;
    return err(diagnostic('iter-map', message, { errno: EACCES }));
  }
  return ok(() => walk(env, map, perCpu ? valueBytes : 0));
}

/** @param copyBytes size of the values of all CPUs, which are copied; 0 for values that programs may write in place */
function* walk(env: AttachEnv, map: BpfMap, copyBytes: number): Generator<readonly number[]> {
  const { memory } = env;
  const mapWord = addressOf(map.offset);
  const key = memory.alloc(Math.max(8, map.info.keySize));
  const values = copyBytes > 0 ? memory.alloc(copyBytes) : 0;
  try {
    for (const entry of map.entries()) {
      memory.u8.set(entry.key, key);
      if (values > 0) memory.u8.set(entry.value, values);
      const value = values || map.lookupOffset(key);
      if (value !== 0) yield [mapWord, addressOf(key), addressOf(value)];
    }
  } finally {
    memory.free(key);
    if (values > 0) memory.free(values);
  }
}

function round8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
