/** Generated programs in the emulated kernel: verified, then run by the interpreter or by the JIT on a packet. */
import { toHex } from '@probed/base';
import type { StepObserver } from '@probed/interp';
import { BPF_PSEUDO_LD, type Insn, insnSlots, isLdImm64 } from '@probed/isa';
import { KernelMemory } from '@probed/memory';
import { BpfRuntime, type Engine, mapInfoOf } from '@probed/runtime';
import {
  type InsnRef,
  type KernelFacts,
  type MapInfo,
  type MapSpec,
  type ProgramSpec,
  ProgType,
} from '@probed/spec';
import { verify } from '@probed/verifier';
import { GENERATED_MAPS } from './generate';
import { POINTER_MAPS } from './generate-pointers';
import { withoutStrayMaps } from './host-kernel';

/** `struct __sk_buff` (include/uapi/linux/bpf.h). */
const SKB_BYTES = 192;
const SKB_LEN = 0;
const SKB_DATA = 76;
const SKB_DATA_END = 80;

export const mapName = (index: number) => `m${index}`;

const MAP_SPECS: readonly MapSpec[] = POINTER_MAPS.map((map, index) => ({
  name: mapName(index),
  type: map.type,
  keySize: map.keySize,
  valueSize: map.valueSize,
  maxEntries: map.maxEntries,
  flags: 0,
  keyTypeId: 0,
  valueTypeId: 0,
}));

export const MAP_INFOS: ReadonlyMap<string, MapInfo> = new Map(
  MAP_SPECS.map((spec) => [spec.name, mapInfoOf(spec)]),
);

/** `enum bpf_prog_type` and `enum bpf_attach_type`. */
export interface ProgramKind {
  readonly type: number;
  readonly attachType: number;
  /** Effective capabilities of the loader; all when absent. */
  readonly caps?: readonly string[];
  /** What it hangs on: the name, and the id in the kernel's BTF (`attach_btf_id`). */
  readonly attachTo?: string;
  readonly attachBtfId?: number;
  readonly structOps?: ProgramSpec['structOps'];
  /** BPF_F_…; none by default. */
  readonly flags?: number;
}

/** A plain sched_cls program. */
export const TC: ProgramKind = { type: ProgType.SCHED_CLS, attachType: 0 };

/** The program as a loader would hand it over; map numbers become names. */
export function programSpec(program: readonly Insn[], kind: ProgramKind): ProgramSpec {
  const insns = withoutStrayMaps(program, (index) => MAP_SPECS[index] !== undefined);
  const refs = new Map<number, InsnRef>();
  for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) {
    const { src, imm } = insns[slot];
    if (!isLdImm64(insns[slot]) || imm < 0 || imm >= MAP_SPECS.length) continue;
    if (src === BPF_PSEUDO_LD.MAP_FD) refs.set(slot, { kind: 'map', map: mapName(imm) });
    if (src === BPF_PSEUDO_LD.MAP_VALUE) refs.set(slot, { kind: 'map-value', map: mapName(imm) });
  }
  return {
    name: 'generated',
    section: 'tc',
    type: kind.type,
    expectedAttachType: kind.attachType,
    attachTo: kind.attachTo ?? '',
    ...(kind.structOps && { structOps: kind.structOps }),
    optional: false,
    flags: kind.flags ?? 0,
    insns,
    refs,
    funcInfo: [],
    lineInfo: [],
  };
}

export interface OurVerdict {
  /** 0 when accepted. */
  readonly errno: number;
  readonly log: readonly string[];
  /** Not judged: a feature that our verifier refuses by name. */
  readonly isUnsupported: boolean;
}

/** What our verifier says. */
export function judge(insns: readonly Insn[], facts: KernelFacts, kind = TC, logLevel = 0): OurVerdict {
  const caps = kind.caps && new Set(kind.caps);
  const verdict = verify(programSpec(insns, kind), MAP_INFOS, facts, { license: 'GPL', logLevel, caps });
  if (verdict.ok) return { errno: 0, log: verdict.value.log, isUnsupported: false };
  const { errno, log } = verdict.error;
  return { errno, log, isUnsupported: verdict.error.verdict === 'unsupported' };
}

export interface Outcome {
  /** r0 of the run. */
  readonly retval: number;
  readonly data: string;
  /** Contents of the maps, sorted, in hexadecimal. */
  readonly maps: readonly string[];
}

/** Contents of one map in the form of {@link Outcome.maps}. */
export function mapText(entries: Iterable<readonly [key: string, value: string]>): string {
  return [...entries]
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
}

/** What a test adds to the emulated kernel. */
interface Watched {
  readonly observe?: StepObserver;
  /** What `bpf_get_prandom_u32` gives; 0 by default, so that results compare. */
  readonly random?: () => number;
}

/** One emulated kernel; each program gets fresh maps. */
export class EmulatedKernel {
  readonly memory = new KernelMemory();
  private readonly runtime: BpfRuntime;

  constructor(facts: KernelFacts, engine: Engine, { observe, random = () => 0 }: Watched = {}) {
    const none = () => 0;
    this.runtime = new BpfRuntime({
      memory: this.memory,
      facts,
      engine,
      observe,
      services: {
        cpus: 1,
        cpu: none,
        ktimeNs: none,
        bootNs: none,
        realtimeNs: () => 0n,
        task: () => ({ pid: 1, tgid: 1, uid: 0, gid: 0, comm: 'test', taskOffset: 0, cgroupId: 1 }),
        ancestorCgroupId: () => undefined,
        pidInNamespace: () => undefined,
        readUser: () => false,
        writeUser: () => false,
        kernelStack: () => [],
        userStack: () => [],
        random,
        tracePrintk: () => undefined,
        symbolName: () => undefined,
        sendSignal: none,
        run: () => ({ cookie: 0, functionIp: 0, samplePeriod: 0 }),
      },
    });
  }

  /** @returns the outcome, or the log of a program that our verifier refuses */
  run(insns: readonly Insn[], packet: Uint8Array): Outcome | string {
    const maps = new Map(
      MAP_SPECS.slice(0, GENERATED_MAPS.length).map((spec) => {
        const map = this.runtime.createMap(spec);
        if (!map.ok) throw new Error(map.error.message);
        return [spec.name, map.value];
      }),
    );
    try {
      const loaded = this.runtime.load(programSpec(insns, TC), maps, this.runtime.link(maps), {
        license: 'GPL',
      });
      if (!loaded.ok)
        return 'log' in loaded.error ? (loaded.error.log ?? []).join('\n') : loaded.error.message;
      const { retval, data } = this.onPacket((ctx) => loaded.value.run(0, ctx), packet);
      const texts = [...maps.values()].map((map) =>
        mapText([...map.entries()].map(({ key, value }) => [toHex(key), toHex(value)] as const)),
      );
      return { retval, data, maps: texts };
    } finally {
      for (const map of maps.values()) map.destroy();
    }
  }

  private onPacket(run: (ctx: number) => number, packet: Uint8Array): { retval: number; data: string } {
    const { memory } = this;
    const ctx = memory.alloc(SKB_BYTES);
    const data = memory.alloc(packet.length);
    memory.u8.set(packet, data);
    memory.view.setUint32(ctx + SKB_LEN, packet.length, true);
    memory.view.setUint32(ctx + SKB_DATA, data, true);
    memory.view.setUint32(ctx + SKB_DATA_END, data + packet.length, true);
    const retval = run(ctx) >>> 0;
    const after = toHex(memory.copyOut(data, packet.length));
    memory.free(ctx);
    memory.free(data);
    return { retval, data: after };
  }
}
