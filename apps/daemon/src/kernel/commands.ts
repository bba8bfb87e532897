import type {
  AttachOptions,
  BpffsEntry,
  ExecSession,
  ExecStart,
  HookList,
  HookQuery,
  Link,
  LinkFinding,
  LinkText,
  LoadOptions,
  LostRecord,
  MapContents,
  MapEntry,
  MapInfo,
  MapUpdate,
  PinRequest,
  Pod,
  Program,
  ProgramDump,
  SessionCommand,
  TraceRecord,
  WireRecord,
  Workload,
  WorkloadStart,
} from '@probed/protocol';
import type { BpffsRow, ReusedMaps } from '@probed/store';

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
  /**
   * Given when it is restored: which maps of other objects stand in for its own. Nothing is pinned then; pins are
   * restored by themselves.
   */
  readonly reused?: ReusedMaps;
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
export type KernelProgram = Omit<Program, 'loaded_at' | 'link_ids' | 'pinned'>;
export type KernelLink = Omit<Link, 'created_at' | 'pinned'>;
/** A name in bpffs that has come to be, as it is stored. */
export type KernelPin = Omit<BpffsRow, 'created_at'>;

/** What there still is of an unloaded object, because it is pinned or needed by what is. */
export interface Remains {
  readonly object_id: number;
  readonly programs: readonly KernelProgram[];
  readonly maps: readonly MapInfo[];
  readonly links: readonly KernelLink[];
}

/** After something was let go of: all unloaded objects of which there still is something. */
export interface LetGo {
  readonly remains: readonly Remains[];
}

/** What a map holds, where it has changed. */
export interface SavedMap {
  /** Of the contents; the same as before when nothing has changed. */
  readonly digest: string;
  readonly bytes?: Uint8Array;
  /** It holds too much to be kept. */
  readonly too_large?: boolean;
}

export interface LoadedObject {
  readonly programs: readonly KernelProgram[];
  readonly maps: readonly MapInfo[];
  readonly links: readonly MadeLink[];
  /** Pinned on the way: maps with LIBBPF_PIN_BY_NAME, and those of `options.pin_maps`. */
  readonly pins: readonly KernelPin[];
  readonly reused: ReusedMaps;
  /** Ids of programs that were left out, since this kernel has no such hook or another program does the same. */
  readonly without: readonly number[];
  /** Remarks on the way, one line each, e.g. programs left out. */
  readonly remarks: readonly string[];
}

/** bpf(2) and what else user space asks of the kernel thread. Refusals are `CommandRefused` with a diagnostic. */
export interface KernelCommands {
  'object.load': { params: LoadObject; result: LoadedObject };
  /** What there would still be of a loaded object after its unload; null: nothing. */
  'object.remains': { params: { object_id: number }; result: Remains | null };
  'object.unload': { params: { object_id: number }; result: LetGo };
  /** Programs of all objects with their counters, all nodes. */
  'program.list': { params: null; result: readonly KernelProgram[] };
  'program.dump': { params: { program_id: number; format: 'xlated' | 'jited' }; result: ProgramDump };
  'program.log': { params: { program_id: number }; result: { processed: number; log: readonly string[] } };
  'program.unload': { params: { program_id: number }; result: LetGo };
  'link.create': { params: CreateLink; result: KernelLink };
  /** Links of all objects with their counters, all nodes. */
  'link.list': { params: null; result: readonly KernelLink[] };
  /** BPF_LINK_UPDATE on all nodes of the link or on none. */
  'link.update': { params: { link_id: number; program_id: number }; result: LetGo & { link: KernelLink } };
  'link.why': {
    params: { link_id: number };
    result: readonly { readonly node: string; readonly findings: readonly LinkFinding[] }[];
  };
  'link.read': { params: { link_id: number; node?: string }; result: LinkText['nodes'] };
  'link.detach': { params: { link_id: number }; result: LetGo };
  'bpffs.list': {
    params: { path: string; recursive: boolean; node?: string };
    result: readonly BpffsEntry[];
  };
  'bpffs.pin': { params: PinRequest; result: { entry: BpffsEntry; pins: readonly KernelPin[] } };
  'bpffs.mkdir': {
    params: { path: string; node?: string };
    result: { entry: BpffsEntry; pins: readonly KernelPin[] };
  };
  /** Refuses as `bpffs.remove` would. @returns the path as it is stored, and the nodes that have it */
  'bpffs.check': {
    params: { path: string; kind: 'pin' | 'dir'; node?: string };
    result: { path: string; nodes: readonly string[] };
  };
  'bpffs.remove': { params: { path: string; nodes: readonly string[] }; result: LetGo };
  /** Makes names again. @returns those that could not be, with why */
  'bpffs.restore': {
    params: { pins: readonly KernelPin[] };
    result: readonly { readonly pin: KernelPin; readonly error: string }[];
  };
  'map.save': { params: { map_id: number; node: string; digest?: string }; result: SavedMap };
  /** @returns entries that were put back */
  'map.restore': { params: { map_id: number; node: string; bytes: Uint8Array }; result: number };
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
  /** What uname shows, e.g. `6.18.0`. */
  readonly release: string;
}

/** What the kernel thread is booted with (`workerData`). */
export interface KernelBoot {
  readonly boot: string;
  readonly scenario: string;
  readonly seed: number;
  readonly speed: number;
  readonly rate: number;
  /** BTF file whose layout the nodes wear; the reference kernel's without. */
  readonly btf?: string;
  /** What uname shows in place of what the BTF file's name says. */
  readonly release?: string;
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
