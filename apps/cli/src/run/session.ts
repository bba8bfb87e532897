import {
  chooseAlternatives,
  type EventChoice,
  eventChoices,
  type Link,
  leftOutRemarks,
  Machine,
  type Output,
  objectsWithMap,
  parseFaults,
  RecordDecoder,
  type RunRecorder,
  resizeMaps,
  setVariables,
  type TraceLine,
  unsizedMapRemarks,
  wallTimeOf,
  withAttachTargets,
} from '@probed/machine';
import { findMap, type ObjectSpec } from '@probed/object';
import type { MapInfo } from '@probed/spec';
import type { Scenario } from '@probed/workload';
import { CommandError, orFail } from '../errors';
import { chosenKernel } from '../input/kernel-option';
import { initMap, type MapInit, readMapInitFile } from '../input/map-init-file';
import { ObjectFiles, objectLabel } from '../input/object-file';
import type { MapDocument, ProgramDocument, RunDocument } from '../output/documents';
import { note } from '../output/printer';
import { Progress } from '../output/progress';
import type { ObjectLayout } from '../output/text-run-output';
import { findScenario, QUIET } from '../scenarios';
import { attachPrograms, type NamedCollection } from './attach-programs';
import { assignedValue, withoutUnasked } from './configure-objects';
import { type DriveScript, drive } from './drive';
import { mapDocument, summaryDocument } from './final-documents';
import type { RunOptions } from './run-options';
import { whyDocuments } from './why-documents';

/** An object in the machine, with what is needed to show its output. */
export interface LoadedObject extends NamedCollection {
  readonly decoder: RecordDecoder;
}

/** Virtual time after which init sleeps, ns. */
const QUIET_AFTER_NS = 100e6;

/** Counts for the summary. */
interface RunTotals {
  records: number;
  lost: number;
  traceLines: number;
}

/** A booted machine with the user's objects in it, ready to run. */
export class RunSession {
  readonly objects: LoadedObject[] = [];
  readonly totals: RunTotals = { records: 0, lost: 0, traceLines: 0 };
  links: ReadonlyMap<NamedCollection, readonly Link[]> = new Map();
  private readonly ownerOf = new Map<MapInfo, LoadedObject>();

  private constructor(
    readonly machine: Machine,
    readonly scenario: Scenario,
    private readonly options: RunOptions,
  ) {}

  /** Reads and configures the files, boots the machine, loads and attaches. Faults end the command. */
  static async open(
    files: readonly string[],
    options: RunOptions,
    recorder?: RunRecorder,
  ): Promise<RunSession> {
    const scenario = findScenario(options.scenario);
    const init = mapInitOf(options);
    const image = chosenKernel(options);
    const reader = new ObjectFiles(image);
    const remarks: string[] = [];
    const specs: ObjectSpec[] = [];
    for (const file of files) {
      const object = orFail(await reader.read(file));
      specs.push(withoutUnasked(object, options.attach ?? [], remarks));
    }
    const settings = (options.set ?? []).map(({ name, value }) => ({ name, value: assignedValue(value) }));
    orFail(setVariables(specs, settings));
    orFail(resizeMaps(specs, options.map ?? []));
    for (const map of init.keys()) orFail(objectsWithMap(specs, map));
    const choices = orFail(eventChoices(specs, options.event ?? []));
    const { seed, cpus, engine } = options;
    const faults = (options.fault ?? []).flatMap((text) => orFail(parseFaults(text)));
    const coverage = options.coverage === true;
    const machine = new Machine({ image, seed, cpus, engine, faults, coverage, recorder });
    // What init does at boot is over before anything is attached.
    if (scenario === QUIET) machine.run(QUIET_AFTER_NS, () => {});
    const session = new RunSession(machine, scenario, options);
    for (const [object, chosen] of choices) {
      const label = uniqueLabel(session.objects, objectLabel(object.name));
      session.load(object, label, init, chosen);
    }
    const { hooks } = session.machine.kernel;
    session.links = attachPrograms(session.objects, options.attach ?? [], hooks, remarks);
    for (const remark of remarks) note(remark);
    session.machine.start(scenario);
    return session;
  }

  private load(file: ObjectSpec, label: string, init: MapInit, choices: readonly EventChoice[]): void {
    const { machine, options } = this;
    const targets = (options.attach ?? []).map(({ name, value }) => ({ program: name, target: value }));
    const aimed = withAttachTargets(file, targets);
    const object = options.strict ? aimed : this.withoutAlternatives(aimed);
    const collection = orFail(machine.load({ object, logLevel: 1 }));
    for (const remark of unsizedMapRemarks(object, collection.spec)) note(`${object.name}: ${remark}`);
    const decoder = orFail(RecordDecoder.create(object, machine.facts.btf, machine.kernel, choices));
    for (const [name, entries] of init) {
      const map = collection.maps.get(findMap(object, name)?.name ?? '');
      if (!map) continue;
      const done = initMap(map, entries, object.btf, machine.kernel.cpus);
      if (!done.ok)
        throw new CommandError({ ...done.error, where: `${mapInitName(options)}: ${done.error.where}` });
    }
    const loaded: LoadedObject = { label, collection, decoder };
    this.objects.push(loaded);
    for (const [name, map] of collection.maps)
      if (!collection.reused.has(name)) this.ownerOf.set(map.info, loaded);
  }

  /** Chooses between the programs of an object as the user-space half of its tool would. */
  private withoutAlternatives(file: ObjectSpec): ObjectSpec {
    const { kernel, facts } = this.machine;
    const named = (program: string) => (this.options.attach ?? []).some(({ name }) => name === program);
    const { object, leftOut } = chooseAlternatives(file, { btf: facts.btf, hooks: kernel.hooks }, named);
    for (const remark of leftOutRemarks(leftOut)) note(`${file.name}: ${remark}`);
    return object;
  }

  /** Types and decoders by object, for output as text. */
  layouts(): Map<string, ObjectLayout> {
    return new Map(
      this.objects.map(({ label, collection, decoder }) => {
        const maps = new Map([...collection.maps.values()].map(({ info }) => [info.name, info]));
        return [label, { decoder, maps: { btf: collection.spec.btf, maps } }];
      }),
    );
  }

  /** Runs the scenario, then reports the maps and the totals. @param script what a host does on the way */
  async run(
    put: (document: RunDocument) => void,
    drain: () => Promise<void>,
    script: DriveScript = {},
  ): Promise<void> {
    this.putAttachments(put);
    const { options, machine, scenario } = this;
    const progress = new Progress();
    const covered = await drive(
      machine,
      {
        output: (output) => {
          progress.clear();
          put(this.outputDocument(output));
        },
        trace: (line) => {
          progress.clear();
          put(this.traceDocument(line));
        },
        drain,
      },
      {
        durationNs: options.for ?? scenario.defaultDurationNs,
        realtime: options.realtime === true,
        recordsMax: options.limit ?? Number.POSITIVE_INFINITY,
        progress,
        ...script,
      },
    );
    if (options.maps) await this.putMaps(put, drain);
    if (options.why) for (const document of whyDocuments(this)) put(document);
    put(summaryDocument(this, covered));
    await drain();
  }

  /** Maps and programs as they are now. */
  present(): { readonly maps: MapDocument[]; readonly programs: readonly ProgramDocument[] } {
    const maps: MapDocument[] = [];
    for (const object of this.objects) {
      for (const map of object.collection.maps.values()) {
        const document = mapDocument(object, map, this.machine.kernel);
        if (document) maps.push(document);
      }
    }
    return { maps, programs: summaryDocument(this, 0).programs };
  }

  get seed(): number {
    return this.options.seed;
  }

  private putAttachments(put: (document: RunDocument) => void): void {
    for (const [{ label }, links] of this.links) {
      for (const { program, attachment } of links) {
        const { hook, state } = attachment;
        const { name, spec } = program;
        put({ type: 'attach', object: label, program: name, section: spec.section, hook, state });
      }
    }
  }

  private async putMaps(put: (document: RunDocument) => void, drain: () => Promise<void>): Promise<void> {
    for (const object of this.objects) {
      for (const [name, map] of object.collection.maps) {
        // One that was there before is shown with the object that made it.
        if (object.collection.reused.has(name)) continue;
        const document = mapDocument(object, map, this.machine.kernel);
        if (document) put(document);
        await drain();
      }
    }
  }

  private outputDocument(output: Output): RunDocument {
    const owner = this.ownerOf.get(output.map);
    const object = owner?.label ?? '';
    const map = output.map.name;
    if (output.kind === 'lost') {
      this.totals.lost += output.count;
      const { cpu, count } = output;
      return { type: 'lost', object, map, ...(cpu !== undefined && { cpu }), count };
    }
    this.totals.records++;
    const { origin, sequence, bytes } = output;
    const { kernel } = this.machine;
    const { ns, cpu, program, hook, pid, tgid, uid, comm, cgroupId } = origin;
    const cgroup = kernel.cgroupPath(cgroupId);
    const typed =
      owner?.decoder.decode(output.map, bytes, kernel.nowNs(), { pid: tgid, maps: owner.collection.maps }) ??
      {};
    const task = { pid, tgid, uid, comm, cgroup_id: cgroupId, ...(cgroup !== undefined && { cgroup }) };
    const time = wallTimeOf(kernel, ns);
    const at = { ktime_ns: ns, time, node: kernel.hostname, cpu };
    return { type: 'record', sequence, ...at, object, program, hook, map, task, ...typed };
  }

  private traceDocument({ ns, cpu, pid, comm, text }: TraceLine): RunDocument {
    this.totals.traceLines++;
    return { type: 'trace', ktime_ns: ns, time: wallTimeOf(this.machine.kernel, ns), cpu, pid, comm, text };
  }
}

function mapInitOf({ mapInit }: RunOptions): MapInit {
  if (mapInit === undefined) return new Map();
  return typeof mapInit === 'string' ? orFail(readMapInitFile(mapInit)) : mapInit;
}

function mapInitName({ mapInit }: RunOptions): string {
  return typeof mapInit === 'string' ? mapInit : 'maps';
}

/** Two files of the same name get a number, so that output tells them apart. */
function uniqueLabel(objects: readonly LoadedObject[], label: string): string {
  let unique = label;
  for (let n = 2; objects.some((object) => object.label === unique); n++) unique = `${label}-${n}`;
  return unique;
}
