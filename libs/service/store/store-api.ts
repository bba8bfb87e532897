import type {
  ExecSession,
  ExecSessionDetail,
  ExecSessionQuery,
  RecordPage,
  RecordQuery,
  RecordRow,
  SessionCommand,
} from '@probed/protocol';

export type { RecordRow } from '@probed/protocol';

/** An uploaded object: what a restart needs to load it again under the same ids. */
export interface ObjectRow {
  readonly id: number;
  readonly name: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
  readonly loaded_at: string;
  /** Load options (lib `protocol`: LoadOptions) as JSON text. */
  readonly options: string;
  readonly first_program_id: number;
  readonly program_count: number;
  readonly first_map_id: number;
  readonly map_count: number;
  /** `user` or `demo`. */
  readonly origin: string;
  /** Programs unloaded one by one. */
  readonly without: readonly number[];
  /** It is unloaded, and stays because of what is pinned. */
  readonly unloaded: boolean;
  /** Ids of other objects' maps that stand in for its own: by name, by node. */
  readonly reused: ReusedMaps;
}

export type ReusedMaps = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A name in the bpffs of one node. */
export interface BpffsRow {
  readonly node: string;
  readonly path: string;
  readonly kind: 'dir' | 'prog' | 'map' | 'link';
  /** Id of program, map or link; 0 for a directory. */
  readonly target: number;
  /** RFC 3339. */
  readonly created_at: string;
}

/** What a pinned map held on one node. */
export interface PinnedContentsRow {
  readonly map_id: number;
  readonly node: string;
  /** RFC 3339. */
  readonly time: string;
  /** As `saveMap` of lib `machine` makes them. */
  readonly bytes: Uint8Array;
}

/** A link: what a restart needs to make it again. */
export interface LinkRow {
  readonly id: number;
  readonly object_id: number;
  readonly program_id: number;
  readonly created_at: string;
  /** The request that made it, as JSON text. */
  readonly request: string;
}

export interface MapSnapshotRow {
  readonly map_id: number;
  readonly map: string;
  readonly object: string;
  readonly node: string;
  readonly boot: string;
  readonly time: string;
  /** MapContents of lib `protocol` as JSON text. */
  readonly json: string;
}

export interface NextIds {
  readonly object: number;
  readonly program: number;
  readonly map: number;
  readonly link: number;
}

/** What was written in one transaction; all or nothing. */
export interface Batch {
  readonly records?: readonly RecordRow[];
  readonly sessions?: readonly ExecSession[];
  readonly commands?: readonly SessionCommand[];
  readonly snapshots?: readonly MapSnapshotRow[];
}

export interface StoreStatus {
  readonly file: string;
  readonly file_bytes: number;
  readonly records: number;
}

/** What the store thread does. Everything that returns has been committed. */
export interface StoreCommands {
  append: { params: Batch; result: null };
  'object.save': {
    params: { object: ObjectRow; links: readonly LinkRow[]; pins?: readonly BpffsRow[] };
    result: null;
  };
  /** It is unloaded but for what is pinned: of its links, only those given stay. */
  'object.reduce': { params: { id: number; links: readonly number[] }; result: null };
  'object.delete': { params: { id: number }; result: null };
  'object.set_without': { params: { id: number; without: readonly number[] }; result: null };
  'object.list': { params: null; result: readonly ObjectRow[] };
  'link.save': { params: LinkRow; result: null };
  'link.delete': { params: { id: number }; result: null };
  'link.list': { params: null; result: readonly LinkRow[] };
  'bpffs.save': { params: { rows: readonly BpffsRow[] }; result: null };
  /** With the last pin of a map on a node go the contents kept of it. */
  'bpffs.delete': { params: { path: string; nodes: readonly string[] }; result: null };
  /** By node and path: a directory before what is in it. */
  'bpffs.list': { params: null; result: readonly BpffsRow[] };
  'contents.save': { params: PinnedContentsRow; result: null };
  'contents.delete': { params: { map_id: number; node: string }; result: null };
  'contents.list': { params: null; result: readonly PinnedContentsRow[] };
  /** First free ids: never given again, not even after an unload. */
  'ids.next': { params: null; result: NextIds };
  'record.query': { params: RecordQuery; result: RecordPage };
  /** Records after (boot, sequence), oldest first, as JSON texts; boots in the order in which they began. */
  'record.after': {
    params: { boot: string; sequence: number; limit: number };
    result: readonly { readonly boot: string; readonly sequence: number; readonly json: string }[];
  };
  'session.list': { params: ExecSessionQuery; result: readonly ExecSession[] };
  'session.get': { params: { id: string }; result: ExecSessionDetail | null };
  /** Sessions of other boots that still run are `lost` from now on. */
  'session.mark_lost': { params: { boot: string; time: string }; result: null };
  'snapshot.list': { params: { map_id?: number; limit: number }; result: readonly MapSnapshotRow[] };
  'boot.begin': { params: { boot: string; time: string }; result: null };
  'setting.get': { params: { key: string }; result: string | null };
  'setting.set': { params: { key: string; value: string }; result: null };
  status: { params: null; result: StoreStatus };
  /** Deletes the oldest records beyond the limits. @returns how many */
  prune: { params: { records_max: number; bytes_max: number }; result: number };
}
