import { assert, type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import { type BpfMap, PerfEventArray } from '@probed/maps';
import { MemoryLimitError } from '@probed/memory';
import { explainLog, type ObjectSpec, relocate } from '@probed/object';
import type { LoadedProgram } from '@probed/runtime';
import type { CollectionSpec } from '@probed/spec';
import { attachProgram } from './attach';
import { AttachedProgram, type LinkStats } from './attach/attached-program';
import type { Attachment, AttachOptions } from './attach/attachment';
import type { Machine } from './machine';

export interface CollectionOptions {
  readonly object: ObjectSpec;
  /** Also load programs whose section begins with `?`. */
  readonly withOptional?: boolean;
  readonly logLevel?: number;
  /** The same object on another node with the same kernel: what was found out there is not found out again. */
  readonly like?: Collection;
}

/** A program that hangs at a hook. */
export interface Link {
  /** The program that runs there now. */
  readonly program: LoadedProgram;
  readonly attachment: Attachment;
  readonly stats: LinkStats;
  /**
   * `BPF_LINK_UPDATE`: puts a program of the same type and attach type behind the link, between two events; also one
   * of another collection of the same machine. Errors: `link-update` (EINVAL).
   */
  update(program: LoadedProgram): Result<null>;
  /** Takes the program off its hook and the link out of its collection; again is harmless. */
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
  ) {}

  /** Attaches one program where its section says, or where `options` say. */
  attach(program: LoadedProgram, options: AttachOptions = {}): Result<Link> {
    assert(!this.unloaded, `collection ${this.spec.name} has been unloaded`);
    const attached = new AttachedProgram(program);
    const attachment = attachProgram(attached, options, this.machine.attachEnv);
    if (!attachment.ok) {
      const where = attachment.error.where ?? `program ${program.name} (${program.spec.section})`;
      return err({ ...attachment.error, where });
    }
    const link: Link = {
      get program() {
        return attached.program;
      },
      attachment: attachment.value,
      stats: attached.stats,
      update: (next) => replaceProgram(attached, next),
      detach: () => this.detach(link),
    };
    this.links.push(link);
    return ok(link);
  }

  detachAll(): void {
    for (const link of [...this.links]) link.detach();
  }

  /**
   * Gives everything back: links, programs, maps and their memory. Records that nobody has taken yet are lost with their
   * maps. Ids are never used again. Call it between runs, once; the collection is of no use afterwards.
   */
  unload(): void {
    assert(!this.unloaded, `collection ${this.spec.name} is unloaded twice`);
    this.unloaded = true;
    this.detachAll();
    this.machine.forget(this);
    for (const program of this.programs) this.machine.runtime.unload(program);
    destroyMaps(this.maps);
  }

  private detach(link: Link): void {
    const at = this.links.indexOf(link);
    if (at < 0) return;
    this.links.splice(at, 1);
    link.attachment.detach();
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
  const maps = createMaps(machine, spec);
  if (!maps.ok) return maps;
  const programs: LoadedProgram[] = [];
  const ready = loadPrograms(machine, spec, maps.value, options, programs);
  const filled = ready.ok ? fillSlots(machine, spec, maps.value, programs) : ready;
  if (!filled.ok) {
    for (const program of programs) machine.runtime.unload(program);
    destroyMaps(maps.value);
    return filled;
  }
  for (const map of maps.value.values()) machine.outputs.add(map);
  return ok(new Collection(machine, spec, maps.value, programs));
}

function createMaps(machine: Machine, spec: CollectionSpec): Result<Map<string, BpfMap>> {
  const maps = new Map<string, BpfMap>();
  for (const mapSpec of spec.maps) {
    const made = machine.runtime.createMap(mapSpec);
    if (!made.ok) {
      destroyMaps(maps);
      return err({ ...made.error, where: spec.name });
    }
    maps.set(mapSpec.name, made.value);
    if (made.value instanceof PerfEventArray && !opened(made.value)) {
      destroyMaps(maps);
      const message = `map ${mapSpec.name}: no memory for its buffers (ENOMEM)`;
      return err(diagnostic('out-of-memory', message, { where: spec.name, errno: ENOMEM }));
    }
  }
  return ok(maps);
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
  for (const program of spec.programs) {
    if (program.optional && !options.withOptional) continue;
    const loaded = machine.runtime.load(program, maps, env, {
      license: spec.license,
      objectBtf: spec.btf,
      logLevel: options.logLevel,
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
  maps: ReadonlyMap<string, BpfMap>,
  programs: readonly LoadedProgram[],
): Result<null> {
  for (const mapSpec of spec.maps) {
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

function destroyMaps(maps: ReadonlyMap<string, BpfMap>): void {
  for (const map of maps.values()) map.destroy();
}
