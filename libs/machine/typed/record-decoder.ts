import { BPF_MAP_TYPE } from '@probed/abi';
import { diagnostic, err, ok, type Result, toHex } from '@probed/base';
import { type Btf, type JsonValue, valueDecoder } from '@probed/btf';
import type { BpfMap } from '@probed/maps';
import {
  type EventType,
  eventTypes,
  findMap,
  namedEventType,
  type ObjectSpec,
  pickEventType,
} from '@probed/object';
import type { MapInfo } from '@probed/spec';
import { compileExplainer, type Explainer, type ExplainSources, type Explanation } from './explain/explainer';
import { type ObjectEvidence, objectEvidence } from './explain/object-evidence';
import type { SymbolSource } from './stack-frames';
import { stackLookup } from './stack-lookup';
import { type TimestampMember, timestampMembers, wallTimes } from './timestamps';
import type { WallClock } from './wall-time';

/** Bytes of a record by type. */
export interface TypedRecord extends Explanation {
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

/** Where a record was made, as far as it is known. */
export interface RecordSource {
  /** Process whose user addresses it may hold. */
  readonly pid?: number;
  /** Maps of the loaded object, whose stacks the ids in it stand for. */
  readonly maps?: ReadonlyMap<string, BpfMap>;
  /** The node's kernel; that of the decoder by default. */
  readonly kernel?: SymbolSource;
}

interface CompiledType {
  readonly decode: (bytes: Uint8Array) => JsonValue;
  readonly timestamps: readonly TimestampMember[];
  readonly explain: Explainer | undefined;
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
  private readonly evidence: ObjectEvidence;

  private constructor(
    private readonly object: ObjectSpec,
    private readonly kernelBtf: Btf,
    private readonly kernel: WallClock & Partial<SymbolSource>,
  ) {
    this.evidence = objectEvidence(object);
  }

  /**
   * Errors: `event-type` (ENOENT) for a struct or map that the object does not have.
   * @param kernel tells wall time; addresses are named when it can name them
   */
  static create(
    object: ObjectSpec,
    kernelBtf: Btf,
    kernel: WallClock & Partial<SymbolSource>,
    choices: readonly EventChoice[] = [],
  ): Result<RecordDecoder> {
    const decoder = new RecordDecoder(object, kernelBtf, kernel);
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

  /**
   * @param nowNs CLOCK_MONOTONIC when the record was taken: later moments are no timestamps
   * @param source where it comes from, for the stacks and addresses in it
   */
  decode(map: MapInfo, bytes: Uint8Array, nowNs: number, source: RecordSource = {}): TypedRecord {
    const type = pickEventType(this.typesOf(map.name), bytes.length, bytes);
    if (!type) return { raw: toHex(bytes) };
    const { decode, timestamps, flexible, explain } = this.compile(type);
    const value = decode(bytes);
    const rest = flexible ? 0 : bytes.length - type.bytes;
    const padding = map.type === BPF_MAP_TYPE.PERF_EVENT_ARRAY ? PERF_PADDING_MAX : 0;
    const wall = wallTimes(timestamps, value, nowNs, this.kernel);
    return {
      event: type.name,
      value,
      ...(rest > padding && { raw: toHex(bytes.subarray(type.bytes)) }),
      ...(wall && { wall }),
      ...explain?.(value, bytes, this.sourcesOf(source)),
    };
  }

  private sourcesOf({ pid, maps, kernel }: RecordSource): ExplainSources {
    const symbols = kernel ?? symbolsOf(this.kernel);
    if (!symbols) return {};
    return {
      symbols,
      ...(pid !== undefined && { pid }),
      ...(maps && { stackOf: stackLookup(maps, symbols) }),
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
        explain: compileExplainer(btf, typeId, this.evidence),
        flexible: endsOpen(btf, typeId),
      };
      this.compiled.set(type, compiled);
    }
    return compiled;
  }
}

function symbolsOf(kernel: Partial<SymbolSource>): SymbolSource | undefined {
  return kernel.kernelSymbol && kernel.userSymbol && kernel.cgroupPath ? (kernel as SymbolSource) : undefined;
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
