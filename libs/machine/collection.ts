import { assert, type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import { type BpfMap, PerfEventArray } from '@probed/maps';
import { MemoryLimitError } from '@probed/memory';
import { explainLog, type ObjectSpec, relocate } from '@probed/object';
import { type LoadedProgram, mapInfoOf } from '@probed/runtime';
import { type CollectionSpec, MapType } from '@probed/spec';
import { attachProgram } from './attach';
import type { BpfLinkInfo } from './attach/attach-env';
import { AttachedProgram, type LinkStats } from './attach/attached-program';
import type { Attachment, AttachOptions } from './attach/attachment';
import { linkType } from './attach/link-type';
import { type CollectionMaps, mapInPlace, pinMaps } from './bpffs/pinned-maps';
import { nearestHooks } from './configure/attachable';
import type { Machine } from './machine';

export interface CollectionOptions {
  readonly object: ObjectSpec;
  /** Also load programs whose section begins with `?`. */
  readonly withOptional?: boolean;
  readonly logLevel?: number;
  /** The same object on another node with the same kernel: what was found out there is not found out again. */
  readonly like?: Collection;
  /** Maps of others that take the place of the object's own, by name (`bpf_map__reuse_fd`). */
  readonly reuse?: ReadonlyMap<string, BpfMap>;
  /**
   * Maps declared with LIBBPF_PIN_BY_NAME are pinned at `/sys/fs/bpf/NAME`, or taken from there. Default true.
   */
  readonly pinByName?: boolean;
}

/** A program that hangs at a hook. */
export interface Link {
  /** Number of the link on its machine; grows, never used twice. */
  readonly id: number;
  /** The program that runs there now. */
  readonly program: LoadedProgram;
  readonly attachment: Attachment;
  readonly stats: LinkStats;
  /**
   * `BPF_LINK_UPDATE`: puts a program of the same type and attach type behind the link, between two events; also one
   * of another collection of the same machine. Errors: `link-update` (EINVAL).
   */
  update(program: LoadedProgram): Result<null>;
  /** Takes the program off its hook, unless the link is pinned, and the link out of its collection; again is harmless. */
  detach(): void;
}

/** Data pages of each CPU's buffer in a perf event array; what libbpf's tools use. */
const PERF_BUFFER_PAGES = 64;
const ENOMEM = 12;
const EINVAL = 22;

/** An object in the kernel: its maps and programs, and the links that attach them. */
export class Collection {
  readonly links: Link[] = [];
  private unloaded = false;

  constructor(
    private readonly machine: Machine,
    readonly spec: CollectionSpec,
    readonly maps: ReadonlyMap<string, BpfMap>,
    readonly programs: readonly LoadedProgram[],
    /** Names of maps that were there before: pinned, or another collection's. */
    readonly reused: ReadonlySet<string> = new Set(),
  ) {}

  /** Attaches one program where its section says, or where `options` say. */
  attach(program: LoadedProgram, options: AttachOptions = {}): Result<Link> {
    assert(!this.unloaded, `collection ${this.spec.name} has been unloaded`);
    const { attachEnv } = this.machine;
    const attached = new AttachedProgram(program, { maps: this.maps, btf: this.spec.btf });
    const attachment = attachProgram(attached, options, attachEnv);
    if (!attachment.ok) {
      const where = attachment.error.where ?? `program ${program.name} (${program.spec.section})`;
      const { code } = attachment.error;
      const near = code === 'no-such-hook' ? nearestHooks(program, options, attachEnv.hooks) : undefined;
      return err({ ...attachment.error, where, ...(near && { hint: near }) });
    }
    const link: Link = {
      id: attachEnv.nextLinkId(),
      get program() {
        return attached.program;
      },
      attachment: attachment.value,
      stats: attached.stats,
      update: (next) => {
        const done = replaceProgram(attached, next);
        // The link may have been the last to hold the program before.
        if (done.ok) this.machine.references.sweep();
        return done;
      },
      detach: () => this.detach(link),
    };
    if (options.iter?.map) this.machine.references.iterates(link, options.iter.map);
    this.links.push(link);
    return ok(link);
  }

  /** Links as the kernel's own structs have them. */
  *linkInfos(): Generator<BpfLinkInfo> {
    for (const { id, program } of this.links) yield { id, type: linkType(program), program };
  }

  detachAll(): void {
    for (const link of [...this.links]) link.detach();
  }

  /**
   * Gives everything back: links, programs, maps and their memory; what is pinned, and what that needs, stays until it is
   * unpinned. Records that nobody has taken yet are lost with their maps. Ids are never used again. Call it between
   * runs, once; the collection is of no use afterwards.
   */
  unload(): void {
    assert(!this.unloaded, `collection ${this.spec.name} is unloaded twice`);
    this.unloaded = true;
    const links = this.links.splice(0);
    this.machine.forget(this);
    this.machine.references.letGo({ links, programs: this.programs, maps: this.maps.values() });
  }

  private detach(link: Link): void {
    const at = this.links.indexOf(link);
    if (at < 0) return;
    this.links.splice(at, 1);
    this.machine.references.letGo({ links: [link] });
  }
}

/** kernel/bpf/syscall.c: link_update; a link's hook was checked for a type of program, so the type stays. */
function replaceProgram(attached: AttachedProgram, next: LoadedProgram): Result<null> {
  const { spec } = attached.program;
  const { type, expectedAttachType } = next.spec;
  if (type !== spec.type || expectedAttachType !== spec.expectedAttachType) {
    const message = `program ${next.name} (${next.spec.section}) is of another type than ${spec.name} (${spec.section})`;
    return err(diagnostic('link-update', message, { errno: EINVAL }));
  }
  attached.program = next;
  return ok(null);
}

/** `bpf_object__load`: relocate, create maps, verify and compile each program. */
export function loadCollection(machine: Machine, options: CollectionOptions): Result<Collection> {
  const relocated = options.like ? ok(options.like.spec) : relocate(options.object, machine.facts);
  if (!relocated.ok) return relocated;
  const spec = relocated.value;
  const made = createMaps(machine, spec, options);
  if (!made.ok) return made;
  const { maps, reused } = made.value;
  const programs: LoadedProgram[] = [];
  const ready = loadPrograms(machine, spec, maps, options, programs);
  const filled = ready.ok ? fillSlots(machine, spec, made.value, programs) : ready;
  const pinned = filled.ok ? pinMaps(machine.bpffs, spec, made.value, options) : filled;
  if (!pinned.ok) {
    for (const program of programs) machine.runtime.unload(program);
    destroyMaps(made.value);
    return pinned;
  }
  for (const [name, map] of maps) if (!reused.has(name)) machine.outputs.add(map);
  for (const program of programs) machine.references.loaded(program, maps);
  return ok(new Collection(machine, spec, maps, programs, reused));
}

function createMaps(
  machine: Machine,
  spec: CollectionSpec,
  options: CollectionOptions,
): Result<CollectionMaps> {
  const maps = new Map<string, BpfMap>();
  const reused = new Set<string>();
  for (const mapSpec of spec.maps) {
    const there = mapInPlace(machine.bpffs, mapSpec, options);
    const made = there.ok && !there.value ? machine.runtime.createMap(mapSpec) : there;
    if (!made.ok) {
      destroyMaps({ maps, reused });
      return err({ ...made.error, where: spec.name });
    }
    const map = made.value!;
    maps.set(mapSpec.name, map);
    if (there.ok && there.value) reused.add(mapSpec.name);
    else if (map instanceof PerfEventArray && !opened(map)) {
      destroyMaps({ maps, reused });
      const message = `map ${mapSpec.name}: no memory for its buffers (ENOMEM)`;
      return err(diagnostic('out-of-memory', message, { where: spec.name, errno: ENOMEM }));
    }
  }
  return ok({ maps, reused });
}

/** Opens a buffer on each CPU. @returns false when memory is exhausted */
function opened(map: PerfEventArray): boolean {
  try {
    map.openAll(PERF_BUFFER_PAGES);
    return true;
  } catch (error) {
    if (error instanceof MemoryLimitError) return false;
    throw error;
  }
}

/** @param programs receives those that are in the kernel, also when a later one fails */
function loadPrograms(
  machine: Machine,
  spec: CollectionSpec,
  maps: ReadonlyMap<string, BpfMap>,
  options: CollectionOptions,
  programs: LoadedProgram[],
): Result<null> {
  const env = machine.runtime.link(maps);
  const mapInfos = new Map(spec.maps.map((map) => [map.name, mapInfoOf(map)]));
  for (const program of spec.programs) {
    if (program.optional && !options.withOptional) continue;
    const loaded = machine.runtime.load(program, maps, env, {
      license: spec.license,
      objectBtf: spec.btf,
      logLevel: options.logLevel,
      mapInfos,
      verified: options.like?.programs[programs.length]?.verified,
    });
    if (!loaded.ok) {
      const where = `${spec.name}: program ${program.name} (${program.section})`;
      return err({ ...explained(loaded.error, options.object, program.name), where });
    }
    programs.push(loaded.value);
  }
  return ok(null);
}

function fillSlots(
  machine: Machine,
  spec: CollectionSpec,
  { maps, reused }: CollectionMaps,
  programs: readonly LoadedProgram[],
): Result<null> {
  for (const mapSpec of spec.maps) {
    // As libbpf: what another object has put into a map-in-map stays; program arrays get this object's programs.
    if (reused.has(mapSpec.name) && mapSpec.type !== MapType.PROG_ARRAY) continue;
    const filled = machine.runtime.fillSlots(mapSpec, maps, programs);
    if (!filled.ok) return err({ ...filled.error, where: spec.name });
  }
  return ok(null);
}

/** The verifier's refusal in the words of a loader, which knows what the numbers of its own relocations stand for. */
function explained(error: Diagnostic, object: ObjectSpec, program: string): Diagnostic {
  const { log, message } = error;
  if (!log) return error;
  const lines = explainLog(object, program, log);
  // The complaint is a line of the log; where that line was put in words, so is the complaint.
  const at = log.indexOf(message);
  return { ...error, log: lines, message: lines[at] ?? message };
}

function destroyMaps({ maps, reused }: CollectionMaps): void {
  for (const [name, map] of maps) if (!reused.has(name)) map.destroy();
}
