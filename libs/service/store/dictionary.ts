import type { Database, Statement } from 'better-sqlite3';

/** Small numbers for combinations of names that come again and again. The table's columns are `id` and the names. */
export class Dictionary {
  private readonly ids = new Map<string, number>();
  private readonly insert: Statement<string[]>;
  private readonly select: Statement<string[], number>;

  constructor(db: Database, table: string, columns: readonly string[]) {
    const values = columns.map(() => '?').join(', ');
    this.insert = db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values})`);
    this.select = db
      .prepare<string[], number>(`SELECT id FROM ${table} WHERE (${columns.join(', ')}) = (${values})`)
      .pluck();
  }

  /** The number of a combination, which is entered if it is new. */
  id(...names: string[]): number {
    const key = names.join('\0');
    const cached = this.ids.get(key);
    if (cached !== undefined) return cached;
    const id = this.select.get(...names) ?? Number(this.insert.run(...names).lastInsertRowid);
    this.ids.set(key, id);
    return id;
  }

  /** After a roll-back: what was cached in the transaction is not there. */
  forget(): void {
    this.ids.clear();
  }
}
