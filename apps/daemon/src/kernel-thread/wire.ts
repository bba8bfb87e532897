import type { Link } from '@probed/machine';
import type { LinkStats, MapInfo } from '@probed/protocol';
import { mapType, programType } from '@probed/spec';
import type { KernelLink, KernelProgram } from '../kernel/commands';
import type { LinkEntry, MapEntry, ObjectEntry, ProgramEntry } from './object-table';
import type { WallTime } from './session-frames';

/** A program and its counters as it goes over the wire. */
export function kernelProgram({ id, name, object, nodes }: ProgramEntry): KernelProgram {
  const perNode = [...nodes].map(([node, { stats }]) => ({
    node,
    runs: stats.runs,
    recursion_misses: stats.recursionMisses,
    budget_exceeded: stats.budgetExceeded,
  }));
  const [{ spec, verified, wasm }] = nodes.values();
  return {
    id,
    name,
    type: programType(spec.type)?.name ?? String(spec.type),
    section: spec.section,
    object_id: object.id,
    object: object.name,
    license: object.spec.license,
    insns: spec.insns.length,
    verified_insns: verified.processed,
    jited_bytes: wasm?.length ?? 0,
    map_ids: verified.maps.flatMap((map) => mapIdOf(object, map.name)),
    runs: perNode.reduce((sum, { runs }) => sum + runs, 0),
    nodes: perNode,
  };
}

function mapIdOf({ maps }: ObjectEntry, name: string): number[] {
  return [...maps.values()].filter((map) => map.name === name).map(({ id }) => id);
}

export function kernelLink(
  { id, object, program, request, hook, state, nodes }: LinkEntry,
  wallTime: WallTime,
): KernelLink {
  const [{ attachment }] = nodes.values();
  const perNode = [...nodes].map(([node, { stats }]) => ({ node, ...linkStats(stats, wallTime) }));
  return {
    id,
    program_id: program.id,
    program: program.name,
    object_id: object.id,
    object: object.name,
    hook,
    state,
    nodes: [...nodes.keys()],
    ...(attachment.places !== undefined && { places: attachment.places }),
    ...(request.cookie !== undefined && { cookie: request.cookie }),
    stats: summed(perNode),
    node_stats: perNode,
  };
}

function linkStats(
  { events, skipped, lost, lastNs, lastResult }: Link['stats'],
  wallTime: WallTime,
): LinkStats {
  return {
    events,
    skipped,
    lost,
    ...(lastNs !== undefined && { last_ns: lastNs, last_time: wallTime(lastNs) }),
    ...(lastResult !== undefined && { last_result: lastResult }),
  };
}

/** All nodes together; what was last is the last of all. */
function summed(perNode: readonly LinkStats[]): LinkStats {
  const last = perNode.reduce<LinkStats | undefined>(
    (latest, one) => ((one.last_ns ?? -1) > (latest?.last_ns ?? -1) ? one : latest),
    undefined,
  );
  const sum = (of: (stats: LinkStats) => number) => perNode.reduce((total, one) => total + of(one), 0);
  return {
    events: sum(({ events }) => events),
    skipped: sum(({ skipped }) => skipped),
    lost: sum(({ lost }) => lost),
    ...(last?.last_ns !== undefined && { last_ns: last.last_ns, last_time: last.last_time }),
    ...(last?.last_result !== undefined && { last_result: last.last_result }),
  };
}

export function wireMap({ id, name, object, nodes }: MapEntry): MapInfo {
  const [{ info }] = nodes.values();
  return {
    id,
    name,
    object_id: object.id,
    object: object.name,
    type: mapType(info.type)?.name ?? String(info.type),
    key_size: info.keySize,
    value_size: info.valueSize,
    max_entries: info.maxEntries,
    flags: info.flags,
    internal: object.spec.maps.some((spec) => spec.name === name && spec.section !== undefined),
    nodes: [...nodes.keys()],
  };
}
