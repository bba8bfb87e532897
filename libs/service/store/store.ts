import { type Diagnostic, err, ok, type Result } from '@probed/base';
import type { RecordPage, RecordQuery } from '@probed/protocol';
import type { Database } from 'better-sqlite3';
import { BootTable } from './boots';
import { BpffsTable } from './bpffs';
import { type DatabaseOptions, fileBytes, openDatabase } from './database-file';
import { LinkTable } from './links';
import { NextIdTable, ObjectTable } from './objects';
import { Pruner } from './pruner';
import { RecordSearch } from './record-search';
import { RecordTable } from './records';
import { SessionTable } from './sessions';
import { SettingTable } from './settings';
import { SnapshotTable } from './snapshots';
import { sqliteDiagnostic } from './sqlite-fault';
import type { Batch, StoreCommands, StoreStatus } from './store-api';
import { StoreRefused } from './store-refused';

/** Every command as a function that returns when its work is committed, and throws {@link StoreRefused}. */
export type StoreHandlers = {
  readonly [C in keyof StoreCommands]: (params: StoreCommands[C]['params']) => StoreCommands[C]['result'];
};

/**
 * The database of one daemon: records, sessions, map snapshots, and what a restart needs. It is synchronous; what may
 * take long comes as a generator too, which yields where others may have their turn. Other processes may read the file
 * meanwhile.
 */
export class Store {
  /** What its user should know of the opening, one line each. */
  readonly notices: readonly string[];
  readonly commands: StoreHandlers;

  private readonly boots: BootTable;
  private readonly objects: ObjectTable;
  private readonly links: LinkTable;
  private readonly bpffs: BpffsTable;
  private readonly records: RecordTable;
  private readonly search: RecordSearch;
  private readonly sessions: SessionTable;
  private readonly snapshots: SnapshotTable;
  private readonly pruner: Pruner;

  private constructor(
    private readonly db: Database,
    private readonly file: string,
    notices: readonly string[],
  ) {
    const ids = new NextIdTable(db);
    this.notices = notices;
    this.boots = new BootTable(db);
    this.objects = new ObjectTable(db, ids);
    this.links = new LinkTable(db, ids);
    this.bpffs = new BpffsTable(db);
    this.records = new RecordTable(db, this.boots);
    this.search = new RecordSearch(db);
    this.sessions = new SessionTable(db);
    this.snapshots = new SnapshotTable(db);
    this.pruner = new Pruner(db, this.boots);
    this.commands = this.guardAll(this.handlers(ids, new SettingTable(db)));
  }

  /**
   * Opens a database, making it when it is missing. A damaged one is moved aside, which `notices` tell.
   * @returns a diagnostic `store-…` when it cannot be opened, e.g. `store-newer`
   */
  static open(file: string, options: DatabaseOptions = {}): Result<Store> {
    try {
      const { db, notices } = openDatabase(file, options);
      return ok(new Store(db, file, notices));
    } catch (error) {
      return err(diagnosticOf(error, file));
    }
  }

  /** `record.query`, yielding after each slice of work. */
  query(query: RecordQuery): Generator<undefined, RecordPage> {
    return this.guardSteps(this.search.query(query));
  }

  /** `prune`, yielding after each slice of work. */
  prune(limits: StoreCommands['prune']['params']): Generator<undefined, number> {
    return this.guardSteps(this.pruner.prune(limits));
  }

  close(): void {
    this.db.close();
  }

  private handlers(ids: NextIdTable, settings: SettingTable): StoreHandlers {
    return {
      append: (batch) => this.transact(() => this.append(batch)),
      'object.save': (saved) => this.transact(() => this.saveObject(saved)),
      'object.reduce': ({ id, links }) => this.transact(() => this.reduceObject(id, links)),
      'object.delete': ({ id }) => this.transact(() => this.objects.delete(id)),
      'object.set_without': ({ id, without }) => this.transact(() => this.objects.setWithout(id, without)),
      'object.list': () => this.objects.list(),
      'link.save': (link) => this.transact(() => this.links.save(link)),
      'link.delete': ({ id }) => this.transact(() => this.links.delete(id)),
      'link.list': () => this.links.list(),
      ...this.bpffsHandlers(),
      'ids.next': () => ids.list(),
      'record.query': (query) => finish(this.query(query)),
      'record.after': (place) => this.records.after(place),
      'session.list': (query) => this.sessions.list(query),
      'session.get': ({ id }) => this.sessions.get(id),
      'session.mark_lost': ({ boot, time }) => this.transact(() => this.sessions.markLost(boot, time)),
      'snapshot.list': (query) => this.snapshots.list(query),
      'boot.begin': ({ boot, time }) => this.transact(() => this.boots.begin(boot, time)),
      'setting.get': ({ key }) => settings.get(key),
      'setting.set': ({ key, value }) => this.transact(() => settings.set(key, value)),
      status: () => this.status(),
      prune: (limits) => finish(this.prune(limits)),
    };
  }

  private bpffsHandlers(): Pick<
    StoreHandlers,
    Extract<keyof StoreHandlers, `${'bpffs' | 'contents'}.${string}`>
  > {
    const { bpffs } = this;
    return {
      'bpffs.save': ({ rows }) => this.transact(() => bpffs.save(rows)),
      'bpffs.delete': ({ path, nodes }) => this.transact(() => bpffs.delete(path, nodes)),
      'bpffs.list': () => bpffs.list(),
      'contents.save': (row) => this.transact(() => bpffs.saveContents(row)),
      'contents.delete': ({ map_id, node }) => this.transact(() => bpffs.deleteContents(map_id, node)),
      'contents.list': () => bpffs.listContents(),
    };
  }

  private append({ records = [], sessions = [], commands = [], snapshots = [] }: Batch): void {
    this.records.append(records);
    for (const session of sessions) this.sessions.save(session);
    for (const command of commands) this.sessions.saveCommand(command);
    for (const snapshot of snapshots) this.snapshots.save(snapshot);
  }

  private saveObject({ object, links, pins = [] }: StoreCommands['object.save']['params']): void {
    this.objects.save(object);
    for (const link of links) this.links.save(link);
    this.bpffs.save(pins);
  }

  private reduceObject(id: number, links: readonly number[]): void {
    this.objects.setUnloaded(id);
    this.links.deleteOthers(id, links);
  }

  private status(): StoreStatus {
    return { file: this.file, file_bytes: fileBytes(this.file), records: this.boots.totalRecords() };
  }

  private transact(work: () => void): null {
    try {
      this.db.transaction(work).immediate();
      return null;
    } catch (error) {
      this.boots.forget();
      this.records.forget();
      throw error;
    }
  }

  /** Errors of SQLite become {@link StoreRefused}, whatever the command. */
  private guardAll(handlers: StoreHandlers): StoreHandlers {
    const guarded = Object.entries(handlers).map(([command, handler]) => [
      command,
      (params: never) => this.guard(() => (handler as (params: never) => unknown)(params)),
    ]);
    return Object.fromEntries(guarded) as StoreHandlers;
  }

  private *guardSteps<T>(steps: Generator<undefined, T>): Generator<undefined, T> {
    for (;;) {
      const step = this.guard(() => steps.next());
      if (step.done) return step.value;
      yield;
    }
  }

  private guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new StoreRefused(diagnosticOf(error, this.file));
    }
  }
}

/** @throws the error itself when it is a fault of ours */
function diagnosticOf(error: unknown, file: string): Diagnostic {
  const diagnostic = error instanceof StoreRefused ? error.diagnostic : sqliteDiagnostic(error, file);
  if (!diagnostic) throw error;
  return diagnostic;
}

function finish<T>(steps: Generator<undefined, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
