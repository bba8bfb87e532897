import { BPF_F, BPF_MAP_TYPE } from '@probed/abi';
import { err, ok, type Result } from '@probed/base';
import type { Btf } from '@probed/btf';
import type { MapSpec } from '@probed/spec';
import type { DataSectionFix } from './btf-fixup';
import { type ElfObject, type ElfSection, elfFault, isHidden } from './elf';
import { SHT, STT } from './elf-constants';
import { type Externs, KCONFIG_SECTION } from './externs';
import { LIMITS } from './limits';
import { dataMapName } from './map-names';

/** The three kinds of sections that become maps of one value. */
type DataKind = 'data' | 'rodata' | 'bss';

const KINDS: readonly { readonly kind: DataKind; readonly type: number; readonly name: RegExp }[] = [
  { kind: 'data', type: SHT.PROGBITS, name: /^\.data(\.|$)/ },
  { kind: 'rodata', type: SHT.PROGBITS, name: /^\.rodata(\.|$)/ },
  { kind: 'bss', type: SHT.NOBITS, name: /^\.bss(\.|$)/ },
];

function dataKind(section: ElfSection): DataKind | undefined {
  if (section.size === 0 || section.executable) return undefined;
  return KINDS.find((row) => row.type === section.type && row.name.test(section.name))?.kind;
}

/** Sections of global variables, in order. */
export function dataSections(elf: ElfObject): ElfSection[] {
  return elf.sections.filter((section) => dataKind(section) !== undefined);
}

/**
 * What the symbols say of the data sections, by name: compilers leave sizes, and offsets of globals, open in BTF.
 * Also of `.maps` sections and of `.kconfig`.
 */
export function dataSectionFixes(
  elf: ElfObject,
  sections: readonly ElfSection[],
  externs: Externs,
): Map<string, DataSectionFix> {
  const fixes = new Map<string, DataSectionFix>();
  for (const section of sections) {
    const offsets = new Map<string, number>();
    const hidden = new Set<string>();
    for (const symbol of elf.symbolsBySection.get(section.index) ?? []) {
      if (symbol.type === STT.SECTION) continue;
      offsets.set(symbol.name, symbol.value);
      if (isHidden(symbol)) hidden.add(symbol.name);
    }
    fixes.set(section.name, { bytes: section.size, offsets, hidden });
  }
  if (externs.kconfigBytes > 0) {
    const offsets = new Map<string, number>();
    for (const extern of externs.byName.values())
      if (extern.kind === 'kconfig') offsets.set(extern.name, extern.offset);
    fixes.set(KCONFIG_SECTION, { bytes: externs.kconfigBytes, offsets, hidden: new Set() });
  }
  return fixes;
}

/** The ARRAY map of one value that holds a data section. tools/lib/bpf/libbpf.c: bpf_object__init_internal_map. */
export function readDataMap(object: string, section: ElfSection, btf: Btf | undefined): Result<MapSpec> {
  if (section.size > LIMITS.dataBytes)
    return err(elfFault('elf-too-large', `section '${section.name}' has ${section.size} bytes`));
  const kind = dataKind(section);
  const readOnly = kind === 'rodata' ? BPF_F.RDONLY_PROG : 0;
  const contents = kind === 'bss' ? undefined : section.data.slice();
  return ok({
    ...oneValueMap(dataMapName(object, section.name), section.name, section.size, btf),
    flags: readOnly | mmapable(btf, section.name),
    ...(contents && { contents }),
    ...(kind === 'rodata' && { frozen: true }),
  });
}

/** The map that holds configuration values; {@link relocate} fills it. */
export function kconfigMap(object: string, bytes: number, btf: Btf | undefined): MapSpec {
  const map = oneValueMap(dataMapName(object, KCONFIG_SECTION), KCONFIG_SECTION, bytes, btf);
  return {
    ...map,
    flags: BPF_F.RDONLY_PROG | mmapable(btf, KCONFIG_SECTION),
    contents: new Uint8Array(bytes),
    frozen: true,
  };
}

function oneValueMap(name: string, section: string, valueSize: number, btf: Btf | undefined): MapSpec {
  const typeId = btf?.dataSection(section)?.typeId ?? 0;
  return {
    name,
    section,
    type: BPF_MAP_TYPE.ARRAY,
    keySize: 4,
    valueSize,
    maxEntries: 1,
    flags: 0,
    keyTypeId: 0,
    valueTypeId: typeId,
    ...(typeId !== 0 && { dataSecTypeId: typeId }),
  };
}

/** User space maps a section only if it can name a variable in it (libbpf: map_is_mmapable). */
function mmapable(btf: Btf | undefined, section: string): number {
  const named = btf?.dataSection(section)?.variables.some((v) => v.linkage !== 'static');
  return named ? BPF_F.MMAPABLE : 0;
}
