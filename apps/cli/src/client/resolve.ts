import { suggestion } from '@probed/base';
import type { Link, MapInfo, ObjectInfo, Program } from '@probed/protocol';
import { fail } from '../errors';
import type { DaemonClient } from './daemon-client';

/** What programs and maps have in common: how users name them. */
interface Named {
  readonly id: number;
  readonly name: string;
  /** Absent for objects themselves. */
  readonly object?: string;
}

/** Finds one of a kind by id, name or `object/name`; none, or several, end the command with what there is. */
function pick<T extends Named>(kind: string, wanted: string, all: readonly T[]): T {
  const found = candidates(wanted, all);
  if (found.length === 1) return found[0];
  if (found.length === 0) {
    const hint =
      suggestion(wanted, [...new Set(all.map(({ name }) => name))]) ?? `there is no ${kind} loaded`;
    return fail(`no-such-${kind}`, `no ${kind} ${wanted}`, { errno: 2, hint });
  }
  const choices = found.map((one) => `${fullName(one)} (id ${one.id})`).join(', ');
  return fail(`ambiguous-${kind}`, `several ${kind}s are called ${wanted}: ${choices}`, {
    hint: all.some(({ object }) => object !== undefined) ? 'give the id, or OBJECT/NAME' : 'give the id',
  });
}

function candidates<T extends Named>(wanted: string, all: readonly T[]): readonly T[] {
  const byId = /^\d+$/.test(wanted) ? all.filter(({ id }) => id === Number(wanted)) : [];
  if (byId.length > 0) return byId;
  return all.filter((one) => one.name === wanted || fullName(one) === wanted);
}

function fullName({ object, name }: Named): string {
  return object === undefined ? name : `${object}/${name}`;
}

export async function findProgram(client: DaemonClient, wanted: string): Promise<Program> {
  const { programs } = await client.call('listPrograms');
  return pick('program', wanted, programs);
}

export async function findMap(client: DaemonClient, wanted: string): Promise<MapInfo> {
  const { maps } = await client.call('listMaps');
  if (candidates(wanted, maps).length > 0) return pick('map', wanted, maps);
  return (await sharedMap(client, wanted)) ?? pick('map', wanted, maps);
}

/** A map that several objects have is listed with the first; it goes by the names of the others too. */
async function sharedMap(client: DaemonClient, wanted: string): Promise<MapInfo | undefined> {
  if (!wanted.includes('/')) return undefined;
  const { objects } = await client.call('listObjects');
  return objects
    .flatMap((object) => object.maps.map((map) => ({ map, name: `${object.name}/${map.name}` })))
    .find(({ name }) => name === wanted)?.map;
}

/** By id, or by its program where that has one link. */
export async function findLink(client: DaemonClient, wanted: string): Promise<Link> {
  const { links } = await client.call('listLinks');
  const named = links.map((link) => ({ id: link.id, name: link.program, object: link.object }));
  const { id } = pick('link', wanted, named);
  return links.find((link) => link.id === id)!;
}

export async function findObject(client: DaemonClient, wanted: string): Promise<ObjectInfo> {
  const { objects } = await client.call('listObjects');
  // What is left of one that is unloaded has its name no more, if another one has it.
  const loaded = objects.filter(({ state }) => state !== 'unloaded');
  return pick('object', wanted, candidates(wanted, loaded).length > 0 ? loaded : objects);
}
