import { type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import { type BtfMemberPlace, type EncodeInput, encodeValue } from '@probed/btf';
import type { CollectionSpec, MapSpec } from '@probed/spec';
import { KCONFIG_SECTION } from './externs';
import { LIMITS } from './limits';

/** A global variable of an object. */
export interface ObjectVariable {
  readonly name: string;
  /** Section as written: `.rodata`, `.data`, `.bss`, `.kconfig`, … */
  readonly section: string;
  /** Name of the map that holds it. */
  readonly map: string;
  /** Bytes from the start of the map's value. */
  readonly offset: number;
  readonly size: number;
  readonly typeId: number;
  /** False for `.rodata` once loaded, and for `.kconfig` always. */
  readonly readOnly: boolean;
}

const EINVAL = 22;
const ENOENT = 2;

/** A map by its name or, for data sections, by the section's name. */
export function findMap(collection: CollectionSpec, name: string): MapSpec | undefined {
  return (
    collection.maps.find((map) => map.name === name) ?? collection.maps.find((map) => map.section === name)
  );
}

/** Global variables that BTF knows, in order of section and offset. */
export function listVariables(collection: CollectionSpec): ObjectVariable[] {
  const { btf } = collection;
  if (!btf) return [];
  return collection.maps.flatMap((map) => {
    const { section } = map;
    const variables = section === undefined ? undefined : btf.dataSection(section)?.variables;
    return (variables ?? []).map(({ name, offset, size, typeId }) => {
      const bytes = size || btf.sizeOf(typeId);
      const place = { name, offset, size: bytes, typeId };
      return { ...place, section: section ?? '', map: map.name, readOnly: map.frozen === true };
    });
  });
}

function variableFault(name: string, message: string, errno: number, hint?: string): Diagnostic {
  return diagnostic('variable', message, { where: `variable '${name}'`, errno, ...(hint && { hint }) });
}

/**
 * Sets a global variable before load, as a skeleton's `skel->rodata->x = …` does.
 *
 * @param path `name`, or a part of it: `name.member[2].x`
 * @param value by the variable's type, as `encodeValue` of lib `btf` takes it; what it leaves out stays as it is
 */
export function setVariable(collection: CollectionSpec, path: string, value: EncodeInput): Result<undefined> {
  const at = path.search(/[.[]/);
  const name = at < 0 ? path : path.slice(0, at);
  const place = findVariable(collection, name);
  if (!place.ok) return place;
  const { variable, map } = place.value;
  const rest = at < 0 ? '' : path.slice(at).replace(/^\./, '');
  const part = partOf(collection, variable, rest);
  if (!part) return err(variableFault(name, `has no '${rest}' that bytes can be given to`, EINVAL));
  const btf = collection.btf!;
  const offset = variable.offset + part.offsetBits / 8;
  const size = btf.sizeOf(part.typeId);
  if (offset + size > map.valueSize || map.valueSize > LIMITS.variableBytes)
    return err(variableFault(name, `lies outside of the ${map.valueSize} bytes of '${map.section}'`, EINVAL));
  const contents = map.contents ?? new Uint8Array(map.valueSize);
  const bytes = encodeValue(btf, part.typeId, value, contents.slice(offset, offset + size));
  if (!bytes.ok) {
    const { where } = bytes.error;
    return err({ ...bytes.error, where: `variable '${path}'${where ? `, ${where}` : ''}` });
  }
  contents.set(bytes.value, offset);
  map.contents = contents;
  return ok(undefined);
}

interface VariablePlace {
  readonly variable: ObjectVariable;
  readonly map: MapSpec;
}

function findVariable(collection: CollectionSpec, name: string): Result<VariablePlace> {
  if (!collection.btf)
    return err(variableFault(name, 'the object has no BTF to find variables by', ENOENT, 'compile with -g'));
  const all = listVariables(collection);
  const variable = all.find((v) => v.name === name);
  if (!variable) {
    const known = all.filter((v) => v.section !== KCONFIG_SECTION).map((v) => v.name);
    const hint = known.length
      ? `there are ${known.slice(0, 8).join(', ')}`
      : 'the object has no global variables';
    return err(variableFault(name, 'no global variable of that name', ENOENT, hint));
  }
  if (variable.section === KCONFIG_SECTION)
    return err(variableFault(name, 'its value comes from the kernel configuration', EINVAL));
  const map = findMap(collection, variable.map);
  return map ? ok({ variable, map }) : err(variableFault(name, `there is no map '${variable.map}'`, ENOENT));
}

function partOf(
  collection: CollectionSpec,
  { typeId }: ObjectVariable,
  rest: string,
): BtfMemberPlace | undefined {
  if (rest === '') return { offsetBits: 0, bits: 0, typeId };
  const place = collection.btf?.member(typeId, rest);
  return place && place.bits === 0 ? place : undefined;
}

/** Sets `max_entries` before load. Errors: no such map, a data section, a number that is no u32 above 0. */
export function resizeMap(collection: CollectionSpec, name: string, maxEntries: number): Result<undefined> {
  const map = findMap(collection, name);
  const fault = (message: string, errno: number, hint?: string) =>
    err(diagnostic('map-resize', message, { where: `map '${name}'`, errno, ...(hint && { hint }) }));
  if (!map) {
    const names = collection.maps.map((m) => m.name).slice(0, 8);
    return fault('no map of that name', ENOENT, names.length ? `there are ${names.join(', ')}` : undefined);
  }
  if (map.section !== undefined) return fault('the map of a data section has one entry', EINVAL);
  if (!Number.isInteger(maxEntries) || maxEntries < 1 || maxEntries > 0xffff_ffff)
    return fault(`max_entries ${maxEntries} is not between 1 and 4294967295`, EINVAL);
  map.maxEntries = maxEntries;
  return ok(undefined);
}
