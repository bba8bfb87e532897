import { ByteReader, type Diagnostic, diagnostic, err, ok, type Result, TruncatedError } from '@probed/base';
import {
  ELF_HEADER_BYTES,
  ELFCLASS32,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
  EM_BPF,
  EM_NONE,
  ET_REL,
  MACHINE_NAMES,
  REL_BYTES,
  RELA_BYTES,
  SECTION_HEADER_BYTES,
  SHF_EXECINSTR,
  SHN_XINDEX,
  SHT,
  STB,
  STV,
  SYMBOL_BYTES,
  TYPE_NAMES,
} from './elf-constants';
import { LIMITS } from './limits';
import { StringSection } from './string-section';

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  /** `SHT_*`. */
  readonly type: number;
  readonly executable: boolean;
  /** `SHF_*`. */
  readonly flags: number;
  /** Bytes; 0 or 1 for none. */
  readonly align: number;
  /** Bytes in memory; of a NOBITS section the file holds none of them. */
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly entryBytes: number;
  /** A view of the file; empty for NOBITS. */
  readonly data: Uint8Array;
}

export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  /** `STT_*`. */
  readonly type: number;
  /** `STB_*`. */
  readonly binding: number;
  /** `STV_*`. */
  readonly visibility: number;
  /** Index of the section that defines it, or a reserved index. */
  readonly section: number;
  readonly value: number;
  readonly size: number;
}

export interface ElfRelocation {
  /** Bytes from the start of the section that it patches. */
  readonly offset: number;
  readonly symbol: ElfSymbol;
  /** RELA only; a REL relocation has its addend in the place that it patches. */
  readonly addend: number | undefined;
}

/** A relocatable object taken apart: nothing of it is interpreted yet. */
export interface ElfObject {
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];
  /** Named symbols by index of the section that defines them, in order of the symbol table. */
  readonly symbolsBySection: ReadonlyMap<number, readonly ElfSymbol[]>;
  /** By index of the section that they patch. */
  readonly relocations: ReadonlyMap<number, readonly ElfRelocation[]>;
}

/** True for what other objects may refer to when linked, but nothing that loads the object. */
export function isHidden({ binding, visibility }: ElfSymbol): boolean {
  return binding !== STB.LOCAL && (visibility === STV.HIDDEN || visibility === STV.INTERNAL);
}

const EINVAL = 22;

/** A fault of the file's form. */
export function elfFault(code: string, message: string, hint?: string): Diagnostic {
  return diagnostic(code, message, { errno: EINVAL, ...(hint && { hint }) });
}

/** Sections together may have this many times the bytes of the file. */
const OVERLAP_FACTOR = 2;

const HOW_TO_COMPILE = 'compile it with: clang -g -O2 --target=bpf -c';

/** Reads an eBPF object file (ELF64, little-endian, relocatable). Never throws, whatever the bytes. */
export function parseElf(bytes: Uint8Array): Result<ElfObject> {
  const fault = checkIdent(bytes);
  if (fault) return err(fault);
  try {
    return readObject(new ByteReader(bytes));
  } catch (cause) {
    if (!(cause instanceof TruncatedError)) throw cause;
    return err(elfFault('elf-truncated', `truncated or damaged ELF file: ${cause.message}`));
  }
}

/** Says what kind of file it is when it is no eBPF object. */
function checkIdent(bytes: Uint8Array): Diagnostic | undefined {
  if (bytes.length === 0) return elfFault('elf-empty', 'the file is empty', HOW_TO_COMPILE);
  const magic = [0x7f, 0x45, 0x4c, 0x46];
  const present = magic.filter((byte, i) => bytes[i] === byte).length;
  if (bytes.length < 4 && present === bytes.length)
    return elfFault('elf-truncated', `truncated ELF file: ${bytes.length} bytes`);
  if (present < 4) {
    const what = looksLikeText(bytes) ? 'a text file, not an ELF object' : 'not an ELF object';
    return elfFault('elf-bad-magic', what, HOW_TO_COMPILE);
  }
  if (bytes.length < ELF_HEADER_BYTES)
    return elfFault('elf-truncated', `truncated ELF file: ${bytes.length} bytes, the header alone has 64`);
  if (bytes.length > LIMITS.fileBytes)
    return elfFault('elf-too-large', `${bytes.length} bytes, the limit is ${LIMITS.fileBytes}`);
  return checkTarget(bytes);
}

function checkTarget(bytes: Uint8Array): Diagnostic | undefined {
  const [elfClass, encoding] = [bytes[4], bytes[5]];
  const big = encoding === ELFDATA2MSB;
  if (!big && encoding !== ELFDATA2LSB)
    return elfFault('elf-bad-ident', `unknown ELF byte order ${encoding}`);
  if (elfClass !== ELFCLASS32 && elfClass !== ELFCLASS64)
    return elfFault('elf-bad-ident', `unknown ELF class ${elfClass}`);
  const half = (at: number) => (big ? bytes[at] * 256 + bytes[at + 1] : bytes[at] + bytes[at + 1] * 256);
  const machine = half(18);
  if (machine !== EM_BPF && machine !== EM_NONE) {
    const name = MACHINE_NAMES[machine] ?? `machine ${machine}`;
    return elfFault('elf-wrong-machine', `an ELF file for ${name}, not for eBPF`, HOW_TO_COMPILE);
  }
  if (elfClass === ELFCLASS32) return elfFault('elf-32-bit', 'a 32-bit ELF file, eBPF objects are 64-bit');
  if (big)
    return elfFault('elf-big-endian', 'a big-endian eBPF object, x86-64 is little-endian', HOW_TO_COMPILE);
  const type = half(16);
  if (type !== ET_REL) {
    const name = TYPE_NAMES[type] ?? `file of type ${type}`;
    return elfFault('elf-not-relocatable', `an eBPF ${name}, not a relocatable object`, HOW_TO_COMPILE);
  }
  return undefined;
}

function looksLikeText(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 512);
  return head.every((byte) => byte >= 0x20 || (byte >= 9 && byte <= 13));
}

function readObject(reader: ByteReader): Result<ElfObject> {
  const sections = readSections(reader);
  if (!sections.ok) return sections;
  const tables = sections.value.filter((section) => section.type === SHT.SYMTAB);
  if (tables.length === 0)
    return err(elfFault('elf-no-symbols', 'no symbol table: was the object stripped?'));
  if (tables.length > 1) return err(elfFault('elf-malformed', 'several symbol tables'));
  const symbols = readSymbols(sections.value, tables[0]);
  if (!symbols.ok) return symbols;
  const relocations = readRelocations(sections.value, symbols.value);
  if (!relocations.ok) return relocations;
  return ok({
    sections: sections.value,
    symbols: symbols.value,
    symbolsBySection: groupBySection(symbols.value),
    relocations: relocations.value,
  });
}

function groupBySection(symbols: readonly ElfSymbol[]): Map<number, ElfSymbol[]> {
  const groups = new Map<number, ElfSymbol[]>();
  for (const symbol of symbols) {
    if (symbol.name === '') continue;
    const group = groups.get(symbol.section);
    if (group) group.push(symbol);
    else groups.set(symbol.section, [symbol]);
  }
  return groups;
}

interface RawSection extends Omit<ElfSection, 'name'> {
  readonly nameOffset: number;
}

function readSections(reader: ByteReader): Result<ElfSection[]> {
  const table = reader.seek(0x28).size64();
  const entryBytes = reader.seek(0x3a).u16();
  let count = reader.u16();
  let namesIndex = reader.u16();
  if (table === 0) return err(elfFault('elf-no-sections', 'no sections'));
  if (entryBytes !== SECTION_HEADER_BYTES)
    return err(elfFault('elf-malformed', `section headers of ${entryBytes} bytes instead of 64`));
  const first = readSectionHeader(reader, table, 0);
  if (count === 0) count = first.size;
  if (namesIndex === SHN_XINDEX) namesIndex = first.link;
  if (count > LIMITS.sections)
    return err(elfFault('elf-too-large', `${count} sections, the limit is ${LIMITS.sections}`));
  const raw: RawSection[] = [];
  // Sections of a real file share no bytes; where they do, reading each would cost far more than the file holds.
  let room = reader.size * OVERLAP_FACTOR;
  for (let i = 0; i < count; i++) {
    const section = readSectionHeader(reader, table, i);
    room -= section.data.length;
    if (room < 0) return err(elfFault('elf-malformed', 'sections overlap'));
    raw.push(section);
  }
  const names = raw[namesIndex];
  if (names?.type !== SHT.STRTAB)
    return err(elfFault('elf-malformed', `no section name table at index ${namesIndex}`));
  const strings = new StringSection(names.data);
  return ok(raw.map(({ nameOffset, ...rest }) => ({ ...rest, name: strings.at(nameOffset) })));
}

function readSectionHeader(reader: ByteReader, table: number, index: number): RawSection {
  reader.seek(table + index * SECTION_HEADER_BYTES);
  const nameOffset = reader.u32();
  const type = reader.u32();
  const flags = Number(BigInt.asUintN(32, reader.u64()));
  reader.skip(8);
  const offset = reader.size64();
  const size = reader.size64();
  const link = reader.u32();
  const info = reader.u32();
  const align = Number(reader.u64());
  const entryBytes = reader.size64();
  const inFile = type !== SHT.NOBITS && type !== SHT.NULL;
  const data = inFile ? reader.seek(offset).slice(size) : new Uint8Array(0);
  const executable = (flags & SHF_EXECINSTR) !== 0;
  return { index, nameOffset, type, executable, flags, align, size, link, info, entryBytes, data };
}

function readSymbols(sections: readonly ElfSection[], table: ElfSection): Result<ElfSymbol[]> {
  const names = sections[table.link];
  if (names?.type !== SHT.STRTAB)
    return err(elfFault('elf-malformed', 'the symbol table has no string table'));
  const count = Math.floor(table.data.length / SYMBOL_BYTES);
  if (count > LIMITS.symbols)
    return err(elfFault('elf-too-large', `${count} symbols, the limit is ${LIMITS.symbols}`));
  const reader = new ByteReader(table.data);
  const strings = new StringSection(names.data);
  const symbols: ElfSymbol[] = [];
  for (let index = 0; index < count; index++) {
    const nameOffset = reader.seek(index * SYMBOL_BYTES).u32();
    const info = reader.u8();
    const visibility = reader.u8() & 3;
    const section = reader.u16();
    const value = reader.size64();
    const size = reader.size64();
    const name = strings.at(nameOffset);
    symbols.push({ index, name, type: info & 15, binding: info >> 4, visibility, section, value, size });
  }
  return ok(symbols);
}

function readRelocations(
  sections: readonly ElfSection[],
  symbols: readonly ElfSymbol[],
): Result<Map<number, ElfRelocation[]>> {
  const bySection = new Map<number, ElfRelocation[]>();
  let total = 0;
  for (const section of sections) {
    if (section.type !== SHT.REL && section.type !== SHT.RELA) continue;
    const entryBytes = section.type === SHT.REL ? REL_BYTES : RELA_BYTES;
    if (section.entryBytes !== entryBytes)
      return err(elfFault('elf-malformed', `${section.name}: entries of ${section.entryBytes} bytes`));
    const count = Math.floor(section.data.length / entryBytes);
    total += count;
    if (total > LIMITS.relocations)
      return err(elfFault('elf-too-large', `more than ${LIMITS.relocations} relocations`));
    const list = bySection.get(section.info) ?? [];
    bySection.set(section.info, list);
    const reader = new ByteReader(section.data);
    for (let i = 0; i < count; i++) {
      const offset = reader.size64();
      // r_info: the type is in the low half; every eBPF relocation is told by the instruction that it patches.
      const symbol = symbols[reader.skip(4).u32()];
      if (!symbol)
        return err(elfFault('elf-malformed', `${section.name}: relocation ${i} has no such symbol`));
      const addend = section.type === SHT.RELA ? Number(BigInt.asIntN(64, reader.u64())) : undefined;
      list.push({ offset, symbol, addend });
    }
  }
  return ok(bySection);
}
