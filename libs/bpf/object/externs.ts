import { diagnostic, err, ok, type Result } from '@probed/base';
import type { Btf, BtfType, BtfVariable } from '@probed/btf';
import type { ElfObject, ElfSymbol } from './elf';
import { SHN_UNDEF, STB, STT } from './elf-constants';

/** How the value of a `.kconfig` extern is written (libbpf's `enum kcfg_type`). */
export type KconfigKind = 'bool' | 'char' | 'int' | 'tristate' | 'char-array';

interface ExternBase {
  readonly name: string;
  /** `__weak`: may be missing, and is zero then. */
  readonly weak: boolean;
}

/** A configuration value of the kernel, which lies in the map `.kconfig`. */
export interface KconfigExtern extends ExternBase {
  readonly kind: 'kconfig';
  readonly valueKind: KconfigKind;
  readonly signed: boolean;
  readonly bytes: number;
  readonly alignment: number;
  /** Offset in the map's value. */
  readonly offset: number;
}

/** A kernel symbol. */
export interface KsymExtern extends ExternBase {
  readonly kind: 'ksym';
  /** Type id in the object's BTF; 0 for `extern const void x __ksym`, whose address alone is wanted. */
  readonly typeId: number;
}

/** A kernel function. */
export interface KfuncExtern extends ExternBase {
  readonly kind: 'kfunc';
  /** FUNC_PROTO id in the object's BTF. */
  readonly typeId: number;
}

export type Extern = KconfigExtern | KsymExtern | KfuncExtern;

export interface Externs {
  readonly byName: ReadonlyMap<string, Extern>;
  /** Bytes of the value of the map `.kconfig`; 0 when there is none. */
  readonly kconfigBytes: number;
}

/** Section of configuration values in BTF; it has none in the ELF file. */
export const KCONFIG_SECTION = '.kconfig';
const KSYMS = '.ksyms';
const EINVAL = 22;
const ESRCH = 3;
/** An `extern` is referenced by at most this many bytes of `.kconfig`. */
const KCONFIG_BYTES_MAX = 65_536;

function externError(name: string, message: string, errno = EINVAL): Result<never> {
  return err(diagnostic('extern-definition', message, { where: `extern '${name}'`, errno }));
}

/** The undefined symbols of an object, explained by its BTF. tools/lib/bpf/libbpf.c: bpf_object__collect_externs. */
export function readExterns(elf: ElfObject, btf: Btf | undefined): Result<Externs> {
  const found: Extern[] = [];
  const sections = [KCONFIG_SECTION, KSYMS].map((name) => variablesByName(btf, name));
  for (const symbol of elf.symbolsBySection.get(SHN_UNDEF) ?? []) {
    if (!isExtern(symbol)) continue;
    const read = readExtern(symbol, btf, sections);
    if (!read.ok) return read;
    if (read.value) found.push(read.value);
  }
  return layOut(found);
}

/** Whether an undefined symbol stands for something of the kernel's. */
export function isExtern(symbol: ElfSymbol): boolean {
  return symbol.type === STT.NOTYPE && (symbol.binding === STB.GLOBAL || symbol.binding === STB.WEAK);
}

/** Undefined when BTF says nothing of the symbol: an error only where an instruction refers to it. */
function readExtern(
  symbol: ElfSymbol,
  btf: Btf | undefined,
  [kconfigs, ksyms]: readonly ReadonlyMap<string, BtfVariable>[],
): Result<Extern | undefined> {
  const weak = symbol.binding === STB.WEAK;
  const { name } = symbol;
  const kconfig = kconfigs.get(name);
  if (btf && kconfig) return readKconfig(btf, kconfig, weak);
  const ksym = ksyms.get(name);
  if (!btf || !ksym) return ok(undefined);
  if (ksym.kind === 'func') return ok({ kind: 'kfunc', name, weak, typeId: ksym.typeId });
  const typed = btf.resolve(ksym.typeId).kind !== 'void';
  return ok({ kind: 'ksym', name, weak, typeId: typed ? ksym.typeId : 0 });
}

function variablesByName(btf: Btf | undefined, section: string): Map<string, BtfVariable> {
  return new Map(btf?.dataSection(section)?.variables.map((variable) => [variable.name, variable]));
}

function readKconfig(btf: Btf, variable: BtfVariable, weak: boolean): Result<KconfigExtern> {
  const { name, typeId } = variable;
  const type = btf.resolve(typeId);
  const bytes = btf.sizeOf(typeId);
  const valueKind = kconfigKind(btf, type);
  if (!valueKind) return externError(name, `(kcfg) type ${type.kind} '${type.name}' is unsupported`);
  if (bytes === 0) return externError(name, '(kcfg) has no size');
  const signed = type.kind === 'int' && type.signed;
  return ok({
    kind: 'kconfig',
    name,
    weak,
    valueKind,
    signed,
    bytes,
    alignment: btf.alignOf(typeId),
    offset: 0,
  });
}

/** tools/lib/bpf/libbpf.c: find_kcfg_type. */
function kconfigKind(btf: Btf, type: BtfType): KconfigKind | undefined {
  switch (type.kind) {
    case 'int':
      if (type.bool) return type.size === 1 ? 'bool' : undefined;
      if (![1, 2, 4, 8].includes(type.size)) return undefined;
      return type.size === 1 ? 'char' : 'int';
    case 'enum':
      return type.size === 4 && type.name === 'libbpf_tristate' ? 'tristate' : undefined;
    case 'array': {
      const element = btf.resolve(type.elemTypeId);
      return type.count > 0 && element.kind === 'int' && element.size === 1 ? 'char-array' : undefined;
    }
    default:
      return undefined;
  }
}

/** Gives each kconfig value its place: by falling alignment, then size, then name, as libbpf's `cmp_externs`. */
function layOut(found: readonly Extern[]): Result<Externs> {
  const byName = new Map<string, Extern>();
  const values = found.filter((ext) => ext.kind === 'kconfig');
  values.sort((a, b) => b.alignment - a.alignment || a.bytes - b.bytes || (a.name < b.name ? -1 : 1));
  let end = 0;
  for (const value of values) {
    const offset = Math.ceil(end / value.alignment) * value.alignment;
    end = offset + value.bytes;
    if (end > KCONFIG_BYTES_MAX)
      return externError(value.name, `(kcfg) values exceed ${KCONFIG_BYTES_MAX} bytes`);
    byName.set(value.name, { ...value, offset });
  }
  for (const ext of found) if (ext.kind !== 'kconfig') byName.set(ext.name, ext);
  return ok({ byName, kconfigBytes: end });
}

/** An undefined symbol that nothing explains. */
export function unexplainedSymbol(name: string, where: string): Result<never> {
  return err(
    diagnostic(
      'extern-unknown',
      `undefined symbol '${name}': no map, variable, function or __ksym of that name`,
      {
        where,
        errno: ESRCH,
      },
    ),
  );
}
