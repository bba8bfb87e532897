/**
 * Verdicts on mutations of compiled C programs against the running kernel's: real instruction streams, with one to
 * three changes each. The objects of `examples/`, and those of the folders that `PROBED_DIFFERENTIAL_OBJECTS` names
 * (separated by `:`); `PROBED_DIFFERENTIAL_COUNT` mutations a program (default 8) from `PROBED_DIFFERENTIAL_SEED`
 * (default 1). Without Linux, root and bpf(2) it says so and passes.
 */
import { readFileSync } from 'node:fs';
import { Prng } from '@probed/base';
import { BPF_PSEUDO_LD, encodeInsns, type Insn, insnSlots, isKfuncCall, isLdImm64 } from '@probed/isa';
import { parseObject, relocate } from '@probed/object';
import { mapInfoOf } from '@probed/runtime';
import {
  type CollectionSpec,
  type InsnRef,
  type KernelFacts,
  type MapInfo,
  type MapSpec,
  MapType,
  type ProgramSpec,
  ProgType,
} from '@probed/spec';
import { verify } from '@probed/verifier';
import { complaint } from './complaint';
import { encodeBtf } from './encode-btf';
import { mutateProgram } from './generate';
import { hostFacts } from './host-facts';
import { type HostKernel, openHostKernel, withoutStrayMaps } from './host-kernel';
import { objectFiles } from './object-files';
import { differentialCount, differentialSeed } from './options';
import { type Comparison, explainTally, Tally } from './tally';

const COUNT = differentialCount(8);
const LOG_TAIL_BYTES = 1 << 16;
/** Longer ones take the kernel too long in numbers. */
const SLOTS_MAX = 3000;

/** An object whose maps and types are in the kernel. */
interface LoadedObject {
  readonly spec: CollectionSpec;
  /** Names of the maps by the index that they have there. */
  readonly names: ReadonlyMap<number, string>;
  readonly infos: ReadonlyMap<string, MapInfo>;
  /** Index of its BTF. */
  readonly btf: number | undefined;
}

/** Map types whose key and value types libbpf tells the kernel. */
const TYPED_MAPS: ReadonlySet<number> = new Set<number>([
  MapType.HASH,
  MapType.ARRAY,
  MapType.PERCPU_HASH,
  MapType.PERCPU_ARRAY,
  MapType.LRU_HASH,
  MapType.LPM_TRIE,
  MapType.TASK_STORAGE,
]);

async function createMap(kernel: HostKernel, map: MapSpec, btf: number | undefined): Promise<number> {
  const { type, keySize, valueSize, maxEntries, flags, mapExtra } = map;
  const types = { btf, keyTypeId: map.keyTypeId, valueTypeId: map.valueTypeId };
  const inner = map.inner && (await createMap(kernel, map.inner, btf));
  const attributes = { type, keySize, valueSize, maxEntries, flags, extra: mapExtra, inner };
  return kernel.createMap({ ...attributes, ...(TYPED_MAPS.has(type) && map.valueTypeId && types) });
}

/** @returns names by index; nothing when the kernel refuses one */
async function createMaps(
  kernel: HostKernel,
  maps: readonly MapSpec[],
  btf: number | undefined,
): Promise<Map<number, string> | undefined> {
  const names = new Map<number, string>();
  for (const map of maps) {
    const index = await createMap(kernel, map, btf);
    if (index < 0) return undefined;
    names.set(index, map.name);
    if (map.contents) await kernel.setElement(index, new Uint8Array(4), map.contents);
    if (map.frozen) await kernel.freeze(index);
  }
  return names;
}

/** @returns nothing when the kernel lacks what the object needs */
async function openObject(
  file: string,
  kernel: HostKernel,
  facts: KernelFacts,
): Promise<LoadedObject | undefined> {
  const object = parseObject(readFileSync(file), file);
  const spec = object.ok ? relocate(object.value, facts) : object;
  if (!spec.ok) return undefined;
  await kernel.drop();
  const { maps } = spec.value;
  const btf = spec.value.btf && (await kernel.loadBtf(encodeBtf(spec.value.btf)));
  if (btf !== undefined && btf < 0) throw new Error(`${file}: the kernel refuses its BTF with errno ${-btf}`);
  const names = await createMaps(kernel, maps, btf);
  if (!names) return undefined;
  return { spec: spec.value, names, infos: new Map(maps.map((map) => [map.name, mapInfoOf(map)])), btf };
}

/** Byte code in which loads of maps name them by index; undefined when it refers to what has no number. */
function portable(program: ProgramSpec, names: ReadonlyMap<number, string>): Insn[] | undefined {
  if (program.insns.length > SLOTS_MAX) return undefined;
  const insns = program.insns.map((insn) => ({ ...insn }));
  const indexes = new Map([...names].map(([index, name]) => [name, index]));
  for (const [slot, ref] of program.refs) {
    if (ref.kind === 'ksym') return undefined;
    if (ref.kind !== 'kfunc') insns[slot].imm = indexes.get(ref.map) ?? -1;
  }
  return insns;
}

/** `struct bpf_func_info` rows (include/uapi/linux/bpf.h). */
function funcInfoBytes({ funcInfo }: ProgramSpec): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(8 * funcInfo.length));
  funcInfo.forEach(({ insn, typeId }, i) => {
    bytes.setUint32(8 * i, insn, true);
    bytes.setUint32(8 * i + 4, typeId, true);
  });
  return new Uint8Array(bytes.buffer);
}

/** References to maps as the numbers say, and to kernel functions as they were. */
function refsOf(
  insns: readonly Insn[],
  names: ReadonlyMap<number, string>,
  program: ProgramSpec,
): Map<number, InsnRef> {
  const refs = new Map(
    [...program.refs].filter(([slot, ref]) => ref.kind === 'kfunc' && isKfuncCall(insns[slot])),
  );
  for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) {
    const { src, imm } = insns[slot];
    const map = isLdImm64(insns[slot]) ? names.get(imm) : undefined;
    if (map !== undefined && src === BPF_PSEUDO_LD.MAP_FD) refs.set(slot, { kind: 'map', map });
    if (map !== undefined && src === BPF_PSEUDO_LD.MAP_VALUE) refs.set(slot, { kind: 'map-value', map });
  }
  return refs;
}

async function compare(
  kernel: HostKernel,
  facts: KernelFacts,
  object: LoadedObject,
  program: ProgramSpec,
  insns: readonly Insn[],
): Promise<Comparison> {
  const { license } = object.spec;
  const host = {
    type: program.type,
    expectedAttachType: program.expectedAttachType,
    insns: encodeInsns(insns),
    license,
    flags: program.flags,
    btf: object.btf,
    funcInfo: object.btf === undefined ? undefined : funcInfoBytes(program),
    attachBtfId:
      program.type === ProgType.TRACING
        ? facts.btf.findByName(`btf_trace_${program.attachTo}`, 'typedef')
        : undefined,
  };
  const { errno } = await kernel.load(host);
  const log = errno === 0 ? '' : (await kernel.load({ ...host, logLevel: 1, logSize: LOG_TAIL_BYTES })).log;
  const ourInsns = withoutStrayMaps(insns, (index) => object.names.has(index));
  const spec = { ...program, insns: ourInsns, refs: refsOf(insns, object.names, program), lineInfo: [] };
  const ours = verify(spec, object.infos, facts, { license, objectBtf: object.spec.btf, logLevel: 0 });
  return {
    kernelErrno: errno,
    ourErrno: ours.ok ? 0 : ours.error.errno,
    kernelMessage: complaint(log.split('\n')),
    ourMessage: ours.ok ? '' : complaint(ours.error.log),
    isUnsupported: !ours.ok && ours.error.verdict === 'unsupported',
  };
}

test('verdicts on mutated programs are the kernel’s', async () => {
  const kernel = await openHostKernel();
  const facts = hostFacts();
  if (typeof kernel === 'string' || !facts) {
    console.log(`skipped: ${typeof kernel === 'string' ? kernel : 'no BTF at /sys/kernel/btf/vmlinux'}`);
    return;
  }
  const tally = new Tally();
  const explained: string[] = [];
  try {
    for (const file of objectFiles()) {
      const object = await openObject(file, kernel, facts);
      if (!object) continue;
      for (const program of object.spec.programs) {
        const insns = portable(program, object.names);
        if (!insns) continue;
        const ask = (p: readonly Insn[]) => compare(kernel, facts, object, program, p);
        const here = new Tally();
        for (let i = 0; i < COUNT; i++) {
          const mutated = mutateProgram(new Prng(differentialSeed * 1_000_003 + i), insns);
          here.add(i, mutated, await ask(mutated));
        }
        tally.merge(here);
        if (here.kinds.size) explained.push(`${file} ${program.name}`, await explainTally(here, ask));
      }
    }
    if (explained.length) throw new Error([tally.summary('mutated objects'), ...explained].join('\n'));
    process.stdout.write(`${tally.summary('mutated objects')}\n`);
  } finally {
    kernel.close();
  }
});
