import type { KernelBoot } from '../kernel/commands';
import type { BootedCluster, ClusterNode } from './cluster-boot';
import type { ObjectTable } from './object-table';
import type { Pace } from './pace';
import { refuse } from './refuse';
import type { SessionWire, WallTime } from './session-frames';

/** What commands work on. */
export interface KernelHost extends BootedCluster {
  readonly boot: KernelBoot;
  readonly objects: ObjectTable;
  readonly pace: Pace;
  readonly wallTime: WallTime;
  readonly sessions: SessionWire;
  /** Takes out what programs have emitted so far. */
  drain(): void;
  /** Ends the thread with an error. */
  fail(error: Error): void;
}

const ENOENT = 2;

/** One node by name, all of them without. @throws CommandRefused `no-such-node` */
export function nodesNamed(host: KernelHost, name: string | undefined): readonly ClusterNode[] {
  if (name === undefined) return host.nodes;
  const node = host.nodes.find((one) => one.name === name);
  if (node) return [node];
  const hint = `there are ${host.nodes.map((one) => one.name).join(', ')}`;
  return refuse('no-such-node', `no node ${name}`, { errno: ENOENT, hint });
}

/** Of those nodes that have something, the one of that name, or all. @throws CommandRefused `no-such-node` */
export function partsOn<T>(
  host: KernelHost,
  parts: ReadonlyMap<string, T>,
  name: string | undefined,
  what: string,
): readonly (readonly [string, T])[] {
  if (name === undefined) return [...parts];
  nodesNamed(host, name);
  const part = parts.get(name);
  if (part !== undefined) return [[name, part]];
  const hint = `it is on ${[...parts.keys()].join(', ')}`;
  return refuse('no-such-node', `${what} is not on node ${name}`, { errno: ENOENT, hint });
}
