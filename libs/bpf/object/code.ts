import { type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import type { CoreRelo } from '@probed/btf';
import { decodeInsns, INSN_BYTES, type Insn } from '@probed/isa';
import type { BtfExt, ExtLine, ExtSection } from './btf-ext';
import { callTargets } from './call-targets';
import { type ElfObject, type ElfSection, type ElfSymbol, elfFault, isHidden } from './elf';
import { SHT, STB, STT } from './elf-constants';
import type { Extern } from './externs';

/** What a relocation makes an instruction refer to, by slot of its function. */
export type CodeReference =
  | { readonly kind: 'map'; readonly map: string }
  /** `offset` in bytes into the map's value. */
  | { readonly kind: 'data'; readonly map: string; readonly offset: number }
  | { readonly kind: 'extern'; readonly extern: Extern }
  /** A call or the address of a function: the byte `offset` of a code section. */
  | { readonly kind: 'function'; readonly section: number; readonly offset: number };

/** A CO-RE relocation of an instruction. */
export interface InsnCore extends CoreRelo {
  /** Slot index. */
  readonly insn: number;
}

/** One C function of an object, not linked yet. Slots count from its start. */
export interface CodeFunction {
  readonly name: string;
  readonly section: ElfSection;
  /** First slot within the section. */
  readonly start: number;
  readonly insns: readonly Insn[];
  /** Entry point: a function that is not static in a section other than `.text`, or the only one. */
  readonly entry: boolean;
  /** FUNC id; 0 when `.BTF.ext` says nothing of the function. */
  readonly funcTypeId: number;
  readonly lines: readonly ExtLine[];
  readonly cores: readonly InsnCore[];
  /** Filled by the relocation pass. */
  readonly references: Map<number, CodeReference>;
  /** Relocations that mean nothing: no program that reaches the function can be linked. */
  readonly faults: Diagnostic[];
}

const TEXT_SECTION = '.text';
const ENOTSUP = 95;

/** Splits the code sections into functions, in order of section and offset. */
export function readFunctions(elf: ElfObject, ext: BtfExt): Result<CodeFunction[]> {
  const functions: CodeFunction[] = [];
  let targets: ReadonlyMap<number, ReadonlySet<number>> | undefined;
  const called = (section: number) => (targets ??= callTargets(elf)).get(section);
  for (const section of elf.sections) {
    if (section.type !== SHT.PROGBITS || !section.executable || section.size === 0) continue;
    if (section.data.length % INSN_BYTES !== 0)
      return err(
        elfFault('code-malformed', `section '${section.name}': ${section.size} bytes is no multiple of 8`),
      );
    const read = readSection(elf, section, ext.get(section.name), called);
    if (!read.ok) return read;
    functions.push(...read.value);
  }
  // Code without a SEC() is a program when it is alone, as libbpf up to 1.1 has it (prog_is_subprog).
  return ok(functions.length === 1 ? [{ ...functions[0], entry: true }] : functions);
}

/** Offsets of a section to which calls lead. */
type CalledOffsets = (section: number) => ReadonlySet<number> | undefined;

interface Extent {
  readonly symbol: ElfSymbol;
  readonly offset: number;
  readonly bytes: number;
}

function readSection(
  elf: ElfObject,
  section: ElfSection,
  ext: ExtSection | undefined,
  called: CalledOffsets,
): Result<CodeFunction[]> {
  const extents = functionExtents(elf, section, called);
  if (!extents.ok) return extents;
  const functions: CodeFunction[] = [];
  for (const { symbol, offset, bytes } of extents.value) {
    const entry = section.name !== TEXT_SECTION && symbol.binding !== STB.LOCAL;
    const last = functions.at(-1);
    // Another name for the same code, whose relocations are the same ones.
    if (last && offset === last.start * INSN_BYTES) {
      functions.push({ ...last, name: symbol.name, entry });
      continue;
    }
    const insns = decodeInsns(section.data.subarray(offset, offset + bytes));
    if (!insns.ok) return insns;
    functions.push({
      name: symbol.name,
      section,
      start: offset / INSN_BYTES,
      insns: insns.value,
      entry,
      references: new Map(),
      faults: [],
      ...debugInfo(ext, offset, bytes),
    });
  }
  return ok(functions);
}

/** Function symbols of a section; those of compilers before LLVM 8 have no type and no size. */
function functionExtents(elf: ElfObject, section: ElfSection, called: CalledOffsets): Result<Extent[]> {
  const own = elf.symbolsBySection.get(section.index) ?? [];
  const typed = own.filter((s) => s.type === STT.FUNC);
  const symbols = typed.length ? typed : untypedFunctions(own, () => called(section.index));
  symbols.sort((a, b) => a.value - b.value);
  const extents: Extent[] = [];
  for (const [i, symbol] of symbols.entries()) {
    const offset = symbol.value;
    const bytes = symbol.size || (symbols[i + 1]?.value ?? section.size) - offset;
    if (offset % INSN_BYTES !== 0 || bytes % INSN_BYTES !== 0 || bytes <= 0)
      return err(codeFault(section, `function '${symbol.name}' at offset ${offset} has ${bytes} bytes`));
    if (offset + bytes > section.data.length)
      return err(codeFault(section, `program at offset ${offset} crosses section boundary`));
    const last = extents.at(-1);
    const alias = last?.offset === offset && last.bytes === bytes;
    if (last && !alias && offset < last.offset + last.bytes)
      return err(codeFault(section, `functions '${last.symbol.name}' and '${symbol.name}' overlap`));
    extents.push({ symbol, offset, bytes });
  }
  return ok(extents);
}

/** Global symbols, and local ones where calls lead: the rest are labels inside functions. */
function untypedFunctions(
  symbols: readonly ElfSymbol[],
  called: () => ReadonlySet<number> | undefined,
): ElfSymbol[] {
  const untyped = symbols.filter((s) => s.type === STT.NOTYPE);
  const targets = untyped.some((s) => s.binding === STB.LOCAL) ? called() : undefined;
  return untyped.filter((s) => s.binding !== STB.LOCAL || targets?.has(s.value));
}

/** Key of a place in the code. */
export function placeOf(section: number, slot: number): string {
  return `${section}:${slot}`;
}

function codeFault(section: ElfSection, message: string) {
  return diagnostic('code-malformed', message, { where: `section '${section.name}'`, errno: ENOTSUP });
}

/**
 * Entries of a list sorted by offset that lie in [offset, offset + bytes), one an instruction. Compilers write no more,
 * and every program that reaches the function gets a copy, which must not be longer than the code is.
 */
function within<T extends { readonly offset: number }>(
  list: readonly T[],
  offset: number,
  bytes: number,
): T[] {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle].offset < offset) low = middle + 1;
    else high = middle;
  }
  const found: T[] = [];
  let slot = -1;
  for (; low < list.length && list[low].offset < offset + bytes; low++) {
    const next = Math.floor(list[low].offset / INSN_BYTES);
    if (next !== slot) found.push(list[low]);
    slot = next;
  }
  return found;
}

function debugInfo(ext: ExtSection | undefined, offset: number, bytes: number) {
  if (!ext) return { funcTypeId: 0, lines: [], cores: [] };
  const [func] = within(ext.funcs, offset, INSN_BYTES);
  const cores = within(ext.cores, offset, bytes).map(({ offset: at, typeId, accessStr, kind }) => ({
    insn: Math.floor((at - offset) / INSN_BYTES),
    typeId,
    accessStr,
    kind,
  }));
  return { funcTypeId: func?.typeId ?? 0, lines: within(ext.lines, offset, bytes), cores };
}

/** Names of functions that are global for the linker but hidden, hence static for the verifier. */
export function hiddenFunctions(elf: ElfObject): Set<string> {
  const hidden = elf.symbols.filter((s) => s.type === STT.FUNC && isHidden(s));
  return new Set(hidden.map((s) => s.name));
}
