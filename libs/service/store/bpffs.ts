import type { Database } from 'better-sqlite3';
import type { BpffsRow, PinnedContentsRow } from './store-api';

/** Names in bpffs, a row a node, and what pinned maps held. */
export class BpffsTable {
  private readonly upsert;
  private readonly remove;
  private readonly selectAll;
  private readonly upsertContents;
  private readonly removeContents;
  private readonly removeUnpinned;
  private readonly selectContents;

  constructor(db: Database) {
    this.upsert = db.prepare<BpffsRow>(
      `INSERT INTO bpffs (node, path, kind, target, created_at) VALUES (@node, @path, @kind, @target, @created_at)
       ON CONFLICT (node, path) DO UPDATE SET
         kind = excluded.kind, target = excluded.target, created_at = excluded.created_at`,
    );
    this.remove = db.prepare<[string, string]>('DELETE FROM bpffs WHERE node = ? AND path = ?');
    // A directory sorts before what is in it.
    this.selectAll = db.prepare<[], BpffsRow>(
      'SELECT node, path, kind, target, created_at FROM bpffs ORDER BY node, path',
    );
    this.upsertContents = db.prepare<PinnedContentsRow>(
      `INSERT INTO pinned_contents (map_id, node, time, bytes) VALUES (@map_id, @node, @time, @bytes)
       ON CONFLICT (map_id, node) DO UPDATE SET time = excluded.time, bytes = excluded.bytes`,
    );
    this.removeContents = db.prepare<[number, string]>(
      'DELETE FROM pinned_contents WHERE map_id = ? AND node = ?',
    );
    this.removeUnpinned = db.prepare(
      `DELETE FROM pinned_contents WHERE NOT EXISTS (
         SELECT 1 FROM bpffs
         WHERE bpffs.kind = 'map' AND bpffs.target = pinned_contents.map_id AND bpffs.node = pinned_contents.node)`,
    );
    this.selectContents = db.prepare<[], PinnedContentsRow>(
      'SELECT map_id, node, time, bytes FROM pinned_contents ORDER BY map_id, node',
    );
  }

  save(rows: readonly BpffsRow[]): void {
    for (const row of rows) this.upsert.run(row);
  }

  /** Takes a name away; with the last pin of a map go its contents. */
  delete(path: string, nodes: readonly string[]): void {
    for (const node of nodes) this.remove.run(node, path);
    this.removeUnpinned.run();
  }

  list(): BpffsRow[] {
    return this.selectAll.all();
  }

  saveContents(row: PinnedContentsRow): void {
    this.upsertContents.run(row);
  }

  deleteContents(mapId: number, node: string): void {
    this.removeContents.run(mapId, node);
  }

  listContents(): PinnedContentsRow[] {
    return this.selectContents.all();
  }
}
