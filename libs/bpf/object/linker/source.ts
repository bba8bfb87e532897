import { Btf, type BtfDatasec } from '@probed/btf';
import { type ElfObject, type ElfSection, type ElfSymbol, parseElf } from '../elf';
import { SHN_LORESERVE, SHN_UNDEF, SHT, STB, STT, STV } from '../elf-constants';
import { type ExtRecords, readExtInfo } from './ext-info';
import { LinkFault, refuse } from './fault';
import type { OutputSection } from './output';

/** An object to be linked. */
export interface LinkInput {
  /** File name, for messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A variable's place in its section, as the symbol table has it. */
export interface PlacedVariable {
  readonly typeId: number;
  readonly offset: number;
  readonly size: number;
}

/** A section of an input and where it goes. */
export interface SourceSection {
  readonly name: string;
  /** Undefined for what only BTF knows: `.ksyms`, `.kconfig`. */
  readonly elf: ElfSection | undefined;
  /** Goes nowhere: debug information, string tables, what is rebuilt (BTF), duplicates. */
  skipped: boolean;
  target?: OutputSection;
  /** Bytes from the start of the target. */
  offset: number;
  /** BTF has a DATASEC for it; its variables. */
  variables?: readonly PlacedVariable[];
}

/** An input taken apart and found fit for linking. */
export interface SourceObject {
  readonly name: string;
  readonly elf: ElfObject;
  readonly btf: Btf | undefined;
  readonly ext: readonly ExtRecords[];
  /** By ELF index, entry 0 unused; then those that only BTF knows. */
  readonly sections: readonly SourceSection[];
  /** New index by index of the symbol; 0 for none. */
  readonly symbolMap: Uint32Array;
  /** New id by type id; 0 for none. */
  readonly typeMap: Uint32Array;
}

const SHT_LLVM_ADDRSIG = 0x6fff_4c03;
const LINKED_TYPES: ReadonlySet<number> = new Set([SHT.SYMTAB, SHT.PROGBITS, SHT.NOBITS, SHT.REL]);
/** Clang lists externs without a section there; they are the linker's to resolve. */
const EXTERN_DATASEC = '.extern';

/** Reads and checks one object. tools/lib/bpf/linker.c: linker_load_obj_file. */
export function readSource({ name, bytes }: LinkInput): SourceObject {
  // A Buffer of Node's is a Uint8Array whose slice() does not copy.
  const elf = parseElf(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (!elf.ok) throw new LinkFault({ ...elf.error, where: name });
  const sections = elf.value.sections.map((section) => readSection(section, name));
  for (const symbol of elf.value.symbols) checkSymbol(symbol, sections.length, name);
  const btf = readBtf(elf.value, name);
  const extBytes = elf.value.sections.find((section) => section.name === '.BTF.ext')?.data;
  if (extBytes && !btf) refuse('.BTF.ext without .BTF', name);
  if (btf) placeVariables(btf, elf.value, sections, name);
  return {
    name,
    elf: elf.value,
    btf,
    ext: btf && extBytes && extBytes.length > 0 ? readExtInfo(extBytes, btf, name) : [],
    sections,
    symbolMap: new Uint32Array(elf.value.symbols.length),
    typeMap: new Uint32Array(btf?.typeCount ?? 0),
  };
}

function readSection(elf: ElfSection, file: string): SourceSection {
  const skipped = elf.index === 0 || isIgnored(elf);
  if (!skipped) {
    if (elf.name === '') refuse(`section ${elf.index} has no name`, file);
    if (elf.type === SHT.RELA)
      refuse(`section ${elf.name} has relocations with addends (RELA), which cannot be linked`, file);
    if (!LINKED_TYPES.has(elf.type))
      refuse(`section ${elf.name} is of type ${elf.type}, which cannot be linked`, file);
    if (elf.align !== 0 && !Number.isInteger(Math.log2(elf.align)))
      refuse(`section ${elf.name} has alignment ${elf.align}, no power of two`, file);
    if (elf.align > ALIGN_MAX) refuse(`section ${elf.name} has alignment ${elf.align}`, file);
  }
  return { name: elf.name, elf, skipped: skipped || isRebuilt(elf), offset: 0 };
}

/** Far above a page; alignment is paid for in zeroes. */
const ALIGN_MAX = 65_536;

function isDwarf(name: string): boolean {
  return name.startsWith('.debug_');
}

/** linker.c: is_ignored_sec. */
function isIgnored({ name, type, size }: ElfSection): boolean {
  if (type === SHT.STRTAB || type === SHT_LLVM_ADDRSIG || isDwarf(name)) return true;
  if (type === SHT.PROGBITS && size === 0 && name === '.text') return true;
  const patched = name.startsWith('.rel') ? name.slice('.rel'.length) : '';
  return isDwarf(patched) || patched === '.BTF' || patched === '.BTF.ext';
}

function isRebuilt({ name, type }: ElfSection): boolean {
  return type === SHT.PROGBITS && (name === '.BTF' || name === '.BTF.ext');
}

/** linker.c: linker_sanity_check_elf_symtab. */
function checkSymbol(symbol: ElfSymbol, sectionCount: number, file: string): void {
  const { index, name, type, binding, visibility, section, value, size } = symbol;
  if (index === 0) return;
  const what = `symbol ${index} (${name || 'unnamed'})`;
  if (binding !== STB.LOCAL && binding !== STB.GLOBAL && binding !== STB.WEAK)
    refuse(`${what} has binding ${binding}, which cannot be linked`, file);
  if (visibility !== STV.DEFAULT && visibility !== STV.HIDDEN)
    refuse(`${what} has visibility ${visibility}, which cannot be linked`, file);
  if (section === SHN_UNDEF) {
    if (type !== STT.NOTYPE || binding === STB.LOCAL || value !== 0 || size !== 0)
      refuse(`${what} is no valid extern`, file);
  } else if (section < SHN_LORESERVE && section >= sectionCount)
    refuse(`${what} lies in section ${section}, which does not exist`, file);
  else if (type === STT.SECTION && value !== 0) refuse(`${what} is a section at offset ${value}`, file);
}

function readBtf(elf: ElfObject, file: string): Btf | undefined {
  const section = elf.sections.find(({ name, type }) => name === '.BTF' && type === SHT.PROGBITS);
  if (!section || section.data.length === 0) return undefined;
  const btf = Btf.parse(section.data);
  if (!btf.ok) throw new LinkFault({ ...btf.error, where: `${file}: .BTF` });
  return btf.value;
}

/**
 * Ties DATASECs to sections and takes the offsets of global variables from the symbol table. Sections that only BTF
 * knows are added. linker.c: linker_fixup_btf.
 */
function placeVariables(btf: Btf, elf: ElfObject, sections: SourceSection[], file: string): void {
  const byName = new Map<string, SourceSection>();
  for (const section of sections.slice(1)) if (!byName.has(section.name)) byName.set(section.name, section);
  for (const id of btf.idsOfKind('datasec')) {
    const datasec = btf.type(id) as BtfDatasec;
    let section = byName.get(datasec.name);
    if (!section) {
      if (datasec.name === EXTERN_DATASEC) continue;
      section = { name: datasec.name, elf: undefined, skipped: false, offset: 0 };
      byName.set(datasec.name, section);
      sections.push(section);
    }
    const offsets = objectOffsets(elf, section.elf?.index ?? SHN_UNDEF);
    section.variables = datasec.vars.map(({ typeId, offset, size }) => {
      const decl = btf.type(typeId);
      if (decl.kind !== 'var' || decl.linkage !== 'global') return { typeId, offset, size };
      const value = offsets.get(decl.name);
      if (value === undefined) refuse(`variable ${decl.name} has no symbol in section ${datasec.name}`, file);
      return { typeId, offset: value, size };
    });
  }
}

function objectOffsets(elf: ElfObject, section: number): Map<string, number> {
  const offsets = new Map<string, number>();
  for (const { name, type, value } of elf.symbolsBySection.get(section) ?? [])
    if (type === STT.OBJECT && !offsets.has(name)) offsets.set(name, value);
  return offsets;
}
