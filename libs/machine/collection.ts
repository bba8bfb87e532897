import { type Diagnostic, err, ok, type Result } from '@probed/base';
import { type BpfMap, PerfEventArray } from '@probed/maps';
import { explainLog, type ObjectSpec, relocate } from '@probed/object';
import type { LoadedProgram } from '@probed/runtime';
import type { CollectionSpec } from '@probed/spec';
import { attachProgram } from './attach';
import type { Attachment, AttachOptions } from './attach/attachment';
import type { Machine } from './machine';

export interface CollectionOptions {
  readonly object: ObjectSpec;
  /** Also load programs whose section begins with `?`. */
  readonly withOptional?: boolean;
  readonly logLevel?: number;
}

/** A program that hangs at a hook. */
export interface Link {
  readonly program: LoadedProgram;
  readonly attachment: Attachment;
}

/** Data pages of each CPU's buffer in a perf event array; what libbpf's tools use. */
const PERF_BUFFER_PAGES = 64;

/** An object in the kernel: its maps and programs, and the links that attach them. */
export class Collection {
  readonly links: Link[] = [];

  constructor(
    private readonly machine: Machine,
    readonly spec: CollectionSpec,
    readonly maps: ReadonlyMap<string, BpfMap>,
    readonly programs: readonly LoadedProgram[],
  ) {}

  /** Attaches one program where its section says, or where `options` say. */
  attach(program: LoadedProgram, options: AttachOptions = {}): Result<Link> {
    const attachment = attachProgram(program, options, this.machine.attachEnv);
    if (!attachment.ok) {
      const where = attachment.error.where ?? `program ${program.name} (${program.spec.section})`;
      return err({ ...attachment.error, where });
    }
    const link: Link = { program, attachment: attachment.value };
    this.links.push(link);
    return ok(link);
  }

  detachAll(): void {
    for (const link of this.links.splice(0)) link.attachment.detach();
  }
}

/** `bpf_object__load`: relocate, create maps, verify and compile each program. */
export function loadCollection(machine: Machine, options: CollectionOptions): Result<Collection> {
  const relocated = relocate(options.object, machine.facts);
  if (!relocated.ok) return relocated;
  const spec = relocated.value;
  const maps = createMaps(machine, spec);
  if (!maps.ok) return maps;
  const programs = loadPrograms(machine, spec, maps.value, options);
  if (!programs.ok) {
    destroyMaps(maps.value);
    return programs;
  }
  for (const mapSpec of spec.maps) {
    const filled = machine.runtime.fillSlots(mapSpec, maps.value, programs.value);
    if (!filled.ok) {
      destroyMaps(maps.value);
      return err({ ...filled.error, where: spec.name });
    }
  }
  for (const map of maps.value.values()) machine.outputs.add(map);
  return ok(new Collection(machine, spec, maps.value, programs.value));
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
    if (made.value instanceof PerfEventArray) made.value.openAll(PERF_BUFFER_PAGES);
  }
  return ok(maps);
}

function loadPrograms(
  machine: Machine,
  spec: CollectionSpec,
  maps: ReadonlyMap<string, BpfMap>,
  options: CollectionOptions,
): Result<LoadedProgram[], Diagnostic> {
  const env = machine.runtime.link(maps);
  const programs: LoadedProgram[] = [];
  for (const program of spec.programs) {
    if (program.optional && !options.withOptional) continue;
    const loaded = machine.runtime.load(program, maps, env, {
      license: spec.license,
      objectBtf: spec.btf,
      logLevel: options.logLevel,
    });
    if (!loaded.ok) {
      const where = `${spec.name}: program ${program.name} (${program.section})`;
      return err({ ...explained(loaded.error, options.object, program.name), where });
    }
    programs.push(loaded.value);
  }
  return ok(programs);
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
