import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { BPF_MAP_TYPE } from '@probed/abi';
import {
  findMap,
  listVariables,
  type ObjectSpec,
  type ObjectVariable,
  parseObject,
  resizeMap,
} from '@probed/object';
import { mapType, programType } from '@probed/spec';
import { fail, unwrap } from '../errors';
import { namedObject } from '../named';
import { codecOf, isBytes } from '../values/codec';
import type { Any } from '../values/value';

/** A program of an object that is not loaded yet. */
export interface ProgramSpec {
  readonly name: string;
  /** As in `SEC("…")`, with its `?`. */
  readonly section: string;
  /** `kprobe`, `tracepoint`, … as bpftool names it. */
  readonly type: string;
  /** Whether it is to be loaded; false at first for `SEC("?…")`. Undefined: decided at load, see `machine.load`. */
  load: boolean | undefined;
  /** What it is to be attached to in place of what the section names; for fentry, tp_btf, lsm it must be said before load. */
  attachTo: string | undefined;
}

/** A map of an object that is not loaded yet. */
export interface MapSpec {
  readonly name: string;
  /** `hash`, `ringbuf`, … as bpftool names it. */
  readonly type: string;
  readonly keySize: number;
  readonly valueSize: number;
  readonly flags: number;
  /** What `max_entries` is to be. */
  maxEntries: number;
}

const states = new WeakMap<CollectionSpec, SpecState>();

interface SpecState {
  readonly object: ObjectSpec;
  readonly chosen: Map<string, boolean>;
  readonly targets: Map<string, string>;
}

const ENOENT = 2;
const EISDIR = 21;
const EINVAL = 22;

/**
 * An object file, parsed and not loaded: what can be set before load. One spec can be loaded any number of times, also
 * into several machines; each collection gets what was set at that moment.
 */
export class CollectionSpec {
  /**
   * Parses an eBPF object: ELF of clang or gcc, with or without BTF.
   * @param source its bytes, or the path of the file
   * @param name for messages and for the names of data maps; the file's by default
   * @throws ProbedError with the place in the file
   */
  static parse(source: Uint8Array | ArrayBuffer | string, name?: string): CollectionSpec {
    const file = typeof source === 'string' ? basename(source) : undefined;
    const object = unwrap(parseObject(bytesOf(source), name ?? file ?? 'object.bpf.o'));
    return new CollectionSpec(object);
  }

  /** Object's name. */
  readonly name: string;
  readonly license: string;
  readonly programs: { readonly [name: string]: ProgramSpec };
  readonly maps: { readonly [name: string]: MapSpec };
  /** All global variables: `spec.variables.min_us = 10`. Read and written by their C types. */
  readonly variables: { [name: string]: Any };
  /** Those of `.rodata` sections: constants that the verifier sees, settable only here. */
  readonly rodata: { [name: string]: Any };
  /** Those of `.data` sections. */
  readonly data: { [name: string]: Any };
  /** Those of `.bss` sections. */
  readonly bss: { [name: string]: Any };

  private constructor(object: ObjectSpec) {
    states.set(this, { object, chosen: new Map(), targets: new Map() });
    this.name = object.name;
    this.license = object.license;
    this.programs = namedObject<ProgramSpec>(`program in ${object.name}:`, {
      names: () => object.programs.map(({ name }) => name),
      get: (name) => programSpec(this, name),
    });
    this.maps = namedObject<MapSpec>(`map in ${object.name}:`, {
      names: () => object.maps.filter(({ section }) => section === undefined).map(({ name }) => name),
      get: (name) => mapSpec(object, name),
    });
    this.variables = variablesOf(object, () => true);
    this.rodata = variablesOf(object, ({ section }) => section.startsWith('.rodata'));
    this.data = variablesOf(object, ({ section }) => section.startsWith('.data'));
    this.bss = variablesOf(object, ({ section }) => section.startsWith('.bss'));
  }
}

/** @internal What a spec says now, as the machine loads it. */
export function objectOf(spec: CollectionSpec): SpecState {
  return states.get(spec)!;
}

function bytesOf(source: Uint8Array | ArrayBuffer | string): Uint8Array {
  if (isBytes(source)) return source;
  // Of another realm too: jest runs tests in one of its own.
  if (Object.prototype.toString.call(source).endsWith('ArrayBuffer]'))
    return new Uint8Array(source as ArrayBuffer);
  if (typeof source !== 'string')
    return fail('no-object', `${source === null ? 'null' : typeof source} is no object file`, {
      errno: EINVAL,
      hint: 'its path, its bytes, or a CollectionSpec',
    });
  const found = statSync(source, { throwIfNoEntry: false });
  if (!found) fail('no-such-file', `no file ${source}`, { errno: ENOENT });
  if (found.isDirectory())
    fail('no-such-file', `${source} is a directory, a file is wanted`, { errno: EISDIR });
  return readFileSync(source);
}

function programSpec(spec: CollectionSpec, name: string): ProgramSpec {
  const { object, chosen, targets } = objectOf(spec);
  const program = object.programs.find((one) => one.name === name)!;
  return {
    name,
    section: program.section,
    type: programType(program.type)?.name ?? `type ${program.type}`,
    get load() {
      return chosen.get(name) ?? (program.optional ? false : undefined);
    },
    set load(load) {
      if (load === undefined) chosen.delete(name);
      else chosen.set(name, load);
    },
    get attachTo() {
      return targets.get(name);
    },
    set attachTo(target) {
      if (target === undefined) targets.delete(name);
      else targets.set(name, target);
    },
  };
}

function mapSpec(object: ObjectSpec, name: string): MapSpec {
  const map = findMap(object, name)!;
  return {
    name,
    type: mapTypeName(map.type),
    keySize: map.keySize,
    valueSize: map.valueSize,
    flags: map.flags,
    get maxEntries() {
      return map.maxEntries;
    },
    set maxEntries(entries) {
      unwrap(resizeMap(object, name, entries));
    },
  };
}

/** @internal */
export function mapTypeName(type: number): string {
  return (
    mapType(type)?.name ??
    Object.entries(BPF_MAP_TYPE).find(([, value]) => value === type)?.[0] ??
    `type ${type}`
  );
}

/** Global variables as properties, in the bytes that the object's data maps begin with. */
function variablesOf(
  object: ObjectSpec,
  belongs: (variable: ObjectVariable) => boolean,
): { [name: string]: Any } {
  const all = () => listVariables(object).filter((variable) => belongs(variable) && isSettable(variable));
  const find = (name: string) => all().find((variable) => variable.name === name)!;
  const codec = ({ name, typeId, size }: ObjectVariable) =>
    codecOf(object.btf, typeId, size, `variable ${name}`);
  const contentsOf = ({ map }: ObjectVariable) => {
    const spec = findMap(object, map)!;
    spec.contents ??= new Uint8Array(spec.valueSize);
    return spec.contents;
  };
  return namedObject<Any>(`variable in ${object.name}:`, {
    names: () => all().map(({ name }) => name),
    get(name) {
      const variable = find(name);
      const { offset, size } = variable;
      return codec(variable).decode(contentsOf(variable).slice(offset, offset + size));
    },
    set(name, value) {
      const variable = find(name);
      const { offset, size } = variable;
      const contents = contentsOf(variable);
      contents.set(codec(variable).encode(value, contents.slice(offset, offset + size)), offset);
    },
  });
}

/** What comes from the kernel is not the user's to set. */
function isSettable({ section }: ObjectVariable): boolean {
  return section !== '.kconfig' && section !== '.ksyms';
}
