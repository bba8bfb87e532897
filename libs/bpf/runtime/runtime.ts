import { type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import type { Btf } from '@probed/btf';
import { createHelpers, type KernelServices } from '@probed/helpers';
import { createInterpreter, type StepObserver } from '@probed/interp';
import { isHelperCall, isKfuncCall } from '@probed/isa';
import { compile, JitLimitError } from '@probed/jit';
import { type BpfMap, createMap, type MapEnv, MapRegistry, ProgArrayMap } from '@probed/maps';
import type { KernelMemory } from '@probed/memory';
import {
  ExecutionCounters,
  helperById,
  type KernelFacts,
  kfuncAbi,
  kfuncName,
  type MapInfo,
  type MapSpec,
  MapType,
  type ProgramSpec,
  type VerifiedProgram,
} from '@probed/spec';
import { type VerifierReject, verify } from '@probed/verifier';
import { CollectionEnv } from './collection-env';
import { type HelperInterceptor, intercepted } from './helper-interceptor';
import { withKeptBytes } from './kept-bytes';
import { LoadedProgram } from './loaded-program';
import { mapInfoOf } from './map-info';
import { RecursionGuards } from './recursion-guard';
import { observed, type RunObserver } from './run-observer';
import { RunStacks } from './run-stacks';
import { TailCalls } from './tail-calls';

/** How programs run: compiled, or by the reference interpreter. */
export type Engine = 'jit' | 'interp';

export interface RuntimeOptions {
  readonly memory: KernelMemory;
  readonly facts: KernelFacts;
  readonly services: KernelServices;
  readonly engine?: Engine;
  /** See {@link MapEnv.tagRecord}. */
  readonly tagRecord?: () => unknown;
  /** Counts how often each instruction runs ({@link LoadedProgram.counters}). */
  readonly coverage?: boolean;
  /** Sees every instruction that the interpreter runs. */
  readonly observe?: StepObserver;
  /** Sees each instruction that runs; programs are interpreted then. */
  readonly observer?: RunObserver;
  /** Stands between programs and helpers. */
  readonly interceptor?: HelperInterceptor;
}

/** What `BPF_PROG_LOAD` takes besides the code. */
export interface LoadOptions {
  readonly license: string;
  readonly objectBtf?: Btf;
  /** `attr.log_level`. */
  readonly logLevel?: number;
  /** What the verifier made of the same program against the same maps, for a kernel with the same facts: taken over. */
  readonly verified?: VerifiedProgram;
  /** What this object declares of its maps, by name: of one that is another object's, its own BTF has the types. */
  readonly mapInfos?: ReadonlyMap<string, MapInfo>;
  readonly caps?: ReadonlySet<string>;
}

/** The BPF side of one kernel: creates maps, verifies and compiles programs, keeps their ids. */
export class BpfRuntime {
  readonly maps = new MapRegistry();
  private readonly mapEnv: MapEnv;
  private readonly stacks: RunStacks;
  private readonly guards: RecursionGuards;
  private readonly resultSlot: number;
  private readonly tailCalls = new TailCalls(this.maps);
  private readonly programs = new Map<number, LoadedProgram>();
  private lastProgramId = 0;

  constructor(private readonly options: RuntimeOptions) {
    const { memory, facts, services } = options;
    this.mapEnv = {
      memory,
      cpus: services.cpus,
      registry: this.maps,
      currentCpu: () => services.cpu(),
      mapField: bpfMapFields(facts.btf),
      programById: (id) => this.programs.get(id),
      ...storageOwners(services),
      tagRecord: options.tagRecord,
    };
    this.stacks = new RunStacks(memory, services.cpus);
    this.guards = new RecursionGuards(services.cpus);
    this.resultSlot = memory.alloc(8);
  }

  /** `BPF_MAP_CREATE`, with the initial contents that the object has for it. */
  createMap(spec: MapSpec): Result<BpfMap> {
    const made = createMap(mapInfoOf(spec), this.mapEnv);
    if (!made.ok) return made;
    if (spec.contents) made.value.updateElem(new Uint8Array(4), spec.contents, 0);
    if (spec.frozen) made.value.freeze();
    return made;
  }

  /** Links for the programs of one collection. */
  link(maps: ReadonlyMap<string, BpfMap>): CollectionEnv {
    const { memory, facts, services, interceptor } = this.options;
    const find = (id: number, map?: BpfMap) =>
      intercepted(this.maps, interceptor, helpers.get(id, map), id, map);
    const kfunc = (name: string) => helpers.kfunc(name);
    const env = new CollectionEnv(
      memory,
      this.resultSlot,
      maps,
      facts,
      find,
      kfunc,
      this.tailCalls,
      interceptor,
      services.packets,
    );
    const helpers = createHelpers({ memory, services, maps: this.maps, env });
    return env;
  }

  /** `BPF_PROG_LOAD`: verify, then compile. `program` has its CO-RE relocations applied. */
  load(
    program: ProgramSpec,
    maps: ReadonlyMap<string, BpfMap>,
    env: CollectionEnv,
    options: LoadOptions,
  ): Result<LoadedProgram, VerifierReject | Diagnostic> {
    const infos = new Map<string, MapInfo>(
      [...maps].map(([name, map]) => [name, options.mapInfos?.get(name) ?? map.info]),
    );
    const verified = options.verified
      ? ok(options.verified)
      : verify(program, infos, this.options.facts, { ...options, logLevel: options.logLevel ?? 1 });
    if (!verified.ok) return verified;
    const missing =
      unsupportedHelper(verified.value) ??
      unsupportedKfunc(verified.value) ??
      foreignProgArray(verified.value, maps);
    if (missing) return err(missing);
    const counters = this.options.coverage ? new ExecutionCounters(verified.value.insns.length) : undefined;
    const built = this.build(withKeptBytes(verified.value), env, counters);
    if (!built.ok) return built;
    const guard = this.guards.guardFor(program.type);
    const { executable, wasm } = built.value;
    const id = ++this.lastProgramId;
    const { stacks, tailCalls } = this;
    const loaded = new LoadedProgram(
      id,
      verified.value,
      wasm,
      executable,
      env,
      stacks,
      guard,
      tailCalls,
      counters,
    );
    this.programs.set(id, loaded);
    return ok(loaded);
  }

  /** The last reference of user space to a program is gone; program arrays that hold it go on calling it. */
  unload(program: LoadedProgram): void {
    this.programs.delete(program.id);
  }

  /**
   * Elements that an object initialises (`.values = { … }`), once its maps and programs exist: inner maps of a
   * map-in-map, programs of a program array. Programs that were not loaded leave their slot empty.
   */
  fillSlots(
    spec: MapSpec,
    maps: ReadonlyMap<string, BpfMap>,
    programs: readonly LoadedProgram[],
  ): Result<null> {
    const map = maps.get(spec.name)!;
    for (const slot of spec.slots ?? []) {
      const id =
        'map' in slot ? maps.get(slot.map)?.id : programs.find(({ name }) => name === slot.program)?.id;
      if (id === undefined) continue;
      const result = map.updateElem(u32(slot.index), u32(id), 0);
      if (result === 0) continue;
      const what = 'map' in slot ? slot.map : slot.program;
      const message = `map ${spec.name}: slot [${slot.index}] can't hold ${what}`;
      return err(diagnostic('map-slot', message, { errno: -result }));
    }
    return ok(null);
  }

  private build(program: VerifiedProgram, env: CollectionEnv, counters: ExecutionCounters | undefined) {
    const { engine, observer } = this.options;
    if (observer) {
      const observe: RunObserver['step'] = (slot, registers, depth) => observer.step(slot, registers, depth);
      const executable = createInterpreter(program, env, { counters, observe });
      return ok({ executable: observed(program, executable, observer), wasm: undefined });
    }
    if (engine === 'interp') {
      return ok({
        executable: createInterpreter(program, env, { counters, observe: this.options.observe }),
        wasm: undefined,
      });
    }
    try {
      const jited = compile(program, env, counters);
      return ok({ executable: jited, wasm: jited.wasm });
    } catch (error) {
      if (!(error instanceof JitLimitError)) throw error;
      const code = 'jit-limit';
      return err<Diagnostic>({ code, message: error.message, where: program.spec.name, errno: ENOTSUPP });
    }
  }
}

/** Who owns the values of storage maps, by the numbers that user space knows them by. */
function storageOwners({ walks }: KernelServices): Pick<MapEnv, 'objectByNumber' | 'numberOfObject'> {
  return {
    objectByNumber: (type, number) => {
      if (type === MapType.TASK_STORAGE) return walks?.taskByPid(number, 'initial') || undefined;
      return type === MapType.CGRP_STORAGE ? walks?.cgroupById(number) || undefined : undefined;
    },
    numberOfObject: (type, object) => {
      if (type === MapType.TASK_STORAGE) return walks?.pidOf(object);
      return type === MapType.CGRP_STORAGE ? walks?.cgroupIdOf(object) : undefined;
    },
  };
}

/** A helper that Linux has and this runtime has not: the program is sound, but cannot run here. */
function unsupportedHelper(program: VerifiedProgram): Diagnostic | undefined {
  const slot = program.insns.findIndex(
    (insn, at) =>
      program.facts[at].reachable && isHelperCall(insn) && helperById(insn.imm)?.support === 'none',
  );
  if (slot < 0) return undefined;
  const { imm } = program.insns[slot];
  const message = `helper bpf_${helperById(imm)?.name}#${imm} is not supported (EOPNOTSUPP)`;
  return diagnostic('helper-unsupported', message, { where: program.spec.name, errno: EOPNOTSUPP });
}

/** A kernel function that the verifier knows and this runtime has not. */
function unsupportedKfunc(program: VerifiedProgram): Diagnostic | undefined {
  const slot = program.insns.findIndex(
    (insn, at) => program.facts[at].reachable && isKfuncCall(insn) && !kfuncAbi(kfuncName(program, at) ?? ''),
  );
  if (slot < 0) return undefined;
  const name = kfuncName(program, slot) ?? `#${program.insns[slot].imm}`;
  const message = `kernel function ${name} is not supported (EOPNOTSUPP)`;
  return diagnostic('kfunc-unsupported', message, { where: program.spec.name, errno: EOPNOTSUPP });
}

/** A program array belongs to programs of one type (kernel/bpf/core.c: bpf_check_tail_call). */
function foreignProgArray(
  program: VerifiedProgram,
  maps: ReadonlyMap<string, BpfMap>,
): Diagnostic | undefined {
  for (const { name } of program.maps) {
    const map = maps.get(name);
    if (!(map instanceof ProgArrayMap) || map.claim(program.spec.type)) continue;
    const message = `program array ${name} holds programs of another type`;
    return diagnostic('prog-array-type', message, { where: program.spec.name, errno: EINVAL });
  }
  return undefined;
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

const EINVAL = 22;
const EOPNOTSUPP = 95;

/** What the JIT gives when a program is beyond it (include/linux/errno.h). */
const ENOTSUPP = 524;

/** Byte offsets of `struct bpf_map`'s members. */
function bpfMapFields(btf: Btf): (name: string) => number | undefined {
  const id = btf.findByName('bpf_map', 'struct');
  return (name) => {
    const place = id === undefined ? undefined : btf.member(id, name);
    return place && place.offsetBits / 8;
  };
}
