import { type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import { INSN_BYTES, type Insn, isLdImm64, OP_CALL } from '@probed/isa';
import type { CodeFunction, CodeReference } from './code';
import type { ElfObject, ElfRelocation, ElfSection } from './elf';
import { SHN_LORESERVE, SHN_UNDEF } from './elf-constants';
import { type Externs, unexplainedSymbol } from './externs';

/** What symbols may refer to besides code. */
export interface Targets {
  /** Maps by section index, then by offset in the section. */
  readonly maps: ReadonlyMap<number, ReadonlyMap<number, string>>;
  /** Name of the map of a data section, by section index. */
  readonly data: ReadonlyMap<number, string>;
  readonly externs: Externs;
}

const EINVAL = 22;
const EOPNOTSUPP = 95;
/** Global variables of an arena (`__arena`). */
const ARENA_SECTION = '.addr_space.1';

/**
 * Turns the relocations of the code sections into references of the functions' instructions; one that means nothing
 * is a fault of its function.
 * tools/lib/bpf/libbpf.c: bpf_object__collect_prog_relos, bpf_program__record_reloc.
 */
export function collectReferences(
  elf: ElfObject,
  functions: readonly CodeFunction[],
  targets: Targets,
): void {
  const bySection = new Map<number, CodeFunction[]>();
  for (const fn of functions) {
    const list = bySection.get(fn.section.index);
    if (list) list.push(fn);
    else bySection.set(fn.section.index, [fn]);
  }
  for (const [index, relocations] of elf.relocations) {
    const section = elf.sections[index];
    if (!section?.executable) continue;
    for (const relocation of relocations) {
      const fn = functionAt(bySection.get(index) ?? [], relocation.offset / INSN_BYTES);
      // Code that belongs to no function is not loaded, nor is a function that is at fault already.
      if (!fn || fn.faults.length > 0) continue;
      const reference = new Resolver(elf, targets, fn, relocation).resolve();
      if (reference.ok)
        fn.references.set(Math.floor(relocation.offset / INSN_BYTES) - fn.start, reference.value);
      else fn.faults.push(reference.error);
    }
  }
}

/** The function that covers a slot of its section; the list is in order of start. */
export function functionAt(functions: readonly CodeFunction[], slot: number): CodeFunction | undefined {
  let low = 0;
  let high = functions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (functions[middle].start <= slot) low = middle + 1;
    else high = middle;
  }
  const fn = functions[low - 1];
  return fn && slot < fn.start + fn.insns.length ? fn : undefined;
}

/** Explains one relocation. */
class Resolver {
  private readonly slot: number;
  private readonly insn: Insn;
  private readonly section: ElfSection | undefined;

  constructor(
    elf: ElfObject,
    private readonly targets: Targets,
    private readonly fn: CodeFunction,
    private readonly relocation: ElfRelocation,
  ) {
    this.slot = relocation.offset / INSN_BYTES - fn.start;
    this.insn = fn.insns[Math.floor(this.slot)];
    this.section = elf.sections[relocation.symbol.section];
  }

  resolve(): Result<CodeReference> {
    const { symbol } = this.relocation;
    if (!Number.isInteger(this.slot)) return this.fail(`relocation at offset ${this.relocation.offset}`);
    const call = this.insn.opcode === OP_CALL;
    if (!call && !isLdImm64(this.insn)) {
      const code = this.insn.opcode.toString(16);
      return this.fail(
        `invalid relo for insns[${this.slot}].code 0x${code}: only calls and 64-bit loads have them`,
      );
    }
    if (symbol.section === SHN_UNDEF) return this.extern();
    if (symbol.section >= SHN_LORESERVE || !this.section)
      return this.fail(`'${symbol.name}' lies in special section 0x${symbol.section.toString(16)}`);
    if (this.section.executable) return this.code(call);
    if (call) return this.fail(`call of '${this.symbolName()}', which is no function`);
    return this.data();
  }

  private extern(): Result<CodeReference> {
    const { name } = this.relocation.symbol;
    const extern = this.targets.externs.byName.get(name);
    if (!extern) return unexplainedSymbol(name, this.fn.section.name);
    const call = this.insn.opcode === OP_CALL;
    if (call && extern.kind !== 'kfunc') return this.fail(`call of '${name}', which is a variable`);
    return ok({ kind: 'extern', extern });
  }

  /** A call, or the address of a function for a callback. */
  private code(call: boolean): Result<CodeReference> {
    const { symbol, addend } = this.relocation;
    const implicit = call ? (this.insn.imm + 1) * INSN_BYTES : this.insn.imm;
    const offset = symbol.value + (addend ?? implicit);
    if (offset % INSN_BYTES !== 0 || offset < 0)
      return this.fail(
        `bad ${call ? 'call' : 'subprog addr'} relo against '${this.symbolName()}' at offset ${offset}`,
      );
    return ok({ kind: 'function', section: symbol.section, offset });
  }

  private data(): Result<CodeReference> {
    const { symbol, addend } = this.relocation;
    const offset = symbol.value + (addend ?? this.insn.imm);
    const maps = this.targets.maps.get(symbol.section);
    if (maps) {
      const map = maps.get(offset);
      if (map === undefined && this.section?.name === ARENA_SECTION)
        return this.fail(
          `'${symbol.name}' lies in an arena (section '${ARENA_SECTION}'): not supported`,
          EOPNOTSUPP,
        );
      if (map === undefined) return this.fail(`no map at offset ${offset} of '${this.section?.name}'`);
      return ok({ kind: 'map', map });
    }
    const map = this.targets.data.get(symbol.section);
    if (map === undefined && this.section?.name === ARENA_SECTION)
      return this.fail(
        `'${symbol.name}' lies in an arena (section '${ARENA_SECTION}'): not supported`,
        EOPNOTSUPP,
      );
    if (map === undefined) return this.fail(`bad data relo against section '${this.section?.name}'`);
    return ok({ kind: 'data', map, offset });
  }

  private symbolName(): string {
    return this.relocation.symbol.name || this.section?.name || '?';
  }

  private fail(message: string, errno = EINVAL): Result<never> {
    const where = `section '${this.fn.section.name}', function '${this.fn.name}'`;
    return err<Diagnostic>(diagnostic('relocation', message, { where, errno }));
  }
}
