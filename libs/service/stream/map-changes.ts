import type { MapContents, MapMessage } from '@probed/protocol';

type NodeMessage = MapMessage['nodes'][number];

/** An entry, a stack or a variable. */
interface Row {
  readonly key: unknown;
  /** JSON text, to compare by. */
  readonly text: string;
  readonly row: unknown;
}

/** What a map holds on one node, ready to be compared; made once for all who watch the map. */
export interface ContentsDigest {
  readonly contents: MapContents;
  /** By JSON text of the key. */
  readonly rows: ReadonlyMap<string, Row>;
}

type ListName = 'entries' | 'stacks' | 'variables';

/** Where the contents of a map of that kind are listed, and what names a row. */
const LISTS: Record<MapContents['kind'], { list: ListName; keyOf: (row: never) => unknown } | undefined> = {
  entries: { list: 'entries', keyOf: (row: { key: unknown }) => row.key },
  stacks: { list: 'stacks', keyOf: (row: { id: number }) => row.id },
  variables: { list: 'variables', keyOf: (row: { name: string }) => row.name },
  buffer: undefined,
};

export function digestOf(contents: MapContents): ContentsDigest {
  const rows = new Map<string, Row>();
  const kind = LISTS[contents.kind];
  const list: readonly unknown[] = (kind && contents[kind.list]) ?? [];
  for (const row of list) {
    const key = kind?.keyOf(row as never);
    rows.set(JSON.stringify(key), { key, text: JSON.stringify(row), row });
  }
  return { contents, rows };
}

/** Whether two readings of a map on a node show the same, but for when. */
function sameContents(a: ContentsDigest, b: ContentsDigest): boolean {
  if (a.contents.kind !== b.contents.kind || a.rows.size !== b.rows.size) return false;
  for (const [key, { text }] of a.rows) if (b.rows.get(key)?.text !== text) return false;
  return true;
}

/** What one watcher of a map has seen of it: gives the whole contents first, then what has changed since. */
export class MapChanges {
  private readonly seen = new Map<string, ContentsDigest>();
  private begun = false;

  /** @returns nothing when nothing has changed */
  next(digests: readonly ContentsDigest[]): Pick<MapMessage, 'snapshot' | 'nodes'> | undefined {
    const changed = digests.filter((digest) => this.hasChanged(digest));
    // Which entries a cut list shows may change with any insertion, so keys that it lacks are not known to be gone.
    const whole = !this.begun || changed.some(({ contents }) => contents.truncated);
    if (changed.length === 0 && this.begun) return undefined;
    const nodes = whole
      ? digests.map(({ contents }) => contents)
      : changed.map((digest) => this.difference(digest));
    this.begun = true;
    for (const digest of digests) this.seen.set(digest.contents.node, digest);
    return { snapshot: whole, nodes };
  }

  private hasChanged(digest: ContentsDigest): boolean {
    const seen = this.seen.get(digest.contents.node);
    return seen === undefined || !sameContents(seen, digest);
  }

  private difference({ contents, rows }: ContentsDigest): NodeMessage {
    const list = LISTS[contents.kind]?.list;
    if (!list) return contents;
    const before = this.seen.get(contents.node)?.rows ?? new Map<string, Row>();
    const changed: unknown[] = [];
    for (const [key, { text, row }] of rows) if (before.get(key)?.text !== text) changed.push(row);
    const removed: unknown[] = [];
    for (const [key, row] of before) if (!rows.has(key)) removed.push(row.key);
    return { ...contents, [list]: changed, ...(removed.length > 0 && { removed }) };
  }
}
