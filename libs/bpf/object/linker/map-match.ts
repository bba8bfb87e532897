import type { Btf } from '@probed/btf';
import type { MapSpec } from '@probed/spec';
import { readMapDefinition } from '../btf-maps';
import { incompatibility } from './compatible';

/** A map's variable in one object. */
interface MapSide {
  readonly btf: Btf;
  /** The VAR. */
  readonly id: number;
}

/** What must be equal in two definitions of a map, by the word that a message uses. */
const SAME: readonly (readonly [what: string, of: (map: MapSpec) => number])[] = [
  ['type', (map) => map.type],
  ['key_size', (map) => map.keySize],
  ['value_size', (map) => map.valueSize],
  ['max_entries', (map) => map.maxEntries],
  ['map_flags', (map) => map.flags],
  ['numa_node', (map) => map.numaNode ?? -1],
  ['pinning', (map) => map.pinning ?? 0],
  ['inner map', (map) => (map.inner ? 1 : 0)],
];

/**
 * Says in what two definitions of a map differ; undefined when they are the same. An extern map has to be defined in
 * full wherever it is declared. tools/lib/bpf/linker.c: glob_map_defs_match.
 */
export function mapMismatch(name: string, a: MapSide, b: MapSide): string | undefined {
  const [specA, specB] = [specOf(name, a), specOf(name, b)];
  if (typeof specA === 'string') return specA;
  if (typeof specB === 'string') return specB;
  return specMismatch(a.btf, specA, b.btf, specB);
}

function specOf(name: string, { btf, id }: MapSide): MapSpec | string {
  const variable = btf.type(id);
  if (variable.kind !== 'var') return `a ${variable.kind} instead of a map`;
  const map = readMapDefinition(btf, { name, typeId: variable.typeId, offset: 0 });
  return map.ok ? map.value.spec : map.error.message;
}

function specMismatch(btfA: Btf, a: MapSpec, btfB: Btf, b: MapSpec): string | undefined {
  for (const [what, of] of SAME) if (of(a) !== of(b)) return `map ${what} (${of(a)} and ${of(b)})`;
  for (const [what, idA, idB] of [
    ['key', a.keyTypeId, b.keyTypeId],
    ['value', a.valueTypeId, b.valueTypeId],
  ] as const) {
    if ((idA === 0) !== (idB === 0)) return `map ${what} type`;
    const fault = idA !== 0 && incompatibility({ btf: btfA, id: idA }, { btf: btfB, id: idB });
    if (fault) return `map ${what} type: ${fault}`;
  }
  return a.inner && b.inner ? specMismatch(btfA, a.inner, btfB, b.inner) : undefined;
}
