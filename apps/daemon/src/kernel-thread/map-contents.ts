import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  dumpMapSteps,
  type Histogram,
  type StackFrame,
  type TypedEntry,
  type TypedMap,
} from '@probed/machine';
import type { MapContents } from '@probed/protocol';
import type { KernelHost } from './host';
import type { MapEntry } from './object-table';
import { refuse } from './refuse';

const ENOENT = 2;
/** Wall time that a dump takes at a stretch, ms; then the emulation has its turn. */
const STRETCH_MS = 4;

/** What a map holds on one node. @throws CommandRefused `no-such-map` when it is unloaded meanwhile */
export async function dumpOnNode(
  host: KernelHost,
  entry: MapEntry,
  node: string,
  limit: number,
): Promise<MapContents> {
  const { object, id, name } = entry;
  const map = entry.nodes.get(node)!;
  const { machine, collection } = object.nodes.find((one) => one.node === node)!;
  const steps = dumpMapSteps(map, collection.spec, machine.kernel, limit, collection.maps);
  for (let untilMs = performance.now() + STRETCH_MS; ; ) {
    const { done, value } = steps.next();
    if (done) return { node, time: host.wallTime(host.cluster.nowNs()), ...contents(value) };
    if (performance.now() < untilMs) continue;
    await nextTurn();
    if (!host.objects.has(object.id))
      refuse('no-such-map', `map ${name} of id ${id} is gone`, { errno: ENOENT });
    untilMs = performance.now() + STRETCH_MS;
  }
}

function contents(typed: TypedMap): Omit<MapContents, 'node' | 'time'> {
  switch (typed.kind) {
    case 'entries': {
      const { kind, zeroEntries, truncated } = typed;
      const entries = typed.entries.map(wireEntry);
      const zero = zeroEntries > 0 && { zero_entries: zeroEntries };
      return { kind, entries, ...zero, ...(truncated && { truncated }), ...wireHistograms(typed.histograms) };
    }
    case 'stacks': {
      const { kind, truncated } = typed;
      const stacks = typed.stacks.map(({ id, frames }) => ({ id, frames: frames.map(wireFrame) }));
      return { kind, stacks, ...(truncated && { truncated }) };
    }
    case 'variables':
      return { kind: typed.kind, variables: [...typed.variables], ...wireHistograms(typed.histograms) };
    case 'buffer':
      return { kind: typed.kind };
  }
}

/** An entry as it goes over the wire. */
export function wireEntry({ values, stacks, explained, ...entry }: TypedEntry) {
  return {
    ...entry,
    ...(values && { values: [...values] }),
    ...(explained && { explained: { ...explained } }),
    ...(stacks && { stacks: wireStacks(stacks) }),
  };
}

/** Stacks by path as they go over the wire. */
export function wireStacks(stacks: NonNullable<TypedEntry['stacks']>) {
  return Object.fromEntries(Object.entries(stacks).map(([path, frames]) => [path, frames.map(wireFrame)]));
}

function wireHistograms(histograms: readonly Histogram[] | undefined) {
  return histograms && { histograms: histograms.map((one) => ({ ...one, buckets: [...one.buckets] })) };
}

function wireFrame({ ip, ...rest }: StackFrame) {
  return { address: ip, ...rest };
}
