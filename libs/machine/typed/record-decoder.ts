import { BPF_MAP_TYPE } from '@probed/abi';
import { diagnostic, err, ok, type Result, toHex } from '@probed/base';
import { type Btf, type JsonValue, valueDecoder } from '@probed/btf';
import {
  type EventType,
  eventTypes,
  findMap,
  namedEventType,
  type ObjectSpec,
  pickEventType,
} from '@probed/object';
import type { MapInfo } from '@probed/spec';
import { type TimestampMember, timestampMembers, wallTimes } from './timestamps';
import type { WallClock } from './wall-time';

/** Bytes of a record by type. */
export interface TypedRecord {
  /** Name of the struct; undefined when nothing tells what the bytes are. */
  readonly event?: string;
  readonly value?: JsonValue;
  /** Hex of the bytes that the struct does not cover: all of them without a struct. */
  readonly raw?: string;
  /** Wall time of each member of `value` that holds a kernel timestamp, by path. */
  readonly wall?: Readonly<Record<string, string>>;
}

/** The user's word on what records are. */
export interface EventChoice {
  /** Map name; all maps that emit records when absent. */
  readonly map?: string;
  readonly struct: string;
}

interface CompiledType {
  readonly decode: (bytes: Uint8Array) => JsonValue;
  readonly timestamps: readonly TimestampMember[];
  /** The struct ends in `x[]`, which takes what is left of a record. */
  readonly flexible: boolean;
}

const ENOENT = 2;
const PERF_PADDING_MAX = 7;

/**
 * Decodes the records of one object's ring and perf buffers by BTF. Which struct a record is: the user's choice, else
 * what the object tells (see `EventType` of lib `object`), else none, and then the record is hex.
 */
export class RecordDecoder {
  private readonly chosen = new Map<string, EventType>();
  private readonly inferred = new Map<string, readonly EventType[]>();
  private readonly compiled = new Map<EventType, CompiledType>();

  private constructor(
    private readonly object: ObjectSpec,
    private readonly kernelBtf: Btf,
    private readonly clock: WallClock,
  ) {}

  /** Errors: `event-type` (ENOENT) for a struct or map that the object does not have. */
  static create(
    object: ObjectSpec,
    kernelBtf: Btf,
    clock: WallClock,
    choices: readonly EventChoice[] = [],
  ): Result<RecordDecoder> {
    const decoder = new RecordDecoder(object, kernelBtf, clock);
    for (const { map, struct } of choices) {
      const type = namedEventType(object, struct);
      if (!type) return fault(object, `no struct ${struct} in the object's BTF`);
      if (map !== undefined && !findMap(object, map)) return fault(object, `no map ${map}`);
      for (const spec of object.maps) {
        if (map === undefined || spec.name === map) decoder.chosen.set(spec.name, type);
      }
    }
    return ok(decoder);
  }

  /** What the records of a map can be, best known first; empty when nothing tells. */
  typesOf(map: string): readonly EventType[] {
    const chosen = this.chosen.get(map);
    if (chosen) return [chosen];
    let types = this.inferred.get(map);
    if (!types) {
      const spec = findMap(this.object, map);
      types = spec ? eventTypes(this.object, spec, this.kernelBtf) : [];
      this.inferred.set(map, types);
    }
    return types;
  }

  /** @param nowNs CLOCK_MONOTONIC when the record was taken: later moments are no timestamps */
  decode(map: MapInfo, bytes: Uint8Array, nowNs: number): TypedRecord {
    const type = pickEventType(this.typesOf(map.name), bytes.length);
    if (!type) return { raw: toHex(bytes) };
    const { decode, timestamps, flexible } = this.compile(type);
    const value = decode(bytes);
    const rest = flexible ? 0 : bytes.length - type.bytes;
    const padding = map.type === BPF_MAP_TYPE.PERF_EVENT_ARRAY ? PERF_PADDING_MAX : 0;
    const wall = wallTimes(timestamps, value, nowNs, this.clock);
    return {
      event: type.name,
      value,
      ...(rest > padding && { raw: toHex(bytes.subarray(type.bytes)) }),
      ...(wall && { wall }),
    };
  }

  /** Members of a type that hold timestamps. */
  timestampsOf(type: EventType): readonly TimestampMember[] {
    return this.compile(type).timestamps;
  }

  private compile(type: EventType): CompiledType {
    let compiled = this.compiled.get(type);
    if (!compiled) {
      const { btf, typeId } = type;
      compiled = {
        decode: valueDecoder(btf, typeId),
        timestamps: timestampMembers(btf, typeId),
        flexible: endsOpen(btf, typeId),
      };
      this.compiled.set(type, compiled);
    }
    return compiled;
  }
}

function endsOpen(btf: Btf, typeId: number): boolean {
  const type = btf.resolve(typeId);
  if (type.kind !== 'struct') return false;
  const last = type.members.at(-1);
  const lastType = last && btf.resolve(last.typeId);
  return lastType?.kind === 'array' && lastType.count === 0;
}

function fault(object: ObjectSpec, message: string) {
  return err(diagnostic('event-type', message, { where: object.name, errno: ENOENT }));
}
