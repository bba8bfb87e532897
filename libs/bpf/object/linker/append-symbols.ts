import type { Btf } from '@probed/btf';
import type { ElfSymbol } from '../elf';
import { SHN_LORESERVE, SHN_UNDEF, STB, STT } from '../elf-constants';
import { incompatibility } from './compatible';
import { LinkFault, refuse } from './fault';
import { type GlobalDeclaration, GlobalDeclarations } from './global-declarations';
import { mapMismatch } from './map-match';
import type { GlobalSymbol, Output, OutputSection } from './output';
import type { SourceObject, SourceSection } from './source';

const MAPS_SECTION = '.maps';

/**
 * Appends the symbols of an object and resolves its globals and externs with those of the objects before.
 * tools/lib/bpf/linker.c: linker_append_elf_syms.
 *
 * @param linked the types of the objects before
 */
export function appendSymbols(output: Output, source: SourceObject, linked: Btf): void {
  new SymbolAppender(output, source, linked).run();
}

/** A symbol with what is known of its place. */
interface Placed {
  readonly symbol: ElfSymbol;
  readonly section: SourceSection | undefined;
  readonly target: OutputSection | undefined;
}

class SymbolAppender {
  private readonly declarations: GlobalDeclarations | undefined;

  constructor(
    private readonly output: Output,
    private readonly source: SourceObject,
    private readonly linked: Btf,
  ) {
    this.declarations = source.btf && new GlobalDeclarations(source.btf);
  }

  run(): void {
    for (const symbol of this.source.elf.symbols) if (symbol.index > 0) this.append(symbol);
  }

  private append(symbol: ElfSymbol): void {
    const { source } = this;
    let section: SourceSection | undefined;
    if (symbol.section !== SHN_UNDEF && symbol.section < SHN_LORESERVE) {
      section = source.sections[symbol.section];
      if (section.skipped) return;
      const sectionSymbol = section.target?.sectionSymbol ?? 0;
      if (symbol.type === STT.SECTION && sectionSymbol !== 0) {
        source.symbolMap[symbol.index] = sectionSymbol;
        return;
      }
    }
    if (symbol.binding === STB.LOCAL) this.add({ symbol, section, target: section?.target });
    else this.appendGlobal(symbol, section);
  }

  private appendGlobal(symbol: ElfSymbol, defining: SourceSection | undefined): void {
    const { declaration, section } = this.declare(symbol, defining);
    const placed = { symbol, section, target: section?.target };
    const known = this.output.globals.get(symbol.name);
    if (known) {
      this.source.symbolMap[symbol.index] = known.index;
      this.resolve(known, placed, declaration);
      return;
    }
    const index = this.add(placed);
    this.output.globals.set(symbol.name, {
      name: symbol.name,
      index,
      source: this.source,
      section: placed.target,
      isExtern: symbol.section === SHN_UNDEF,
      isWeak: symbol.binding === STB.WEAK,
      btfId: 0,
      needsType: true,
      pendingType: undefined,
      typeBytes: 0,
      variable: -1,
    });
  }

  /** The FUNC or VAR of a global symbol; of an extern, the section that BTF says it belongs to (`.ksyms`, `.maps`). */
  private declare(symbol: ElfSymbol, defining: SourceSection | undefined) {
    const { name: file, sections } = this.source;
    const hint = 'compile with -g';
    if (!this.declarations) refuse(`global symbol '${symbol.name}' needs BTF to be linked`, file, hint);
    const declaration = this.declarations.find(symbol.name);
    if (!declaration) refuse(`no BTF describes global symbol '${symbol.name}'`, file, hint);
    if (declaration === 'ambiguous') refuse(`BTF describes global symbol '${symbol.name}' twice`, file);
    let section = defining;
    if (symbol.section === SHN_UNDEF && declaration.section !== undefined) {
      section = sections.find(({ name, elf }) => name === declaration.section && elf?.index !== 0);
      if (section === undefined)
        refuse(`extern '${symbol.name}' belongs to section ${declaration.section}, which is missing`, file);
    }
    return { declaration, section };
  }

  private add({ symbol, section, target }: Placed): number {
    const { symbols, strings } = this.output;
    const { type, binding, visibility, size } = symbol;
    const index = symbols.length;
    const isSection = type === STT.SECTION && target !== undefined;
    symbols.push({
      nameOffset: strings.add(symbol.name),
      type,
      binding,
      visibility,
      section: target ? (target.head?.index ?? SHN_UNDEF) : symbol.section,
      value: isSection ? 0 : (section?.offset ?? 0) + symbol.value,
      size,
    });
    if (isSection) target.sectionSymbol = index;
    this.source.symbolMap[symbol.index] = index;
    return index;
  }

  /** Two objects speak of one symbol. */
  private resolve(known: GlobalSymbol, placed: Placed, declaration: GlobalDeclaration): void {
    const { symbol } = placed;
    const isExtern = symbol.section === SHN_UNDEF;
    const files = `${known.source.name} and ${this.source.name}`;
    if (!isExtern && !known.isExtern && !known.isWeak && symbol.binding !== STB.WEAK)
      refuse(`'${symbol.name}' is defined in both ${files}, and neither is weak`);
    this.checkTypes(known, declaration, files);
    const target = this.output.symbols[known.index];
    if (symbol.binding === STB.GLOBAL) {
      target.binding = STB.GLOBAL;
      known.isWeak = false;
    }
    // The stricter visibility wins, even an extern's.
    target.visibility = Math.max(target.visibility, symbol.visibility);
    if (isExtern || (!known.isExtern && symbol.binding === STB.WEAK)) return;
    target.type = symbol.type;
    target.section = placed.target?.head?.index ?? SHN_UNDEF;
    target.value = (placed.section?.offset ?? 0) + symbol.value;
    target.size = symbol.size;
    known.section = placed.target;
    known.isExtern = false;
    known.source = this.source;
    known.needsType = true;
    this.completeDeclaration(known, declaration);
  }

  private checkTypes(known: GlobalSymbol, { typeId }: GlobalDeclaration, files: string): void {
    const btf = this.source.btf as Btf;
    if (known.btfId === 0) refuse(`no BTF describes global symbol '${known.name}'`, known.source.name);
    const sides = [
      { btf: this.linked, id: known.btfId },
      { btf, id: typeId },
    ] as const;
    const fault =
      known.section?.name === MAPS_SECTION ? mapMismatch(known.name, ...sides) : incompatibility(...sides);
    if (fault) refuse(`'${known.name}' is declared differently in ${files}: ${fault}`);
  }

  /** An extern that is now resolved takes over linkage and the names of parameters. linker.c: complete_extern_btf_info. */
  private completeDeclaration(known: GlobalSymbol, { typeId }: GlobalDeclaration): void {
    const { btf } = this.output;
    btf.setLinkage(known.btfId, 'global');
    const declared = this.linked.type(known.btfId);
    const defined = this.source.btf?.type(typeId);
    if (declared.kind !== 'func' || defined?.kind !== 'func') return;
    const proto = this.source.btf?.type(defined.typeId);
    if (proto?.kind !== 'func_proto') throw new LinkFault({ code: 'static-link', message: 'no prototype' });
    proto.params.forEach(({ name }, i) => {
      if (name) btf.nameParam(declared.typeId, i, name);
    });
  }
}
