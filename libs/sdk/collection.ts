import type { Diagnostic } from '@probed/base';
import { suggestion } from '@probed/base';
import {
  attachesBySection,
  type Collection as CoreCollection,
  type Link as CoreLink,
  type IterOptions,
  nearestHooks,
  type OutputRecord,
  RecordDecoder,
} from '@probed/machine';
import { type BpfMap as CoreMap, PerfEventArray, RingBuffer } from '@probed/maps';
import {
  listVariables,
  namedEventType,
  type ObjectSpec,
  type ObjectVariable,
  pickEventType,
} from '@probed/object';
import type { LoadedProgram } from '@probed/runtime';
import { check, fail, ProbedError, unwrap } from './errors';
import { Link } from './link';
import type { LoadOptions, Machine } from './machine';
import type { MachineInternals } from './machine-internals';
import { BpfMap, coreMap } from './map/bpf-map';
import { MapAccess } from './map/map-access';
import { namedObject } from './named';
import { type AttachOptions, type IterTarget, loadedProgram, Program, type TestRunOptions } from './program';
import type { EventRecord } from './records/record';
import { RecordBuffer } from './records/record-buffer';
import { mapTypeName } from './spec/collection-spec';
import { codecOf } from './values/codec';
import { type Decoder, decoderOf } from './values/decode';
import type { Any } from './values/value';

/** @internal What a loaded collection is made of. */
export interface CollectionParts {
  readonly machine: Machine;
  readonly internals: MachineInternals;
  readonly core: CoreCollection;
  readonly object: ObjectSpec;
  readonly options: LoadOptions;
  /** What programs are attached to in place of what their sections name. */
  readonly targets: ReadonlyMap<string, string>;
  /** Programs of the object that were not loaded. */
  readonly leftOut: readonly string[];
}

interface CollectionState extends CollectionParts {
  readonly records: RecordDecoder;
  readonly programs: ReadonlyMap<string, Program>;
  readonly maps: Map<string, BpfMap>;
  readonly decoders: Map<object, Decoder>;
  unloaded: boolean;
}

const states = new WeakMap<Collection, CollectionState>();

const ENOENT = 2;
const EINVAL = 22;

/** An object in a machine's kernel: its maps and programs, and the links that attach them. */
export class Collection {
  /**
   * Loads an object into a machine, as `machine.load` does; without a machine, into one of its own
   * ({@link Collection.machine}).
   * @throws ProbedError; for a program that the verifier refuses, with the kernel's log
   */
  static load(
    source: Parameters<Machine['load']>[0],
    options: LoadOptions & { machine?: Machine } = {},
  ): Collection {
    const { machine = makeMachine(), ...others } = options;
    return machine.load(source, others);
  }

  /** @internal */
  static of(parts: CollectionParts): Collection {
    const collection = new Collection(parts);
    return collection;
  }

  /** The machine that it is loaded in. */
  readonly machine: Machine;
  readonly name: string;
  /** Programs of the object that were not loaded: optional ones, and those whose hook this kernel lacks or that another one makes superfluous. */
  readonly leftOut: readonly string[];
  /**
   * Global variables as they are now: `coll.variables.total`. Those of `.data` and `.bss` are written while programs
   * run; `.rodata` is frozen (EPERM).
   */
  readonly variables: { [name: string]: Any };

  private constructor(parts: CollectionParts) {
    const { core, machine, internals, object, options } = parts;
    this.machine = machine;
    this.name = core.spec.name;
    this.leftOut = parts.leftOut;
    const { kernel, facts } = internals.core;
    const choices = Object.entries(options.events ?? {}).map(([map, struct]) => ({ map, struct }));
    const records = unwrap(RecordDecoder.create(object, facts.btf, kernel, choices));
    const programs = new Map(core.programs.map((loaded) => [loaded.name, programOf(this, loaded)]));
    for (const map of core.maps.values()) if (emitsRecords(map)) internals.hub.queue(map.info);
    states.set(this, { ...parts, records, programs, maps: new Map(), decoders: new Map(), unloaded: false });
    this.variables = liveVariables(this);
  }

  /** @throws ProbedError `no-such-name` with the nearest names */
  program(name: string): Program {
    const { programs, object } = stateOf(this);
    const program = programs.get(name);
    if (program) return program;
    if (object.programs.some((one) => one.name === name) || this.leftOut.includes(name)) {
      fail('not-loaded', `program ${name} was left out`, {
        where: this.name,
        errno: ENOENT,
        hint: `name it: load(…, { programs: ['${name}'] })`,
      });
    }
    return fail('no-such-name', `no program ${name}`, {
      where: this.name,
      errno: ENOENT,
      hint: suggestion(name, [...programs.keys()]),
    });
  }

  /** All programs that are loaded, in the object's order. */
  get programs(): readonly Program[] {
    return [...stateOf(this).programs.values()];
  }

  /** A map by its name; data sections by theirs (`.bss`). @throws ProbedError `no-such-name` */
  map<K = Any, V = Any>(name: string): BpfMap<K, V> {
    const { maps, core, internals } = stateOf(this);
    const known = maps.get(name);
    if (known) return known as BpfMap<K, V>;
    const map = this.coreMap(name);
    const made = BpfMap.of(new MapAccess(map, core.spec.btf, internals.mapContext(core.spec.btf)));
    maps.set(name, made);
    return made as BpfMap<K, V>;
  }

  /** All maps, those of data sections left out. */
  get maps(): readonly BpfMap[] {
    const { core } = stateOf(this);
    return core.spec.maps.filter(({ section }) => section === undefined).map(({ name }) => this.map(name));
  }

  /**
   * User space's end of a ring buffer.
   * @param type struct of its records, when the object does not tell, e.g. `event`
   * @throws ProbedError `no-such-name`, `map-type`, `event-type`
   */
  ringbuf<T = Any>(name: string, type?: string): RecordBuffer<T> {
    return this.buffer<T>(name, type, 'ring buffer', (map) => map instanceof RingBuffer);
  }

  /** User space's end of a perf event array, all CPUs together. See {@link ringbuf}. */
  perfbuf<T = Any>(name: string, type?: string): RecordBuffer<T> {
    return this.buffer<T>(name, type, 'perf event array', (map) => map instanceof PerfEventArray);
  }

  /** A ring buffer or a perf event array, whichever it is. */
  records<T = Any>(name: string, type?: string): RecordBuffer<T> {
    return this.buffer<T>(name, type, 'buffer of records', emitsRecords);
  }

  /**
   * Attaches every program whose section says where to; others (XDP, TC, …) are left alone, as libbpf does.
   * @throws ProbedError for the first that cannot be attached; none is attached then
   */
  attachAll(): Link[] {
    const links: Link[] = [];
    try {
      for (const program of this.programs) {
        if (attachesBySection(loadedProgram(program))) links.push(program.attach());
      }
    } catch (error) {
      for (const link of links) link.detach();
      throw error;
    }
    return links;
  }

  /** Detaches all links. */
  detachAll(): void {
    stateOf(this).core.detachAll();
  }

  /** Gives everything back: links, programs, maps. Its records end. Again is harmless. */
  close(): void {
    const state = stateOf(this);
    if (state.unloaded) return;
    state.unloaded = true;
    for (const map of state.core.maps.values()) state.internals.hub.forget(map.info);
    state.core.unload();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private coreMap(name: string): CoreMap {
    const { core } = stateOf(this);
    const found =
      core.maps.get(name) ??
      core.maps.get(core.spec.maps.find(({ section }) => section === name)?.name ?? '');
    if (found) return found;
    const hint = suggestion(name, [...core.maps.keys()]);
    return fail('no-such-name', `no map ${name}`, { where: this.name, errno: ENOENT, hint });
  }

  private buffer<T>(
    name: string,
    type: string | undefined,
    what: string,
    fits: (map: CoreMap) => boolean,
  ): RecordBuffer<T> {
    const state = stateOf(this);
    const map = this.coreMap(name);
    if (!fits(map)) {
      const hint = `it is a ${mapTypeName(map.info.type)}`;
      fail('map-type', `map ${name} is no ${what}`, { where: this.name, errno: EINVAL, hint });
    }
    const { hub } = state.internals;
    const chosen = type === undefined ? undefined : namedEventType(state.object, type);
    if (type !== undefined && !chosen)
      fail('event-type', `no struct ${type} in the object's types`, { where: this.name, errno: ENOENT });
    const decode = (record: OutputRecord) => decodeRecord(state, record, chosen);
    return RecordBuffer.of(name, { hub, queue: hub.queue(map.info), decode }) as RecordBuffer<T>;
  }
}

let makeMachine: () => Machine = () => fail('machine', 'no machine');

/** @internal How a collection without a machine gets one; set by the machine, which needs collections itself. */
export function provideMachine(make: () => Machine): void {
  makeMachine = make;
}

function emitsRecords(map: CoreMap): boolean {
  return map instanceof RingBuffer || map instanceof PerfEventArray;
}

function stateOf(collection: Collection): CollectionState {
  return states.get(collection)!;
}

function programOf(collection: Collection, loaded: LoadedProgram): Program {
  return Program.of({
    loaded,
    attach: (options) => attach(collection, loaded, options),
    testRun: (options: TestRunOptions) => stateOf(collection).internals.testRun(loaded, options),
  });
}

function attach(collection: Collection, loaded: LoadedProgram, options: AttachOptions): Link {
  const { core, internals, unloaded } = stateOf(collection);
  if (unloaded) fail('closed', `collection ${collection.name} is closed`);
  const { cookie, iter, ...rest } = options;
  const target = rest.target ?? stateOf(collection).targets.get(loaded.name);
  const others = { ...rest, ...(target !== undefined && { target }) };
  const attachOptions = {
    ...others,
    ...(cookie !== undefined && { cookie: Number(cookie) }),
    ...(iter && { iter: iterOptions(iter) }),
  };
  const attached = core.attach(loaded, attachOptions);
  if (attached.ok) return linkOf(attached.value);
  throw new ProbedError(
    withNearest(attached.error, nearestHooks(loaded, attachOptions, internals.core.kernel.hooks)),
  );
}

function iterOptions({ map, cgroupId, ...task }: IterTarget): IterOptions {
  return {
    ...task,
    ...(map && { map: coreMap(map) }),
    ...(cgroupId !== undefined && { cgroupId: Number(cgroupId) }),
  };
}

function withNearest(error: Diagnostic, near: string | undefined): Diagnostic {
  return error.code === 'no-such-hook' && near !== undefined ? { ...error, hint: near } : error;
}

function linkOf(link: CoreLink): Link {
  return Link.of({ link, loaded: loadedProgram });
}

function decodeRecord(
  { records, decoders }: CollectionState,
  { map, bytes, origin }: OutputRecord,
  chosen: ReturnType<typeof namedEventType>,
): EventRecord<Any> {
  const type = chosen ?? pickEventType(records.typesOf(map.name), bytes.length);
  let value: Any = bytes;
  if (type) {
    let decode = decoders.get(type);
    if (!decode) decoders.set(type, (decode = decoderOf(type.btf, type.typeId)));
    value = decode(bytes);
  }
  const { pid, tgid, uid, comm, cpu, program, hook, ns } = origin;
  return {
    value,
    event: type?.name,
    bytes,
    time: BigInt(Math.floor(ns)),
    cpu,
    program,
    hook,
    task: { pid, tgid, uid, comm },
  };
}

/** Global variables in the kernel's memory. */
function liveVariables(collection: Collection): { [name: string]: Any } {
  const { core } = stateOf(collection);
  const all = new Map(listVariables(core.spec).map((variable) => [variable.name, variable]));
  const place = (name: string) => {
    const variable = all.get(name)!;
    const map = core.maps.get(variable.map)!;
    const codec = codecOf(core.spec.btf, variable.typeId, variable.size, `variable ${name}`);
    const contents = map.lookup(new Uint8Array(4)) ?? new Uint8Array(map.info.valueSize);
    return { variable, map, codec, contents: contents.slice() };
  };
  const part = (contents: Uint8Array, { offset, size }: ObjectVariable) =>
    contents.slice(offset, offset + size);
  return namedObject<Any>(`variable in ${collection.name}:`, {
    names: () => [...all.keys()],
    get(name) {
      const { variable, codec, contents } = place(name);
      return codec.decode(part(contents, variable));
    },
    set(name, value) {
      const { variable, map, codec, contents } = place(name);
      contents.set(codec.encode(value, part(contents, variable)), variable.offset);
      check(map.updateElem(new Uint8Array(4), contents, 0), `variable ${name}: set`, 'variable');
    },
  });
}
