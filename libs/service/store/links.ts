import type { Database } from 'better-sqlite3';
import type { NextIdTable } from './objects';
import { errorCode } from './sqlite-fault';
import type { LinkRow } from './store-api';
import { StoreRefused } from './store-refused';

/** Links, which go with their object. */
export class LinkTable {
  private readonly upsert;
  private readonly remove;
  private readonly selectAll;

  constructor(
    db: Database,
    private readonly ids: NextIdTable,
  ) {
    this.upsert = db.prepare<LinkRow>(
      `INSERT INTO links (id, object_id, program_id, created_at, request)
       VALUES (@id, @object_id, @program_id, @created_at, @request) ON CONFLICT (id) DO UPDATE SET
         object_id = excluded.object_id, program_id = excluded.program_id, created_at = excluded.created_at,
         request = excluded.request`,
    );
    this.remove = db.prepare<[number]>('DELETE FROM links WHERE id = ?');
    this.selectAll = db.prepare<[], LinkRow>(
      'SELECT id, object_id, program_id, created_at, request FROM links ORDER BY id',
    );
  }

  /**
   * Stores a link, or stores it anew. Its id is taken from then on.
   * @throws StoreRefused `no-such-object`, also for one that was unloaded meanwhile
   */
  save(link: LinkRow): void {
    try {
      this.upsert.run(link);
    } catch (error) {
      if (errorCode(error) !== 'SQLITE_CONSTRAINT_FOREIGNKEY') throw error;
      throw new StoreRefused({
        code: 'no-such-object',
        message: `there is no object ${link.object_id} to link`,
        where: `link ${link.id}`,
        hint: 'list objects to see what is loaded',
      });
    }
    this.ids.take('link', link.id + 1);
  }

  /** Deletes the links of an object but for some. */
  deleteOthers(objectId: number, kept: readonly number[]): void {
    for (const { id, object_id } of this.list())
      if (object_id === objectId && !kept.includes(id)) this.delete(id);
  }

  delete(id: number): void {
    this.remove.run(id);
  }

  list(): LinkRow[] {
    return this.selectAll.all();
  }
}
