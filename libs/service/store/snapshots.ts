import type { Database } from 'better-sqlite3';
import type { MapSnapshotRow, StoreCommands } from './store-api';

/** Snapshots that are kept of a map on a node. */
const SNAPSHOTS_PER_MAP_MAX = 50;

const COLUMNS = 'map_id, map, object, node, boot, time, json';

/** The latest snapshots of maps. */
export class SnapshotTable {
  private readonly insert;
  private readonly deleteOlder;
  private readonly selectAll;
  private readonly selectMap;

  constructor(db: Database) {
    this.insert = db.prepare<MapSnapshotRow>(
      `INSERT INTO map_snapshots (${COLUMNS}) VALUES (${COLUMNS.replace(/\w+/g, '@$&')})`,
    );
    this.deleteOlder = db.prepare<Pick<MapSnapshotRow, 'map_id' | 'node'>>(
      `DELETE FROM map_snapshots WHERE map_id = @map_id AND node = @node AND id <= (
         SELECT id FROM map_snapshots WHERE map_id = @map_id AND node = @node
         ORDER BY id DESC LIMIT 1 OFFSET ${SNAPSHOTS_PER_MAP_MAX})`,
    );
    this.selectAll = db.prepare<[number], MapSnapshotRow>(
      `SELECT ${COLUMNS} FROM map_snapshots ORDER BY id DESC LIMIT ?`,
    );
    this.selectMap = db.prepare<[number, number], MapSnapshotRow>(
      `SELECT ${COLUMNS} FROM map_snapshots WHERE map_id = ? ORDER BY id DESC LIMIT ?`,
    );
  }

  save(snapshot: MapSnapshotRow): void {
    this.insert.run(snapshot);
    this.deleteOlder.run({ map_id: snapshot.map_id, node: snapshot.node });
  }

  /** Newest first. */
  list({ map_id, limit }: StoreCommands['snapshot.list']['params']): MapSnapshotRow[] {
    return map_id === undefined ? this.selectAll.all(limit) : this.selectMap.all(map_id, limit);
  }
}
