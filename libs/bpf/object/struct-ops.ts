import { BPF_F, BPF_MAP_TYPE } from '@probed/abi';
import { err, ok, type Result } from '@probed/base';
import type { Btf, BtfVariable } from '@probed/btf';
import { INSN_BYTES } from '@probed/isa';
import type { MapSpec } from '@probed/spec';
import type { PlacedMap } from './btf-maps';
import { type CodeFunction, placeOf } from './code';
import { type ElfObject, elfFault } from './elf';
import { mapError } from './map-faults';
import { lastAtOrBefore } from './map-slots';

const LINK_SUFFIX = '.link';
const ENOTSUP = 95;

/** `.struct_ops`, `.struct_ops.link` and, as of libbpf 1.5, both with a `?`: not created unless asked for. */
export function isStructOpsSection(name: string): boolean {
  return /^\??\.struct_ops(\.link)?$/.test(name);
}

/**
 * Implementations of kernel interfaces: one map of type STRUCT_OPS a variable, named after it.
 * tools/lib/bpf/libbpf.c: init_struct_ops_maps.
 */
export function readStructOps(btf: Btf | undefined, section: string): Result<PlacedMap[]> {
  const data = btf?.dataSection(section);
  if (!btf || !data)
    return err(elfFault('map-needs-btf', `variables in '${section}' need BTF`, 'compile with -g'));
  const flags = section.endsWith(LINK_SUFFIX) ? BPF_F.LINK : 0;
  const maps: PlacedMap[] = [];
  for (const variable of data.variables) {
    const map = readVariable(btf, variable, flags);
    if (!map.ok) return map;
    maps.push(map.value);
  }
  return ok(maps);
}

function readVariable(btf: Btf, { name, offset, typeId }: BtfVariable, flags: number): Result<PlacedMap> {
  const type = btf.resolve(typeId);
  if (name === '') return mapError('', `the struct_ops at offset ${offset} has no name`, ENOTSUP);
  if (type.kind !== 'struct' || type.name === '')
    return mapError(name, `a struct_ops of no named struct but of ${type.kind}`, ENOTSUP);
  const structOps = { type: type.name, programs: new Map() };
  const sizes = { keySize: 4, valueSize: type.size, maxEntries: 1, keyTypeId: 0, valueTypeId: type.id };
  return ok({ spec: { name, type: BPF_MAP_TYPE.STRUCT_OPS, ...sizes, flags, structOps }, offset });
}

/**
 * Which program each member points to: the section's relocations. Members that point elsewhere count as unset.
 * tools/lib/bpf/libbpf.c: bpf_object__collect_st_ops_relos.
 */
export function readStructOpsPrograms(
  elf: ElfObject,
  btf: Btf | undefined,
  placed: ReadonlyMap<number, readonly PlacedMap[]>,
  functions: readonly CodeFunction[],
): void {
  const sections = [...placed].filter(([, maps]) => maps[0]?.spec.structOps);
  if (!btf || sections.length === 0) return;
  const programs = new Map(functions.map((fn) => [placeOf(fn.section.index, fn.start), fn.name]));
  const members = new MemberNames(btf);
  for (const [index, maps] of sections) {
    const inOrder = [...maps].sort((a, b) => a.offset - b.offset);
    const found = new Map<MapSpec, Map<string, string>>();
    for (const { offset, symbol, addend = 0 } of elf.relocations.get(index) ?? []) {
      const map = lastAtOrBefore(inOrder, offset);
      const member = map && members.at(map.spec.valueTypeId, offset - map.offset);
      const program = programs.get(placeOf(symbol.section, (symbol.value + addend) / INSN_BYTES));
      if (!map || !member || program === undefined) continue;
      const list = found.get(map.spec);
      if (list) list.set(member, program);
      else found.set(map.spec, new Map([[member, program]]));
    }
    for (const [spec, list] of found)
      Object.assign(spec, { structOps: { type: spec.structOps?.type ?? '', programs: list } });
  }
}

/** Members of structs by offset; each struct is read once. */
class MemberNames {
  private readonly byType = new Map<number, Map<number, string>>();

  constructor(private readonly btf: Btf) {}

  at(typeId: number, offset: number): string | undefined {
    let names = this.byType.get(typeId);
    if (!names) {
      const type = this.btf.resolve(typeId);
      const members = type.kind === 'struct' ? type.members : [];
      names = new Map(members.map(({ name, offsetBits }) => [offsetBits / 8, name]));
      this.byType.set(typeId, names);
    }
    return names.get(offset);
  }
}
