import type { Database } from 'better-sqlite3';
import { MIGRATIONS } from './migrations';
import { StoreRefused } from './store-refused';

/** `prob` in ASCII: says that a SQLite file is ours (`PRAGMA application_id`). */
const APPLICATION_ID = 0x70726f62;

/** The schema version that this code reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Refuses a database of another program, and one of a newer version of this one; never changes anything.
 * @throws StoreRefused `store-foreign`, `store-newer`
 */
export function checkOwner(db: Database, file: string, known: number = SCHEMA_VERSION): void {
  const version = schemaVersion(db);
  const owner = db.pragma('application_id', { simple: true });
  const isEmpty = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
  if (!isEmpty && owner !== APPLICATION_ID)
    throw new StoreRefused({
      code: 'store-foreign',
      message: 'it is the database of another program',
      where: file,
      hint: 'name another file or state directory',
    });
  if (version > known)
    throw new StoreRefused({
      code: 'store-newer',
      message: `its schema is version ${version}, this probed knows up to version ${known}`,
      where: file,
      hint: 'use the newer probed that made it, or another state directory',
    });
}

function schemaVersion(db: Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

/** Brings a database up to date, one transaction a step, so that an interrupted one goes on where it stopped. */
export function migrate(db: Database, migrations: readonly string[] = MIGRATIONS): void {
  while (schemaVersion(db) < migrations.length) {
    const step = db.transaction(() => {
      // Another process may have been faster.
      const version = schemaVersion(db);
      if (version >= migrations.length) return;
      db.exec(migrations[version]);
      db.pragma(`application_id = ${APPLICATION_ID}`);
      db.pragma(`user_version = ${version + 1}`);
    });
    step.immediate();
  }
}
