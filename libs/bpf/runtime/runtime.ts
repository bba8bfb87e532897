import { type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import type { Btf } from '@probed/btf';
import { createHelpers, type KernelServices } from '@probed/helpers';
import { createInterpreter } from '@probed/interp';
import { isHelperCall } from '@probed/isa';
import { compile, JitLimitError } from '@probed/jit';
import { type BpfMap, createMap, type MapEnv, MapRegistry } from '@probed/maps';
import type { KernelMemory } from '@probed/memory';
import {
  helperById,
  type KernelFacts,
  type MapInfo,
  type MapSpec,
  type ProgramSpec,
  type VerifiedProgram,
} from '@probed/spec';
import { type VerifierReject, verify } from '@probed/verifier';
import { CollectionEnv } from './collection-env';
import { LoadedProgram } from './loaded-program';
import { mapInfoOf } from './map-info';
import { RecursionGuards } from './recursion-guard';
import { RunStacks } from './run-stacks';

/** How programs run: compiled, or by the reference interpreter. */
export type Engine = 'jit' | 'interp';

export interface RuntimeOptions {
  readonly memory: KernelMemory;
  readonly facts: KernelFacts;
  readonly services: KernelServices;
  readonly engine?: Engine;
  /** See {@link MapEnv.tagRecord}. */
  readonly tagRecord?: () => unknown;
}

/** What `BPF_PROG_LOAD` takes besides the code. */
export interface LoadOptions {
  readonly license: string;
  readonly objectBtf?: Btf;
  /** `attr.log_level`. */
  readonly logLevel?: number;
  readonly caps?: ReadonlySet<string>;
}

/** The BPF side of one kernel: creates maps, verifies and compiles programs, keeps their ids. */
export class BpfRuntime {
  readonly maps = new MapRegistry();
  private readonly mapEnv: MapEnv;
  private readonly stacks: RunStacks;
  private readonly guards: RecursionGuards;
  private readonly resultSlot: number;
  private lastProgramId = 0;

  constructor(private readonly options: RuntimeOptions) {
    const { memory, facts, services } = options;
    this.mapEnv = {
      memory,
      cpus: services.cpus,
      registry: this.maps,
      currentCpu: () => services.cpu(),
      mapField: bpfMapFields(facts.btf),
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
    const { memory, facts, services } = this.options;
    const env = new CollectionEnv(memory, this.resultSlot, maps, facts, (id, map) => helpers.get(id, map));
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
    const infos = new Map<string, MapInfo>([...maps].map(([name, map]) => [name, map.info]));
    const verified = verify(program, infos, this.options.facts, {
      ...options,
      logLevel: options.logLevel ?? 1,
    });
    if (!verified.ok) return verified;
    const missing = unsupportedHelper(verified.value);
    if (missing) return err(missing);
    const built = this.build(verified.value, env);
    if (!built.ok) return built;
    const guard = this.guards.guardFor(program.type);
    const { executable, wasm } = built.value;
    return ok(
      new LoadedProgram(++this.lastProgramId, verified.value, wasm, executable, env, this.stacks, guard),
    );
  }

  private build(program: VerifiedProgram, env: CollectionEnv) {
    if (this.options.engine === 'interp') {
      return ok({ executable: createInterpreter(program, env), wasm: undefined });
    }
    try {
      const jited = compile(program, env);
      return ok({ executable: jited, wasm: jited.wasm });
    } catch (error) {
      if (!(error instanceof JitLimitError)) throw error;
      const code = 'jit-limit';
      return err<Diagnostic>({ code, message: error.message, where: program.spec.name, errno: ENOTSUPP });
    }
  }
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
