import { diagnostic } from '@probed/base';
import type { MapInfo, Subscribe } from '@probed/protocol';
import {
  type ItemFilter,
  type RecordPosition,
  type RecordSource,
  recordFilter,
  type SessionPods,
  sessionFilter,
  traceFilter,
} from '@probed/stream';
import type { Logger } from '../app/logger';
import { CommandRefused } from '../threads/rpc';
import type { Feed, FeedContext } from './feed';
import { ItemFeed } from './item-feed';
import { MapFeed } from './map-feed';
import type { MapPolls } from './map-polls';
import type { MapDirectory, StreamKernel, StreamStore } from './ports';
import { StatusFeed } from './status-feed';
import { wireError } from './wire-reply';

/** Where feeds get what they give. */
export interface FeedSources {
  readonly records: RecordSource;
  readonly sessionPods: SessionPods;
  readonly kernel: StreamKernel;
  readonly store: StreamStore;
  readonly maps: MapDirectory;
  readonly mapPolls: MapPolls;
  readonly log: Logger;
}

type Request<K extends Subscribe['kind']> = Extract<Subscribe, { kind: K }>;
type Openers = {
  [K in Subscribe['kind']]: (
    request: Request<K>,
    context: FeedContext,
    sources: FeedSources,
  ) => Feed | Promise<Feed>;
};

const OPENERS: Openers = {
  async records({ after, ...conditions }, context, sources) {
    if (after) await ensureKnown(after, sources);
    return itemFeed(recordFilter(conditions), context, sources, after);
  },
  trace: (_request, context, sources) => itemFeed(traceFilter, context, sources),
  sessions: (conditions, context, sources) =>
    itemFeed(sessionFilter(conditions, sources.sessionPods), context, sources),
  map({ map: nameOrId, node, interval_ms }, context, { maps, mapPolls, log }) {
    const map = maps.findMap(nameOrId);
    if (!map) throw noSuch('map', nameOrId, 'GET /api/v1/maps lists them');
    if (node !== undefined) ensureNode(map, node);
    const gone = (error: unknown) => context.end(wireError(error, log));
    return new MapFeed(context, mapPolls, { map, node, intervalMs: interval_ms, gone });
  },
  status: (_request, context, { kernel, store }) => new StatusFeed(context, kernel, store),
};

/** @throws CommandRefused what is asked for is not there */
export async function openFeed(
  request: Subscribe,
  context: FeedContext,
  sources: FeedSources,
): Promise<Feed> {
  const open = OPENERS[request.kind] as (request: Subscribe, ...rest: unknown[]) => Feed | Promise<Feed>;
  return open(request, context, sources);
}

function itemFeed(
  filter: ItemFilter,
  context: FeedContext,
  { records, log }: FeedSources,
  after?: RecordPosition,
): Feed {
  const failed = (error: unknown) => context.end(wireError(error, log));
  return new ItemFeed(context, { filter, source: records, after, failed });
}

/** The database refuses a boot that it does not know: better now than later. */
async function ensureKnown(after: RecordPosition, { records }: FeedSources): Promise<void> {
  await records.readAfter(after, 1);
}

function ensureNode(map: MapInfo, node: string): void {
  if (!map.nodes.includes(node)) {
    throw noSuch('node', node, `map ${map.name} is on: ${map.nodes.join(', ')}`);
  }
}

function noSuch(what: string, name: string, hint: string): CommandRefused {
  return new CommandRefused(
    diagnostic(`no-such-${what}`, `no ${what} ${JSON.stringify(name)}`, { errno: 2, hint }),
  );
}
