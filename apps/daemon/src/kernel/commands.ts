import type {
  AttachOptions,
  ExecSession,
  ExecStart,
  HookList,
  HookQuery,
  Link,
  LoadOptions,
  LostRecord,
  MapContents,
  MapEntry,
  MapInfo,
  MapUpdate,
  Pod,
  Program,
  ProgramDump,
  SessionCommand,
  TraceRecord,
  WireRecord,
  Workload,
  WorkloadStart,
} from '@probed/protocol';

/** Ids are given by user space, which stores them; programs and maps of an object count up from its first ones. */
export interface LoadObject {
  readonly object_id: number;
  /** Name in records and lists. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly first_program_id: number;
  readonly first_map_id: number;
  /** Given to the links that `options.attach` makes, counting up. */
  readonly first_link_id: number;
  readonly options: LoadOptions;
  /** Programs of the object that are not to be loaded (unloaded one by one before). */
  readonly without?: readonly number[];
}

/** A link to be made; as stored, so that a restart makes it again. */
export interface CreateLink extends AttachOptions {
  readonly link_id: number;
  readonly program_id: number;
  /** One node; all nodes of the object by default. */
  readonly node?: string;
}

/** A link with what made it. */
export interface MadeLink {
  readonly link: KernelLink;
  readonly request: CreateLink;
}

/** What the kernel thread knows of programs, links and maps; user space adds when they were made. */
export type KernelProgram = Omit<Program, 'loaded_at' | 'link_ids'>;
export type KernelLink = Omit<Link, 'created_at'>;

export interface LoadedObject {
  readonly programs: readonly KernelProgram[];
  readonly maps: readonly MapInfo[];
  readonly links: readonly MadeLink[];
  /** Remarks on the way, one line each, e.g. optional programs left out. */
  readonly remarks: readonly string[];
}

/** bpf(2) and what else user space asks of the kernel thread. Refusals are `CommandRefused` with a diagnostic. */
export interface KernelCommands {
  'object.load': { params: LoadObject; result: LoadedObject };
  'object.unload': { params: { object_id: number }; result: null };
  /** Programs of all objects with their counters, all nodes. */
  'program.list': { params: null; result: readonly KernelProgram[] };
  'program.dump': { params: { program_id: number; format: 'xlated' | 'jited' }; result: ProgramDump };
  'program.log': { params: { program_id: number }; result: { processed: number; log: readonly string[] } };
  'program.unload': { params: { program_id: number }; result: null };
  'link.create': { params: CreateLink; result: KernelLink };
  'link.detach': { params: { link_id: number }; result: null };
  'map.dump': { params: { map_id: number; node?: string; limit: number }; result: readonly MapContents[] };
  'map.lookup': {
    params: { map_id: number; key: unknown; node?: string };
    result: readonly (MapEntry & { node: string })[];
  };
  'map.update': { params: MapUpdate & { map_id: number }; result: readonly (MapEntry & { node: string })[] };
  'map.delete': { params: { map_id: number; key: unknown; node?: string }; result: null };
  'hook.list': { params: HookQuery; result: HookList };
  'pod.list': { params: null; result: readonly Pod[] };
  /** The session exists when this resolves; its output and end come as frames. */
  'exec.start': { params: ExecStart & { id: string }; result: ExecSession };
  'exec.input': { params: { session: string; bytes: Uint8Array }; result: null };
  'exec.eof': { params: { session: string }; result: null };
  'exec.resize': { params: { session: string; rows: number; columns: number }; result: null };
  'exec.kill': { params: { session: string }; result: null };
  'workload.get': { params: null; result: Workload };
  /** Only `speed` and resuming take effect at once; another scenario, seed or rate needs a new boot. */
  'workload.start': { params: WorkloadStart; result: Workload };
  'workload.stop': { params: null; result: Workload };
  /** Time begins to pass: what is to be there from the first moment on has been restored. */
  go: { params: null; result: null };
  status: { params: null; result: KernelStatus };
  /** Rehearses a failure of this thread. */
  fault: { params: { mode: 'crash' | 'hang' }; result: null };
}

export interface KernelStatus {
  readonly virtual_ns: number;
  readonly lag_ms: number;
  readonly memory_bytes: number;
}

/** What the kernel thread is booted with (`workerData`). */
export interface KernelBoot {
  readonly boot: string;
  readonly scenario: string;
  readonly seed: number;
  readonly speed: number;
  readonly rate: number;
  /** Wall time at boot, ns since 1970, decimal. */
  readonly epoch_ns: string;
  /** The ring through which frames leave, see `SharedRing` of lib `stream`. */
  readonly ring: SharedArrayBuffer;
  /** Int32: [0] counts slices and finished commands, [1] is 1 while a command or slice is being worked on. */
  readonly heartbeat: SharedArrayBuffer;
}

/** What leaves the kernel thread by itself, in order. */
export type KernelFrame =
  /** `json` is the record's JSON text, so that nobody has to make it again; `raw` are the record's bytes. */
  | { readonly type: 'record'; readonly record: WireRecord; readonly json: string; readonly raw: Uint8Array }
  | { readonly type: 'lost'; readonly lost: LostRecord }
  | { readonly type: 'trace'; readonly trace: TraceRecord }
  | { readonly type: 'session'; readonly session: ExecSession }
  /** Sent when a command starts and again when it ends. */
  | { readonly type: 'command'; readonly command: SessionCommand }
  | {
      readonly type: 'output';
      readonly session: string;
      readonly stream: 'stdout' | 'stderr';
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'exit'; readonly session: string; readonly exit_code: number; readonly error?: string };
