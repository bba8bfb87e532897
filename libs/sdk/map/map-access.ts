import type { Btf } from '@probed/btf';
import { type BpfMap as CoreMap, StackTraceMap } from '@probed/maps';
import { MapType, mapType } from '@probed/spec';
import type { Kernel } from '@probed/system';
import { fail } from '../errors';
import { loadedProgram, Program } from '../program';
import { type Codec, codecOf, isBytes } from '../values/codec';
import { BpfMap, coreMap, type StackFrame } from './bpf-map';

/** What a map's handle needs of its machine. */
export interface MapContext {
  readonly kernel: Kernel;
  readonly cpus: number;
  /** A map by id, for maps of maps. */
  mapById(id: number): BpfMap | undefined;
  /** Scratch memory for a value, for maps without keys. */
  withScratch<T>(bytes: number, use: (offset: number) => T): T;
  copyOut(offset: number, bytes: number): Uint8Array;
}

const INDEXED: ReadonlySet<number> = new Set([
  MapType.ARRAY,
  MapType.PERCPU_ARRAY,
  MapType.PROG_ARRAY,
  MapType.ARRAY_OF_MAPS,
  MapType.PERF_EVENT_ARRAY,
]);
const ARRAYS: ReadonlySet<number> = new Set([MapType.ARRAY, MapType.PERCPU_ARRAY]);
const QUEUES: ReadonlySet<number> = new Set([MapType.QUEUE, MapType.STACK]);
const OF_MAPS: ReadonlySet<number> = new Set([MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS]);
const EINVAL = 22;
const EOPNOTSUPP = 95;

/** Bytes and values of one map, and what is special about its type. */
export class MapAccess {
  private readonly key: Codec;
  private readonly value: Codec;

  constructor(
    readonly map: CoreMap,
    btf: Btf | undefined,
    private readonly context: MapContext,
  ) {
    const { info } = map;
    const indexed = INDEXED.has(info.type);
    this.key = codecOf(indexed ? undefined : btf, info.keyTypeId, info.keySize, `map ${info.name}: key`);
    this.value = codecOf(btf, info.valueTypeId, info.valueSize, `map ${info.name}: value`);
  }

  get isArray(): boolean {
    return ARRAYS.has(this.map.info.type);
  }

  keyBytes(key: unknown): Uint8Array {
    return this.key.encode(key);
  }

  readKey(bytes: Uint8Array): unknown {
    return this.key.decode(bytes);
  }

  valueBytes(value: unknown): Uint8Array {
    const { info } = this.map;
    if (value instanceof BpfMap) return this.idBytes(OF_MAPS.has(info.type), coreMap(value).id, 'maps');
    if (value instanceof Program) {
      return this.idBytes(info.type === MapType.PROG_ARRAY, loadedProgram(value).id, 'programs');
    }
    if (!this.perCpu) return this.value.encode(value);
    const all = this.zeroValue();
    if (isBytes(value, all.length)) return value.slice();
    for (let cpu = 0; cpu < this.context.cpus; cpu++) {
      const one = Array.isArray(value) ? value[cpu] : value;
      if (one !== undefined) all.set(this.value.encode(one), cpu * this.stride);
    }
    return all;
  }

  readValue(bytes: Uint8Array): unknown {
    const { info } = this.map;
    if (OF_MAPS.has(info.type)) return this.context.mapById(u32(bytes));
    if (!this.perCpu) return this.value.decode(bytes);
    const values: unknown[] = [];
    for (let at = 0; at < bytes.length; at += this.stride) {
      values.push(this.value.decode(bytes.subarray(at, at + info.valueSize)));
    }
    return values;
  }

  zeroValue(): Uint8Array {
    return new Uint8Array(this.perCpu ? this.stride * this.context.cpus : this.map.info.valueSize);
  }

  /** @param remove whether the value is taken out */
  pop(remove: boolean): unknown {
    const { map, context } = this;
    const { info } = map;
    if (!QUEUES.has(info.type)) {
      fail('map-type', `map ${info.name} is no queue and no stack`, { errno: EOPNOTSUPP });
    }
    return context.withScratch(info.valueSize, (offset) => {
      const result = remove ? map.pop(offset) : map.peek(offset);
      return result < 0 ? undefined : this.value.decode(context.copyOut(offset, info.valueSize));
    });
  }

  stack(id: number): StackFrame[] | undefined {
    const { map } = this;
    if (!(map instanceof StackTraceMap)) {
      fail('map-type', `map ${map.info.name} holds no stacks`, { errno: EINVAL });
    }
    return map.addresses(id)?.map((address) => frameOf(this.context.kernel, address));
  }

  private get perCpu(): boolean {
    return mapType(this.map.info.type)?.perCpu === true;
  }

  private get stride(): number {
    return Math.ceil(this.map.info.valueSize / 8) * 8;
  }

  private idBytes(fits: boolean, id: number, what: string): Uint8Array {
    if (!fits) fail('value-encode', `map ${this.map.info.name} holds no ${what}`, { errno: EINVAL });
    return new Uint8Array(new Uint32Array([id]).buffer);
  }
}

function frameOf(kernel: Kernel, address: number): StackFrame {
  const ip = BigInt.asUintN(64, BigInt(address));
  if (address < 0) {
    const hit = kernel.kernelSymbol(address);
    return hit ? { ip, symbol: hit.name, offset: hit.offset } : { ip };
  }
  const hit = kernel.userSymbol(address);
  return hit ? { ip, symbol: hit.name, offset: hit.offset, module: hit.module } : { ip };
}

function u32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
