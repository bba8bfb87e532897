import { INSN_BYTES, OP_CALL } from '@probed/isa';
import { REL_BYTES, SHF_EXECINSTR, SHT, STT } from '../elf-constants';
import { refuse } from './fault';
import { type Output, type OutputSection, SYMTAB_INDEX } from './output';
import type { SourceObject, SourceSection } from './source';

/** Relocation types of eBPF (Documentation/bpf/llvm_reloc.rst). */
const R_BPF_64_64 = 1;
const R_BPF_64_ABS64 = 2;
const R_BPF_64_ABS32 = 3;
const R_BPF_64_32 = 10;
const TYPES: ReadonlySet<number> = new Set([R_BPF_64_64, R_BPF_64_ABS64, R_BPF_64_ABS32, R_BPF_64_32]);

/**
 * Appends the relocations of an object, with places and symbols as they are in the output. What refers to a whole
 * section by an offset in the code is moved with it. tools/lib/bpf/linker.c: linker_append_elf_relos.
 */
export function appendRelocations(output: Output, source: SourceObject): void {
  for (const section of source.sections) {
    const { elf } = section;
    if (section.skipped || elf?.type !== SHT.REL) continue;
    const patched = source.sections[elf.info];
    if (!patched?.elf || elf.info === 0)
      refuse(`section ${section.name} patches section ${elf.info}, which does not exist`, source.name);
    if (section.name !== `.rel${patched.name}`)
      refuse(`section ${section.name} patches section ${patched.name}`, source.name);
    if (patched.skipped) continue;
    new RelocationAppender(output, source, section, patched).run();
  }
}

class RelocationAppender {
  private readonly at: number;
  private readonly target: OutputSection;
  private readonly code: OutputSection;

  constructor(
    output: Output,
    private readonly source: SourceObject,
    private readonly section: SourceSection,
    private readonly patched: SourceSection,
  ) {
    const { elf } = section;
    if (!elf || !patched.target) throw new Error(`section ${section.name} was not read`);
    if (elf.entryBytes !== REL_BYTES || elf.data.length % REL_BYTES !== 0)
      refuse(`section ${section.name} has entries of ${elf.entryBytes} bytes`, source.name);
    this.code = patched.target;
    this.target = output.section(section, source.name);
    this.at = output.extend(this.target, elf, source.name);
    if (this.target.head) {
      this.target.head.link = SYMTAB_INDEX;
      this.target.head.info = this.code.head?.index ?? 0;
    }
  }

  run(): void {
    const { view } = this.target.data;
    for (let at = this.at; at < this.target.size; at += REL_BYTES) {
      const offset = Number(view.getBigUint64(at, true));
      const type = view.getUint32(at + 8, true);
      const symbol = view.getUint32(at + 12, true);
      this.check(offset, type, symbol);
      view.setBigUint64(at, BigInt(offset + this.patched.offset), true);
      view.setUint32(at + 12, this.source.symbolMap[symbol], true);
      this.moveSectionOffset(offset + this.patched.offset, type, symbol);
    }
  }

  private check(offset: number, type: number, symbol: number): void {
    const where = `${this.source.name}: ${this.section.name}`;
    if (!TYPES.has(type)) refuse(`relocation of type ${type}, which cannot be linked`, where);
    if (symbol === 0 || symbol >= this.source.elf.symbols.length)
      refuse(`relocation to symbol ${symbol}, which does not exist`, where);
    if (this.source.symbolMap[symbol] === 0)
      refuse(`relocation to symbol ${symbol} in a section that is not linked`, where);
    const size = this.patched.elf?.data.length ?? 0;
    const executable = ((this.patched.elf?.flags ?? 0) & SHF_EXECINSTR) !== 0;
    if (offset + INSN_BYTES > size && executable)
      refuse(`relocation at ${offset}, beyond the ${size} bytes of its section`, where);
    if (executable && offset % INSN_BYTES !== 0)
      refuse(`relocation at ${offset}, which is no instruction`, where);
  }

  /** A section's symbol stands for the start of the section, which in the output lies before all inputs. */
  private moveSectionOffset(at: number, type: number, symbolIndex: number): void {
    const symbol = this.source.elf.symbols[symbolIndex];
    if (symbol.type !== STT.SECTION) return;
    const target = this.source.sections[symbol.section];
    if (!target) refuse(`relocation to section ${symbol.section}, which does not exist`, this.source.name);
    const { view } = this.code.data;
    if (this.code.executable) {
      // A call counts instructions from the next one, a load bytes from the start of the section.
      const isCall = view.getUint8(at) === OP_CALL;
      const moved = isCall ? target.offset / INSN_BYTES : target.offset;
      view.setInt32(at + 4, view.getInt32(at + 4, true) + moved, true);
    } else if (type === R_BPF_64_ABS64 && target.target?.executable && at + 8 <= this.code.data.size) {
      view.setBigUint64(at, view.getBigUint64(at, true) + BigInt(target.offset), true);
    } else
      refuse(
        `relocation to section ${target.name} in data, which cannot be linked`,
        `${this.source.name}: ${this.section.name}`,
      );
  }
}
