import { ByteWriter } from '@probed/base';
import {
  ELF_HEADER_BYTES,
  ELFCLASS64,
  ELFDATA2LSB,
  EM_BPF,
  ET_REL,
  SECTION_HEADER_BYTES,
  SHT,
  SYMBOL_BYTES,
} from '../elf-constants';
import { alignUp } from './bytes';
import { type Output, STRTAB_INDEX } from './output';

const SHF_STRINGS = 0x20;
const EV_CURRENT = 1;
/** Alignment of the section header table. */
const TABLE_ALIGN = 8;

/** What a section header says, and what it describes. */
interface FileSection {
  readonly nameOffset: number;
  readonly type: number;
  readonly flags: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly align: number;
  readonly entryBytes: number;
  readonly data: Uint8Array;
}

/** The finished object as an ELF file: header, sections in order of index, section headers. */
export function writeElf(output: Output): Uint8Array {
  const sections = fileSections(output);
  const body = new ByteWriter(64 * 1024);
  const headers = new ByteWriter((sections.length + 1) * SECTION_HEADER_BYTES);
  headers.bytes(new Uint8Array(SECTION_HEADER_BYTES));
  for (const section of sections) {
    pad(body, Math.max(section.align, 1));
    writeHeader(headers, section, ELF_HEADER_BYTES + body.size);
    body.bytes(section.data);
  }
  pad(body, TABLE_ALIGN);
  return fileHeader(ELF_HEADER_BYTES + body.size, sections.length + 1)
    .bytes(body.finish())
    .bytes(headers.finish())
    .finish();
}

/** Every section ahead begins at a multiple of 64 bytes or less, so alignment counts from the start of the file. */
function pad(body: ByteWriter, align: number): void {
  const at = ELF_HEADER_BYTES + body.size;
  body.bytes(new Uint8Array(alignUp(at, align) - at));
}

function fileSections(output: Output): FileSection[] {
  const strings = (): FileSection => ({
    nameOffset: output.strings.add('.strtab'),
    type: SHT.STRTAB,
    flags: SHF_STRINGS,
    size: output.strings.finish().length,
    link: 0,
    info: 0,
    align: 1,
    entryBytes: 0,
    data: output.strings.finish(),
  });
  const symbols = symbolTable(output);
  const symtab: FileSection = {
    nameOffset: output.strings.add('.symtab'),
    type: SHT.SYMTAB,
    flags: 0,
    size: symbols.length,
    link: STRTAB_INDEX,
    info: 0,
    align: 8,
    entryBytes: SYMBOL_BYTES,
    data: symbols,
  };
  const rest = output.sections
    .filter(({ head }) => head !== undefined)
    .sort((a, b) => (a.head?.index ?? 0) - (b.head?.index ?? 0))
    .map(({ head, data, size }) => ({ ...(head as NonNullable<typeof head>), size, data: data.bytes }));
  return [strings(), symtab, ...rest];
}

function symbolTable(output: Output): Uint8Array {
  const writer = new ByteWriter(output.symbols.length * SYMBOL_BYTES);
  for (const { nameOffset, type, binding, visibility, section, value, size } of output.symbols)
    writer
      .u32(nameOffset)
      .u8((binding << 4) | type)
      .u8(visibility)
      .u16(section)
      .u64(BigInt(value))
      .u64(BigInt(size));
  return writer.finish();
}

function writeHeader(writer: ByteWriter, section: FileSection, offset: number): void {
  const { nameOffset, type, flags, size, link, info, align, entryBytes } = section;
  writer.u32(nameOffset).u32(type).u64(BigInt(flags)).u64(0n).u64(BigInt(offset)).u64(BigInt(size));
  writer.u32(link).u32(info).u64(BigInt(align)).u64(BigInt(entryBytes));
}

function fileHeader(tableOffset: number, sectionCount: number): ByteWriter {
  const writer = new ByteWriter(ELF_HEADER_BYTES).bytes(new Uint8Array([0x7f, 0x45, 0x4c, 0x46]));
  writer.u8(ELFCLASS64).u8(ELFDATA2LSB).u8(EV_CURRENT).bytes(new Uint8Array(9));
  writer.u16(ET_REL).u16(EM_BPF).u32(EV_CURRENT).u64(0n).u64(0n).u64(BigInt(tableOffset)).u32(0);
  writer.u16(ELF_HEADER_BYTES).u16(0).u16(0);
  return writer.u16(SECTION_HEADER_BYTES).u16(sectionCount).u16(STRTAB_INDEX);
}
