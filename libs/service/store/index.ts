/**
 * The daemon's database: one SQLite file (WAL, https://www.sqlite.org/wal.html) that holds records, exec sessions, map
 * snapshots and what a restart loads again. Synchronous; the daemon keeps it in a thread of its own.
 */
export { Store, type StoreHandlers } from './store';
export type * from './store-api';
export { StoreRefused } from './store-refused';
