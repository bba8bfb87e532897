import type { PinKind } from '@probed/protocol';
import type { BpffsRow } from '@probed/store';

/** A pinned map on one node. */
export interface PinnedMap {
  readonly map_id: number;
  readonly node: string;
}

/** Names in bpffs as they are stored: it answers, as the registry does, while the kernel thread is away. */
export class PinTable {
  /** By node and path. */
  private readonly rows = new Map<string, BpffsRow>();

  /** In place of all that it had. */
  set(rows: readonly BpffsRow[]): void {
    this.rows.clear();
    this.add(rows);
  }

  add(rows: readonly BpffsRow[]): void {
    for (const row of rows) this.rows.set(keyOf(row), row);
  }

  remove(path: string, nodes: readonly string[]): void {
    for (const node of nodes) this.rows.delete(keyOf({ node, path }));
  }

  /** Where something is pinned, each path once, sorted. */
  pathsOf(kind: PinKind, id: number): string[] {
    const paths = [...this.rows.values()].filter((row) => row.kind === kind && row.target === id);
    return [...new Set(paths.map(({ path }) => path))].sort();
  }

  /** Each once, however often it is pinned. */
  maps(): PinnedMap[] {
    const maps = new Map<string, PinnedMap>();
    for (const { kind, target, node } of this.rows.values())
      if (kind === 'map') maps.set(`${target} ${node}`, { map_id: target, node });
    return [...maps.values()];
  }
}

function keyOf({ node, path }: Pick<BpffsRow, 'node' | 'path'>): string {
  return `${node} ${path}`;
}
