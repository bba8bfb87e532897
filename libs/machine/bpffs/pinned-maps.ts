import { ERRNO } from '@probed/abi';
import { diagnostic, err, ok, type Result } from '@probed/base';
import type { BpfMap } from '@probed/maps';
import type { CollectionSpec, MapSpec } from '@probed/spec';
import type { Bpffs, PinnedObject } from './bpffs';
import { BPFFS_ROOT } from './bpffs-path';

/** LIBBPF_PIN_BY_NAME (tools/lib/bpf/bpf_helpers.h). */
const PIN_BY_NAME = 1;
/** User space does not see this flag of a map that it opens (tools/lib/bpf/libbpf.c: map_is_reuse_compat). */
const BPF_F_RDONLY_PROG = 1 << 7;

/** Where a map that asks for it is pinned; undefined for all others. */
function pinPathOf(spec: MapSpec): string | undefined {
  return spec.pinning === PIN_BY_NAME ? `${BPFFS_ROOT}/${spec.name}` : undefined;
}

/** The maps of a collection by name, and the names of those that were there before. */
export interface CollectionMaps {
  readonly maps: ReadonlyMap<string, BpfMap>;
  readonly reused: ReadonlySet<string>;
}

/** What an object's user may say of its maps. */
interface MapChoices {
  readonly reuse?: ReadonlyMap<string, BpfMap>;
  readonly pinByName?: boolean;
}

/**
 * The map that is there already for a declared one: given by the user, or pinned where it would be (tools/lib/bpf/
 * libbpf.c: bpf_object__reuse_map); undefined when it is to be made. Errors: `map-pin` (EINVAL) when a parameter differs.
 */
export function mapInPlace(
  bpffs: Bpffs,
  spec: MapSpec,
  { reuse, pinByName = true }: MapChoices,
): Result<BpfMap | undefined> {
  const given = reuse?.get(spec.name);
  if (given) {
    const fault = mismatch({ kind: 'map', map: given }, spec);
    if (fault === undefined) return ok(given);
    const message = `map ${spec.name}: the map that is to take its place differs: ${fault}`;
    return err(diagnostic('map-reuse', message, { errno: ERRNO.EINVAL }));
  }
  const path = pinByName ? pinPathOf(spec) : undefined;
  if (path === undefined) return ok(undefined);
  const pinned = bpffs.get(path);
  if (!pinned.ok) {
    const { message, errno } = pinned.error;
    if (errno === ERRNO.ENOENT) return ok(undefined);
    return err(diagnostic('map-pin', `couldn't retrieve pinned map '${path}': ${message}`, { errno }));
  }
  const fault = mismatch(pinned.value, spec);
  if (fault === undefined && pinned.value.kind === 'map') return ok(pinned.value.map);
  const message = `couldn't reuse pinned map at '${path}': parameter mismatch (${fault})`;
  const hint = `unpin it (probectl unpin ${path}), or declare map ${spec.name} as it is there`;
  return err(diagnostic('map-pin', message, { errno: ERRNO.EINVAL, hint }));
}

/** Pins the maps that ask for it and are not pinned yet: all of them or none. */
export function pinMaps(
  bpffs: Bpffs,
  { maps: specs }: CollectionSpec,
  { maps, reused }: CollectionMaps,
  { pinByName = true }: MapChoices,
): Result<null> {
  const made: string[] = [];
  for (const spec of specs) {
    const path = pinPathOf(spec);
    if (!pinByName || path === undefined || reused.has(spec.name)) continue;
    const done = bpffs.pin(path, { kind: 'map', map: maps.get(spec.name)! });
    if (done.ok) {
      made.push(path);
      continue;
    }
    for (const one of made) bpffs.unlink(one);
    const { message, errno } = done.error;
    return err(diagnostic('map-pin', `map ${spec.name}: failed to auto-pin at ${message}`, { errno }));
  }
  return ok(null);
}

/** The first parameter that differs, in words. */
function mismatch(pinned: PinnedObject, spec: MapSpec): string | undefined {
  if (pinned.kind !== 'map') return `it is a ${pinned.kind}`;
  const { info } = pinned.map;
  const rows: readonly (readonly [string, number, number])[] = [
    ['type', info.type, spec.type],
    ['key_size', info.keySize, spec.keySize],
    ['value_size', info.valueSize, spec.valueSize],
    ['max_entries', info.maxEntries, spec.maxEntries],
    ['map_flags', info.flags & ~BPF_F_RDONLY_PROG, spec.flags & ~BPF_F_RDONLY_PROG],
  ];
  const differs = rows.find(([, is, declared]) => is !== declared);
  return differs && `${differs[0]} is ${differs[1]}, declared as ${differs[2]}`;
}
