import { ByteReader, err, formatDiagnostic, ok, type Result } from '@probed/base';
import { Btf } from '@probed/btf';
import type { MapSpec } from '@probed/spec';
import { type BtfExt, parseBtfExt } from './btf-ext';
import { fixBtf } from './btf-fixup';
import { MAPS_SECTION, type PlacedMap, readBtfMaps } from './btf-maps';
import { type CodeFunction, hiddenFunctions, readFunctions } from './code';
import { dataSectionFixes, dataSections, kconfigMap, readDataMap } from './data-maps';
import { readDwarf } from './dwarf';
import { dwarfToBtf } from './dwarf-btf';
import { type ElfObject, type ElfSection, elfFault, parseElf } from './elf';
import { SHN_UNDEF, SHT } from './elf-constants';
import { type Externs, isExtern, KCONFIG_SECTION, readExterns } from './externs';
import { readLegacyMaps } from './legacy-maps';
import { LIMITS } from './limits';
import { type LinkContext, linkProgram } from './link';
import { dataMapName, objectName } from './map-names';
import { readMapSlots } from './map-slots';
import type { ObjectProgram, ObjectSpec } from './object-spec';
import { oneLine, printable } from './one-line';
import { sectionFacts } from './program-type';
import { collectReferences, type Targets } from './references';
import { isStructOpsSection, readStructOps, readStructOpsPrograms } from './struct-ops';

/**
 * Reads an eBPF object file (clang's output or `bpftool gen object`'s) into pure data: programs with their
 * subprograms behind them, maps, BTF, externs. Nothing of it depends on a kernel yet; see {@link relocate}.
 *
 * @param name file name, for messages and the names of data maps
 *
 * Errors are one line and name the place. Never throws, whatever the bytes. Follows `bpf_object__open` of
 * tools/lib/bpf/libbpf.c, and takes what older loaders took: `maps` sections, objects without BTF or typed symbols.
 * What is wrong with one program (a section that stands for no type, a relocation that means nothing) is that
 * program's fault alone: see {@link programFault}.
 */
export function parseObject(bytes: Uint8Array, name: string): Result<ObjectSpec> {
  // A Buffer of Node's is a Uint8Array whose slice() does not copy.
  const object = parse(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), name);
  if (object.ok) return object;
  const { where } = object.error;
  return err({ ...oneLine(object.error), where: where ? `${name}: ${printable(where)}` : name });
}

function parse(bytes: Uint8Array, name: string): Result<ObjectSpec> {
  const elf = parseElf(bytes);
  if (!elf.ok) return elf;
  const types = readTypes(elf.value);
  if (!types.ok) return types;
  const { btf, ext, externs, warnings } = types.value;
  const functions = readFunctions(elf.value, ext);
  if (!functions.ok) return functions;
  const maps = readMaps(elf.value, btf, externs, objectName(name), functions.value);
  if (!maps.ok) return maps;
  collectReferences(elf.value, functions.value, maps.value.targets);
  const programs = linkPrograms(functions.value, btf, dataMapName(objectName(name), KCONFIG_SECTION));
  if (!programs.ok) return programs;
  noteStructOps(programs.value, maps.value.specs);
  return ok({
    name,
    programs: programs.value,
    maps: maps.value.specs,
    license: text(elf.value, 'license'),
    version: version(elf.value),
    externs: externs.byName,
    warnings: [...warnings, ...entryWarnings(functions.value)].map(printable),
    debugTypes: debugTypes(elf.value),
    ...(btf && { btf }),
  });
}

interface ObjectTypes {
  readonly btf: Btf | undefined;
  readonly ext: BtfExt;
  readonly externs: Externs;
  readonly warnings: readonly string[];
}

/** BTF with what the ELF file adds to it, `.BTF.ext`, and the externs that need both. */
function readTypes(elf: ElfObject): Result<ObjectTypes> {
  const section = elf.sections.find((s) => s.name === '.BTF');
  if (!section || section.data.length === 0) return withoutTypes(elf, []);
  const raw = Btf.parse(section.data);
  if (!raw.ok) {
    if (needsBtf(elf)) return raw;
    return withoutTypes(elf, [`.BTF is left out: ${formatDiagnostic(raw.error)}`]);
  }
  const externs = readExterns(elf, raw.value);
  if (!externs.ok) return externs;
  const placed = [...dataSections(elf), ...elf.sections.filter(isPlacedByBtf)];
  const fixed = Btf.parse(
    fixBtf(section.data, raw.value, {
      staticFunctions: hiddenFunctions(elf),
      dataSections: dataSectionFixes(elf, placed, externs.value),
    }),
  );
  if (!fixed.ok) return fixed;
  const extSection = elf.sections.find((s) => s.name === '.BTF.ext');
  const ext = extSection ? parseBtfExt(extSection.data, fixed.value) : ok<BtfExt>(new Map());
  const types = { btf: fixed.value, externs: externs.value };
  return ext.ok
    ? ok({ ...types, ext: ext.value, warnings: [] })
    : ok({ ...types, ext: new Map(), warnings: [`left out: ${formatDiagnostic(ext.error)}`] });
}

/** Code that nothing can call: of several functions without a SEC(), none is a program. */
function entryWarnings(functions: readonly CodeFunction[]): string[] {
  if (functions.length === 0 || functions.some((fn) => fn.entry)) return [];
  const names = functions.slice(0, 3).map((fn) => `'${fn.name}'`);
  return [`no programs: ${names.join(', ')} without a SEC("…") can only be called by others`];
}

function withoutTypes(elf: ElfObject, warnings: readonly string[]): Result<ObjectTypes> {
  const externs = readExterns(elf, undefined);
  return externs.ok ? ok({ btf: undefined, ext: new Map(), externs: externs.value, warnings }) : externs;
}

/** Sections whose contents BTF alone explains. */
function isPlacedByBtf(section: ElfSection): boolean {
  return section.name === MAPS_SECTION || isStructOpsSection(section.name);
}

/** tools/lib/bpf/libbpf.c: libbpf_needs_btf; BTF that is damaged does no harm where nothing asks for it. */
function needsBtf(elf: ElfObject): boolean {
  if (elf.sections.some((section) => isPlacedByBtf(section) && section.size > 0)) return true;
  return (elf.symbolsBySection.get(SHN_UNDEF) ?? []).some(isExtern);
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
  const legacy = readLegacyMaps(elf, functions);
  if (!legacy.ok) return legacy;
  const placed = new Map<number, readonly PlacedMap[]>(legacy.value);
  for (const section of elf.sections) {
    const read = readMapSection(section, btf);
    if (!read.ok) return read;
    if (read.value.length) placed.set(section.index, read.value);
  }
  const all = [...placed.values()].flat().map((map) => map.spec);
  const specs: MapSpec[] = all.filter((spec) => !spec.structOps);
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
  specs.push(...all.filter((spec) => spec.structOps));
  if (specs.length > LIMITS.maps)
    return err(elfFault('elf-too-large', `${specs.length} maps, the limit is ${LIMITS.maps}`));
  const twice = duplicate(specs.map((spec) => spec.name));
  if (twice !== undefined) return err(elfFault('map-definition', `two maps are called '${twice}'`));
  const byOffset = (list: readonly PlacedMap[]) => new Map(list.map((map) => [map.offset, map.spec.name]));
  const maps = new Map([...placed].map(([index, list]) => [index, byOffset(list)]));
  const targets = { maps, data, externs };
  const slots = readMapSlots(elf, placed, maps, functions);
  if (!slots.ok) return slots;
  readStructOpsPrograms(elf, btf, placed, functions);
  return ok({ specs, targets });
}

/** Tells each struct_ops program which member it implements (tools/lib/bpf/libbpf.c: bpf_map_prepare_vdata's part). */
function noteStructOps(programs: readonly ObjectProgram[], maps: readonly MapSpec[]): void {
  for (const { structOps } of maps) {
    for (const [member, name] of structOps?.programs ?? []) {
      const program = programs.find((candidate) => candidate.name === name);
      if (program && structOps) Object.assign(program, { structOps: { type: structOps.type, member } });
    }
  }
}

function readMapSection(section: ElfSection, btf: Btf | undefined): Result<PlacedMap[]> {
  if (section.type !== SHT.PROGBITS || section.size === 0) return ok([]);
  if (section.name === MAPS_SECTION) return readBtfMaps(btf, section.name);
  if (isStructOpsSection(section.name)) return readStructOps(btf, section.name);
  return ok([]);
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
    if (!program.linkFault) used += program.insns.length;
    programs.push(program);
    if (programs.length > LIMITS.programs)
      return err(elfFault('elf-too-large', `more than ${LIMITS.programs} programs`));
  }
  return ok(programs);
}

function linkEntry(
  fn: CodeFunction,
  callback: CodeFunction | undefined,
  context: LinkContext,
): ObjectProgram {
  const head = { name: fn.name, ...sectionFacts(fn.section.name) };
  const linked = linkProgram(fn, callback ? [callback] : [], context);
  if (linked.ok) return { ...head, ...linked.value };
  const nothing = { refs: new Map(), funcInfo: [], lineInfo: [], cores: [] };
  return { ...head, insns: fn.insns, ...nothing, linkFault: linked.error };
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
