import type { Database } from 'better-sqlite3';

/** Boots of the emulated kernel in the order in which they began. Their rows stay when their records are deleted. */
export class BootTable {
  private readonly ordinals = new Map<string, bigint>();
  private readonly names = new Map<bigint, string>();
  private readonly insert;
  private readonly byName;
  private readonly byOrdinal;
  private readonly count;
  private readonly sum;

  constructor(db: Database) {
    this.insert = db.prepare<[string, string]>('INSERT OR IGNORE INTO boots (boot, began_at) VALUES (?, ?)');
    this.byName = db
      .prepare<[string], bigint>('SELECT ordinal FROM boots WHERE boot = ?')
      .pluck()
      .safeIntegers();
    this.byOrdinal = db.prepare<[bigint], string>('SELECT boot FROM boots WHERE ordinal = ?').pluck();
    this.count = db.prepare<[number, bigint]>('UPDATE boots SET records = records + ? WHERE ordinal = ?');
    this.sum = db.prepare<[], number>('SELECT coalesce(sum(records), 0) FROM boots').pluck();
  }

  /** A boot that is known already stays as it is. */
  begin(boot: string, time: string): void {
    this.insert.run(boot, time);
  }

  /** @returns undefined for a boot that this database has never seen */
  ordinal(boot: string): bigint | undefined {
    const cached = this.ordinals.get(boot);
    if (cached !== undefined) return cached;
    const ordinal = this.byName.get(boot);
    if (ordinal !== undefined) this.ordinals.set(boot, ordinal);
    return ordinal;
  }

  /** The ordinal of a boot, which begins at this time if it is new. */
  ensure(boot: string, time: string): bigint {
    const known = this.ordinal(boot);
    if (known !== undefined) return known;
    this.begin(boot, time);
    return this.ordinal(boot) as bigint;
  }

  name(ordinal: bigint): string {
    let boot = this.names.get(ordinal);
    if (boot === undefined) {
      boot = this.byOrdinal.get(ordinal) ?? '';
      this.names.set(ordinal, boot);
    }
    return boot;
  }

  /** Keeps count, so that the number of records is known without reading them. */
  addRecords(ordinal: bigint, difference: number): void {
    this.count.run(difference, ordinal);
  }

  /** Stored records of all boots. */
  totalRecords(): number {
    return this.sum.get() as number;
  }

  /** After a roll-back: what was cached in the transaction is not there. */
  forget(): void {
    this.ordinals.clear();
    this.names.clear();
  }
}
