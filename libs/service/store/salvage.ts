import type { Database } from 'better-sqlite3';
import { SCHEMA_VERSION } from './schema';

/** What a daemon can't get again from anywhere else, in an order that foreign keys allow, with what people call it. */
const TABLES: readonly { readonly table: string; readonly title?: string; readonly columns?: string }[] = [
  { table: 'next_ids' },
  { table: 'boots', columns: 'ordinal, boot, began_at, 0' },
  { table: 'settings', title: 'settings' },
  { table: 'objects', title: 'objects' },
  { table: 'links', title: 'links' },
  { table: 'bpffs', title: 'pins' },
  { table: 'pinned_contents' },
  { table: 'exec_sessions', title: 'sessions' },
  { table: 'session_commands', title: 'commands' },
];

/**
 * Copies what can be read of a damaged database, records and map snapshots excepted.
 * @returns names of what was copied whole; empty when the file is beyond reading
 */
export function salvage(db: Database, damagedFile: string): string[] {
  try {
    db.prepare('ATTACH ? AS old').run(damagedFile);
  } catch {
    return [];
  }
  try {
    if (db.pragma('old.user_version', { simple: true }) !== SCHEMA_VERSION) return [];
    return TABLES.filter((row) => copyTable(db, row.table, row.columns ?? '*')).flatMap(
      (row) => row.title ?? [],
    );
  } catch {
    return [];
  } finally {
    detach(db);
  }
}

function copyTable(db: Database, table: string, columns: string): boolean {
  try {
    return db.prepare(`INSERT INTO main.${table} SELECT ${columns} FROM old.${table}`).run().changes > 0;
  } catch {
    return false;
  }
}

function detach(db: Database): void {
  try {
    db.exec('DETACH old');
  } catch {
    // It stays attached until the database is closed, and nothing reads it.
  }
}
