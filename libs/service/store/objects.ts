import type { Database } from 'better-sqlite3';
import type { NextIds, ObjectRow, ReusedMaps } from './store-api';

type StoredObject = Omit<ObjectRow, 'without' | 'unloaded' | 'reused'> & {
  readonly without: string;
  readonly unloaded: 0 | 1;
  readonly reused: string;
};

/** Uploaded objects, with what a restart needs to load them again under the same ids. */
export class ObjectTable {
  private readonly upsert;
  private readonly remove;
  private readonly updateWithout;
  private readonly updateUnloaded;
  private readonly selectAll;

  constructor(
    db: Database,
    private readonly ids: NextIdTable,
  ) {
    const columns = `id, name, sha256, bytes, loaded_at, options, first_program_id, program_count, first_map_id,
      map_count, origin, without, unloaded, reused`;
    this.upsert = db.prepare<StoredObject>(
      `INSERT INTO objects (${columns}) VALUES (${columns.replace(/\w+/g, '@$&')}) ON CONFLICT (id) DO UPDATE SET
         ${columns.split(/,\s*/).map((column) => `${column} = excluded.${column}`)}`,
    );
    this.remove = db.prepare<[number]>('DELETE FROM objects WHERE id = ?');
    this.updateWithout = db.prepare<[string, number]>('UPDATE objects SET without = ? WHERE id = ?');
    this.updateUnloaded = db.prepare<[number]>('UPDATE objects SET unloaded = 1 WHERE id = ?');
    this.selectAll = db.prepare<[], StoredObject>(`SELECT ${columns} FROM objects ORDER BY id`);
  }

  /** Stores an object, or stores it anew. Its ids are taken from then on. */
  save(object: ObjectRow): void {
    this.upsert.run({
      ...object,
      without: JSON.stringify(object.without),
      unloaded: object.unloaded ? 1 : 0,
      reused: JSON.stringify(object.reused),
    });
    this.ids.take('object', object.id + 1);
    this.ids.take('program', object.first_program_id + object.program_count);
    this.ids.take('map', object.first_map_id + object.map_count);
  }

  /** Deletes an object with its links. */
  delete(id: number): void {
    this.remove.run(id);
  }

  setWithout(id: number, without: readonly number[]): void {
    this.updateWithout.run(JSON.stringify(without), id);
  }

  /** It is unloaded, though something of it is pinned. */
  setUnloaded(id: number): void {
    this.updateUnloaded.run(id);
  }

  list(): ObjectRow[] {
    return this.selectAll.all().map((row) => ({
      ...row,
      without: JSON.parse(row.without) as number[],
      unloaded: row.unloaded === 1,
      reused: JSON.parse(row.reused) as ReusedMaps,
    }));
  }
}

/** The first free id of each kind, kept apart from the rows, so that no id is given twice. */
export class NextIdTable {
  private readonly raise;
  private readonly select;

  constructor(db: Database) {
    this.raise = db.prepare<[keyof NextIds, number]>(
      'INSERT INTO next_ids (kind, next) VALUES (?, ?) ON CONFLICT DO UPDATE SET next = max(next, excluded.next)',
    );
    this.select = db.prepare<[], [keyof NextIds, number]>('SELECT kind, next FROM next_ids').raw();
  }

  /** Ids below `next` are taken. */
  take(kind: keyof NextIds, next: number): void {
    this.raise.run(kind, next);
  }

  list(): NextIds {
    return { object: 1, program: 1, map: 1, link: 1, ...Object.fromEntries(this.select.all()) };
  }
}
