import type { Database } from 'better-sqlite3';

/** What the daemon remembers by name. */
export class SettingTable {
  private readonly upsert;
  private readonly select;

  constructor(db: Database) {
    this.upsert = db.prepare<[string, string]>(
      'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
    this.select = db.prepare<[string], string>('SELECT value FROM settings WHERE key = ?').pluck();
  }

  get(key: string): string | null {
    return this.select.get(key) ?? null;
  }

  set(key: string, value: string): void {
    this.upsert.run(key, value);
  }
}
