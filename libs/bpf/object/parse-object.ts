import { ByteReader, diagnostic, err, ok, type Result } from '@probed/base';
import { Btf } from '@probed/btf';
import { type MapSpec, parseSectionName } from '@probed/spec';
import { type BtfExt, parseBtfExt } from './btf-ext';
import { fixBtf } from './btf-fixup';
import { type PlacedMap, readBtfMaps } from './btf-maps';
import { type CodeFunction, hiddenFunctions, readFunctions, TEXT_SECTION } from './code';
import { dataSectionFixes, dataSections, kconfigMap, readDataMap } from './data-maps';
import { readDwarf } from './dwarf';
import { dwarfToBtf } from './dwarf-btf';
import { type ElfObject, type ElfSection, elfFault, parseElf } from './elf';
import { SHT } from './elf-constants';
import { type Externs, KCONFIG_SECTION, readExterns } from './externs';
import { isLegacyMapSection, readLegacyMaps } from './legacy-maps';
import { LIMITS } from './limits';
import { type LinkContext, linkProgram } from './link';
import { dataMapName, objectName } from './map-names';
import { readMapSlots } from './map-slots';
import type { ObjectProgram, ObjectSpec } from './object-spec';
import { collectReferences, type Targets } from './references';

const MAPS_SECTION = '.maps';
const EINVAL = 22;

/**
 * Reads an eBPF object file (clang's output or `bpftool gen object`'s) into pure data: programs with their
 * subprograms behind them, maps, BTF, externs. Nothing of it depends on a kernel yet; see {@link relocate}.
 *
 * @param name file name, for messages and the names of data maps
 *
 * Errors are one line and name the place. Never throws, whatever the bytes. Follows `bpf_object__open` of
 * tools/lib/bpf/libbpf.c, and takes what older loaders took: `maps` sections, objects without BTF or typed symbols.
 */
export function parseObject(bytes: Uint8Array, name: string): Result<ObjectSpec> {
  // A Buffer of Node's is a Uint8Array whose slice() does not copy.
  const object = parse(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), name);
  if (object.ok) return object;
  const { where } = object.error;
  return err({ ...object.error, where: where ? `${name}: ${where}` : name });
}

function parse(bytes: Uint8Array, name: string): Result<ObjectSpec> {
  const elf = parseElf(bytes);
  if (!elf.ok) return elf;
  const types = readTypes(elf.value);
  if (!types.ok) return types;
  const { btf, ext, externs } = types.value;
  const functions = readFunctions(elf.value, ext);
  if (!functions.ok) return functions;
  const maps = readMaps(elf.value, btf, externs, objectName(name), functions.value);
  if (!maps.ok) return maps;
  const references = collectReferences(elf.value, functions.value, maps.value.targets);
  if (!references.ok) return references;
  const programs = linkPrograms(functions.value, btf, dataMapName(objectName(name), KCONFIG_SECTION));
  if (!programs.ok) return programs;
  return ok({
    name,
    programs: programs.value,
    maps: maps.value.specs,
    license: text(elf.value, 'license'),
    version: version(elf.value),
    externs: externs.byName,
    debugTypes: debugTypes(elf.value),
    ...(btf && { btf }),
  });
}

interface ObjectTypes {
  readonly btf: Btf | undefined;
  readonly ext: BtfExt;
  readonly externs: Externs;
}

/** BTF with what the ELF file adds to it, `.BTF.ext`, and the externs that need both. */
function readTypes(elf: ElfObject): Result<ObjectTypes> {
  const section = elf.sections.find((s) => s.name === '.BTF');
  if (!section || section.data.length === 0) {
    const externs = readExterns(elf, undefined);
    return externs.ok ? ok({ btf: undefined, ext: new Map(), externs: externs.value }) : externs;
  }
  const raw = Btf.parse(section.data);
  if (!raw.ok) return raw;
  const externs = readExterns(elf, raw.value);
  if (!externs.ok) return externs;
  const placed = [...dataSections(elf), ...elf.sections.filter((s) => s.name === MAPS_SECTION)];
  const fixed = Btf.parse(
    fixBtf(section.data, raw.value, {
      staticFunctions: hiddenFunctions(elf),
      dataSections: dataSectionFixes(elf, placed, externs.value),
    }),
  );
  if (!fixed.ok) return fixed;
  const extSection = elf.sections.find((s) => s.name === '.BTF.ext');
  const ext = extSection ? parseBtfExt(extSection.data, fixed.value) : ok<BtfExt>(new Map());
  return ext.ok ? ok({ btf: fixed.value, ext: ext.value, externs: externs.value }) : ext;
}

interface ObjectMaps {
  readonly specs: readonly MapSpec[];
  readonly targets: Targets;
}

function readMaps(
  elf: ElfObject,
  btf: Btf | undefined,
  externs: Externs,
  object: string,
  functions: readonly CodeFunction[],
): Result<ObjectMaps> {
  const placed = new Map<number, readonly PlacedMap[]>();
  for (const section of elf.sections) {
    const read = readMapSection(elf, section, btf);
    if (!read.ok) return read;
    if (read.value.length) placed.set(section.index, read.value);
  }
  const specs: MapSpec[] = [...placed.values()].flat().map((map) => map.spec);
  const taken = new Set(specs.map((spec) => spec.name));
  const data = new Map<number, string>();
  const globals = dataSections(elf);
  if (globals.length > LIMITS.dataSections)
    return err(elfFault('elf-too-large', `${globals.length} data sections`));
  for (const section of globals) {
    const map = readDataMap(object, section, btf);
    if (!map.ok) return map;
    // Two sections may come to the same 15 characters; the later one then goes by its section's full name.
    const spec = taken.has(map.value.name) ? { ...map.value, name: section.name } : map.value;
    taken.add(spec.name);
    specs.push(spec);
    data.set(section.index, spec.name);
  }
  if (externs.kconfigBytes > 0) specs.push(kconfigMap(object, externs.kconfigBytes, btf));
  if (specs.length > LIMITS.maps)
    return err(elfFault('elf-too-large', `${specs.length} maps, the limit is ${LIMITS.maps}`));
  const twice = duplicate(specs.map((spec) => spec.name));
  if (twice !== undefined) return err(elfFault('map-definition', `two maps are called '${twice}'`));
  const byOffset = (list: readonly PlacedMap[]) => new Map(list.map((map) => [map.offset, map.spec.name]));
  const maps = new Map([...placed].map(([index, list]) => [index, byOffset(list)]));
  const targets = { maps, data, externs };
  const slots = readMapSlots(elf, placed, maps, functions);
  return slots.ok ? ok({ specs, targets }) : slots;
}

function readMapSection(elf: ElfObject, section: ElfSection, btf: Btf | undefined): Result<PlacedMap[]> {
  if (section.type !== SHT.PROGBITS || section.size === 0) return ok([]);
  if (section.name === MAPS_SECTION) return readBtfMaps(btf, section.name);
  return isLegacyMapSection(section.name) ? readLegacyMaps(elf, section) : ok([]);
}

function duplicate(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

function linkPrograms(
  functions: readonly CodeFunction[],
  btf: Btf | undefined,
  kconfigMapName: string,
): Result<ObjectProgram[]> {
  const bySection = new Map<number, CodeFunction[]>();
  for (const fn of functions) {
    const list = bySection.get(fn.section.index);
    if (list) list.push(fn);
    else bySection.set(fn.section.index, [fn]);
  }
  const callbacks = exceptionCallbacks(functions, btf);
  const programs: ObjectProgram[] = [];
  let used = 0;
  for (const fn of functions) {
    if (!fn.entry) continue;
    const program = linkEntry(fn, callbacks.get(fn.funcTypeId), {
      functions: bySection,
      kconfigMap: kconfigMapName,
      slotsMax: Math.min(LIMITS.objectInsns - used, LIMITS.programInsns),
    });
    if (!program.ok) return program;
    used += program.value.insns.length;
    programs.push(program.value);
  }
  if (programs.length > 0) return ok(programs);
  const hint = functions.some((fn) => fn.section.name === TEXT_SECTION)
    ? 'functions outside a SEC("…") are subprograms'
    : undefined;
  return err(
    diagnostic('no-programs', 'no eBPF programs in the object', { errno: EINVAL, ...(hint && { hint }) }),
  );
}

function linkEntry(
  fn: CodeFunction,
  callback: CodeFunction | undefined,
  context: LinkContext,
): Result<ObjectProgram> {
  const info = parseSectionName(fn.section.name);
  if (!info.ok) return err({ ...info.error, where: `program '${fn.name}'` });
  const linked = linkProgram(fn, callback ? [callback] : [], context);
  if (!linked.ok) return linked;
  const { type, expectedAttachType, attachTo, optional, flags } = info.value;
  const { section, name } = fn;
  return ok({
    name,
    section: section.name,
    type,
    expectedAttachType,
    attachTo,
    optional,
    flags,
    ...linked.value,
  });
}

/** `__exception_cb(fn)`: a declaration tag of a program names a function that nothing calls. By FUNC id. */
function exceptionCallbacks(
  functions: readonly CodeFunction[],
  btf: Btf | undefined,
): Map<number, CodeFunction> {
  const callbacks = new Map<number, CodeFunction>();
  if (!btf) return callbacks;
  const prefix = 'exception_callback:';
  const byName = new Map(functions.map((fn) => [fn.name, fn]));
  for (const id of btf.idsOfKind('decl_tag')) {
    const tag = btf.type(id);
    if (tag.kind !== 'decl_tag' || !tag.name.startsWith(prefix)) continue;
    const fn = byName.get(tag.name.slice(prefix.length));
    if (fn) callbacks.set(tag.typeId, fn);
  }
  return callbacks;
}

/** Reads DWARF on the first call. */
function debugTypes(elf: ElfObject): () => Btf | undefined {
  const bytes = (name: string) => elf.sections.find((s) => s.name === name)?.data ?? new Uint8Array(0);
  let read = false;
  let types: Btf | undefined;
  return () => {
    if (read) return types;
    read = true;
    const info = bytes('.debug_info');
    const abbrev = bytes('.debug_abbrev');
    if (info.length === 0 || abbrev.length === 0) return undefined;
    const [str, strOffsets, lineStr] = ['.debug_str', '.debug_str_offsets', '.debug_line_str'].map(bytes);
    types = dwarfToBtf(readDwarf({ info, abbrev, str, strOffsets, lineStr }));
    return types;
  };
}

/** Text of a section that holds one string; empty when there is none. */
function text(elf: ElfObject, name: string): string {
  const data = elf.sections.find((s) => s.name === name)?.data ?? new Uint8Array(0);
  const end = data.indexOf(0);
  return new TextDecoder().decode(data.subarray(0, Math.min(end < 0 ? data.length : end, LICENSE_BYTES_MAX)));
}

/** libbpf keeps a license of up to 63 characters. */
const LICENSE_BYTES_MAX = 63;

function version(elf: ElfObject): number {
  const data = elf.sections.find((s) => s.name === 'version')?.data;
  return data?.length === 4 ? new ByteReader(data).u32() : 0;
}
