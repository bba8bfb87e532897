import { BtfBuilder } from '@probed/btf';
import type { ElfSection } from '../elf';
import { SHF_EXECINSTR, SHT } from '../elf-constants';
import { alignUp, GrowingBytes } from './bytes';
import type { ExtPart } from './ext-info';
import { refuse } from './fault';
import type { PlacedVariable, SourceObject, SourceSection } from './source';
import { StringTable } from './string-table';

/** Bytes of one section, all inputs together; a data section becomes one map value, which is no larger. */
const SECTION_BYTES_MAX = 0x7fff_ffff;
/** Bytes that one section may have in the file. */
const SECTION_DATA_BYTES_MAX = 64 * 1024 * 1024;

/** What an ELF section header says, once a section has one. */
interface SectionHead {
  /** Index in the output file. */
  readonly index: number;
  readonly nameOffset: number;
  readonly type: number;
  readonly flags: number;
  readonly entryBytes: number;
  align: number;
  link: number;
  info: number;
}

/** A section of the output, or only its name and variables while no input has contents for it. */
export class OutputSection {
  head: SectionHead | undefined;
  readonly data = new GrowingBytes();
  /** Bytes in memory; equal to those of `data` but for NOBITS. */
  size = 0;
  /** Index of the symbol that stands for the section; 0 for none yet. */
  sectionSymbol = 0;
  /** BTF describes it, be it without any variable. */
  hasBtf = false;
  readonly variables: PlacedVariable[] = [];
  readonly ext = new Map<ExtPart, { readonly recordBytes: number; readonly parts: Uint32Array[] }>();

  constructor(readonly name: string) {}

  get executable(): boolean {
    return this.head?.type === SHT.PROGBITS && (this.head.flags & SHF_EXECINSTR) !== 0;
  }
}

/** A symbol of the output. */
export interface OutputSymbol {
  readonly nameOffset: number;
  type: number;
  binding: number;
  visibility: number;
  /** Index of the section in the output, or a reserved index. */
  section: number;
  value: number;
  size: number;
}

/** A symbol that several objects may speak of. */
export interface GlobalSymbol {
  readonly name: string;
  /** Index in the symbol table. */
  readonly index: number;
  /** Object that defines it, or that asked for it first. */
  source: SourceObject;
  section: OutputSection | undefined;
  isExtern: boolean;
  isWeak: boolean;
  /** FUNC or VAR in the output's BTF; 0 until its object's types are appended. */
  btfId: number;
  /** Its FUNC or VAR is to be pointed to the type of the object at hand. */
  needsType: boolean;
  /** Type in the object at hand that its FUNC or VAR is to point to, once that has its new id. */
  pendingType: number | undefined;
  /** Bytes of its type. */
  typeBytes: number;
  /** Index among the variables of its section, -1 for none. */
  variable: number;
}

/** The object that is being put together. tools/lib/bpf/linker.c: struct bpf_linker. */
export class Output {
  readonly strings = new StringTable();
  readonly sections: OutputSection[] = [];
  readonly symbols: OutputSymbol[] = [];
  readonly globals = new Map<string, GlobalSymbol>();
  readonly btf = new BtfBuilder();
  private readonly byName = new Map<string, OutputSection>();
  private headCount = FIRST_INDEX;

  constructor() {
    for (const name of ['.strtab', '.symtab']) this.strings.add(name);
    this.symbols.push({ nameOffset: 0, type: 0, binding: 0, visibility: 0, section: 0, value: 0, size: 0 });
  }

  find(name: string): OutputSection | undefined {
    return this.byName.get(name);
  }

  /** The section of that name, added when new; its kind must be that of an input's section. */
  section(source: SourceSection, file: string): OutputSection {
    let section = this.byName.get(source.name);
    if (!section) {
      section = new OutputSection(source.name);
      this.byName.set(source.name, section);
      this.sections.push(section);
      if (source.elf) this.giveHead(section, source.elf);
    } else if (section.head && source.elf) {
      const { type, flags, entryBytes } = source.elf;
      const { head } = section;
      if (head.type !== type || head.flags !== flags || head.entryBytes !== entryBytes)
        refuse(
          `section ${source.name} differs in type, flags or entry size from that of the files before`,
          file,
        );
    }
    return section;
  }

  /** Appends an input's section; where its bytes begin. linker.c: extend_sec. */
  extend(section: OutputSection, elf: ElfSection, file: string): number {
    const head = section.head ?? this.giveHead(section, elf);
    head.align = Math.max(head.align, 1, elf.align);
    const at = alignUp(section.size, head.align);
    section.size = at + elf.size;
    if (section.size > SECTION_BYTES_MAX) refuse(`section ${section.name} passes 2 GiB`, file);
    if (elf.type !== SHT.NOBITS) {
      if (section.size > SECTION_DATA_BYTES_MAX) refuse(`section ${section.name} passes 64 MiB`, file);
      section.data.padTo(at);
      section.data.append(elf.data);
    }
    return at;
  }

  /** Adds a section of our own making behind all others. */
  addRaw(name: string, align: number, bytes: Uint8Array): void {
    const section = new OutputSection(name);
    section.head = this.newHead({ name, type: SHT.PROGBITS, flags: 0, entryBytes: 0, align });
    section.data.append(bytes);
    section.size = bytes.length;
    this.sections.push(section);
  }

  private giveHead(section: OutputSection, elf: ElfSection): SectionHead {
    section.head = this.newHead(elf);
    return section.head;
  }

  private newHead({
    name,
    type,
    flags,
    entryBytes,
    align,
  }: Pick<ElfSection, 'name' | 'type' | 'flags' | 'entryBytes' | 'align'>): SectionHead {
    const index = this.headCount++;
    return { index, nameOffset: this.strings.add(name), type, flags, entryBytes, align, link: 0, info: 0 };
  }
}

/** `.strtab` and `.symtab` come first. */
export const STRTAB_INDEX = 1;
export const SYMTAB_INDEX = 2;
const FIRST_INDEX = 3;
