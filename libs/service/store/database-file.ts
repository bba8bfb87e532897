import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { salvage } from './salvage';
import { checkOwner, migrate } from './schema';
import { sqliteDiagnostic } from './sqlite-fault';

/** How long a writer of another process (a SQLite shell, say) is waited for, ms. */
const BUSY_TIMEOUT_MS = 2_000;

/** The write-ahead log is folded into the database every so many pages of 4 KiB, and cut back to this size, bytes. */
const CHECKPOINT_PAGES = 2_000;
const WAL_BYTES_MAX = 64 * 1024 * 1024;

/** The files of one database. */
const SUFFIXES = ['', '-wal', '-shm'] as const;

export interface DatabaseOptions {
  /** Writes that need more pages of 4 KiB than this are refused as on a full disk; as large as the disk by default. */
  readonly pageCountMax?: number;
  /** The file is known to be damaged: begin with it as if that had been found on opening. */
  readonly damaged?: boolean;
}

export interface OpenDatabase {
  readonly db: Database;
  /** What its user should know, one line each. */
  readonly notices: readonly string[];
}

/**
 * Opens the database, making folder (mode 0700) and file (mode 0600) when they are missing. A damaged one is moved
 * aside as `<file>.damaged-<time>`; the new one takes over what can be read of programs, links, sessions and settings.
 * @throws StoreRefused or an error of SQLite or the file system
 */
export function openDatabase(file: string, options: DatabaseOptions): OpenDatabase {
  if (options.damaged) return replaceDatabase(file, options, 'the database is damaged');
  try {
    return { db: connect(file, options), notices: [] };
  } catch (error) {
    const fault = sqliteDiagnostic(error, file);
    if (fault?.code !== 'store-damaged') throw error;
    return replaceDatabase(file, options, fault.message);
  }
}

function replaceDatabase(file: string, options: DatabaseOptions, why: string): OpenDatabase {
  const aside = moveAside(file);
  const db = connect(file, options);
  const kept = salvage(db, aside);
  const rest = kept.length ? `with the ${kept.join(', ')} of the old one` : 'with nothing of the old one';
  return { db, notices: [`${file}: ${why}; it is now ${aside}, and a new one begins ${rest}`] };
}

function moveAside(file: string): string {
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  let aside = `${file}.damaged-${stamp}`;
  for (let n = 2; existsSync(aside); n++) aside = `${file}.damaged-${stamp}-${n}`;
  for (const suffix of SUFFIXES) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  return aside;
}

function connect(file: string, { pageCountMax }: DatabaseOptions): Database {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  const db = new Sqlite(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    checkOwner(db, file);
    // Before there is any table: space of deleted rows can then be given back page by page.
    db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    // A killed process loses nothing that was committed; a power cut may lose the last moments, never the database.
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.pragma(`journal_size_limit = ${WAL_BYTES_MAX}`);
    migrate(db);
    probe(db);
    if (pageCountMax !== undefined) db.pragma(`max_page_count = ${pageCountMax}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Reads what the daemon stands on, and both ends of the records: the whole file would take too long. */
function probe(db: Database): void {
  for (const table of [
    'boots',
    'sources',
    'pods',
    'objects',
    'links',
    'next_ids',
    'settings',
    'exec_sessions',
    'bpffs',
    'pinned_contents',
  ])
    for (const _ of db.prepare(`SELECT * FROM ${table}`).iterate());
  for (const table of ['record_keys', 'record_data', 'record_times'])
    for (const order of ['ASC', 'DESC'])
      db.prepare(`SELECT * FROM ${table} ORDER BY rowid ${order} LIMIT 1`).get();
}

/** Bytes that the database takes on disk, with its write-ahead log. */
export function fileBytes(file: string): number {
  let bytes = 0;
  for (const suffix of ['', '-wal']) bytes += statSync(file + suffix, { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}
