import { type Diagnostic, diagnostic, err, hi32, lo32, ok, type Result } from '@probed/base';
import { type Btf, type CoreCandidates, patchCoreInsn, resolveCore } from '@probed/btf';
import { BPF_PSEUDO_CALLEE, BPF_PSEUDO_LD, type Insn } from '@probed/isa';
import {
  type CollectionSpec,
  type InsnRef,
  type KernelFacts,
  loaderDefaults,
  type MapSpec,
  type ProgramSpec,
} from '@probed/spec';
import type { Extern } from './externs';
import { KCONFIG_SECTION } from './externs';
import { fillKconfig } from './kconfig';
import { essentialName } from './names';
import type { ObjectProgram, ObjectSpec } from './object-spec';
import { programFault } from './program-type';

const ESRCH = 3;
/** Calls that libbpf puts in place of missing weak kernel functions have this number plus the extern's position. */
export const POISON_KFUNC_BASE = 2_002_000_000;

/**
 * Fits an object to a kernel: CO-RE relocations, kernel symbols and functions, configuration values, and the map
 * attributes that libbpf fills in at load time. The object itself stays as it is.
 *
 * Errors: `core-relocation`, `extern-missing`, `kconfig`. A field, type or enumerator that the kernel lacks is none:
 * its instruction is poisoned, and the verifier refuses the program if it is reachable.
 */
export function relocate(object: ObjectSpec, facts: KernelFacts): Result<CollectionSpec> {
  const maps = relocateMaps(object, facts);
  if (!maps.ok) return maps;
  const programs: ProgramSpec[] = [];
  const candidates: CoreCandidates = new Map();
  for (const program of object.programs) {
    const done = relocateProgram(object, program, facts, candidates);
    if (!done.ok) return done;
    programs.push(done.value);
  }
  const { name, license, btf } = object;
  return ok({ name, license, programs, maps: maps.value, ...(btf && { btf }) });
}

/** One program of {@link relocate}: for callers that judge programs one by one. */
export function relocateProgram(
  object: ObjectSpec,
  program: ObjectProgram,
  facts: KernelFacts,
  candidates: CoreCandidates = new Map(),
): Result<ProgramSpec> {
  const fault = programFault(program);
  if (fault) return err({ ...fault, where: `${object.name}: ${fault.where ?? `program '${program.name}'`}` });
  const insns = program.insns.map((insn) => ({ ...insn }));
  const core = applyCore(object.btf, program, insns, facts.btf, candidates);
  if (core) return err(core);
  const refs = new Map(program.refs);
  for (const [slot, ref] of program.refs) {
    const fault = resolveRef(object, ref, slot, insns, refs, facts);
    if (fault) return err({ ...fault, where: `${object.name}: program '${program.name}'` });
  }
  const { cores: _, ...rest } = program;
  return ok({ ...rest, insns, refs });
}

function applyCore(
  local: Btf | undefined,
  program: ObjectProgram,
  insns: Insn[],
  target: Btf,
  candidates: CoreCandidates,
): Diagnostic | undefined {
  if (!local) return undefined;
  for (const [i, relo] of program.cores.entries()) {
    const result = resolveCore({ ...relo, local, target, candidates });
    const patched = result.ok ? patchCoreInsn(insns, relo.insn, result.value) : result;
    if (patched.ok) continue;
    const where = `prog '${program.name}': relo #${i}`;
    return { ...patched.error, where: patched.error.where ? `${where}: ${patched.error.where}` : where };
  }
  return undefined;
}

/** Settles one reference to the kernel; `refs` loses what is a plain number afterwards. */
function resolveRef(
  object: ObjectSpec,
  ref: InsnRef,
  slot: number,
  insns: readonly Insn[],
  refs: Map<number, InsnRef>,
  facts: KernelFacts,
): Diagnostic | undefined {
  if (ref.kind === 'kfunc') return resolveKfunc(object, ref, slot, insns, refs, facts);
  if (ref.kind !== 'ksym') return undefined;
  const extern = object.externs.get(ref.name);
  if (extern?.kind === 'ksym' && extern.typeId !== 0) {
    const name = essentialName(ref.name);
    if (facts.btf.findByName(name, 'var') !== undefined) {
      refs.set(slot, { ...ref, name });
      return undefined;
    }
    if (!ref.weak) return missing(extern, 'not found in kernel BTF');
    setAddress(insns, slot, 0);
  } else {
    const address = facts.symbol(ref.name);
    if (address === undefined && !ref.weak)
      return diagnostic('extern-missing', `extern (ksym) '${ref.name}': not found in kallsyms`, {
        errno: ESRCH,
      });
    setAddress(insns, slot, address ?? 0);
  }
  refs.delete(slot);
  return undefined;
}

/** A plain 64-bit number in the place of a symbol. */
function setAddress(insns: readonly Insn[], slot: number, address: number): void {
  insns[slot].src = BPF_PSEUDO_LD.NONE;
  insns[slot].imm = lo32(address) | 0;
  insns[slot + 1].imm = hi32(address);
}

function resolveKfunc(
  object: ObjectSpec,
  ref: InsnRef & { kind: 'kfunc' },
  slot: number,
  insns: readonly Insn[],
  refs: Map<number, InsnRef>,
  facts: KernelFacts,
): Diagnostic | undefined {
  const name = essentialName(ref.name);
  const id = facts.btf.findByName(name, 'func');
  if (id !== undefined) {
    refs.set(slot, { ...ref, name });
    if (insns[slot].src === BPF_PSEUDO_CALLEE.KFUNC) insns[slot].imm = id;
    return undefined;
  }
  if (!ref.weak) {
    const message = `extern (func ksym) '${ref.name}': not found in kernel or module BTFs`;
    return diagnostic('extern-missing', message, { errno: ESRCH });
  }
  // As libbpf does: a call that the verifier refuses if the program does not jump around it.
  if (insns[slot].src === BPF_PSEUDO_CALLEE.KFUNC) {
    insns[slot].src = BPF_PSEUDO_CALLEE.HELPER;
    insns[slot].off = 0;
    insns[slot].imm = POISON_KFUNC_BASE + [...object.externs.keys()].indexOf(ref.name);
  } else setAddress(insns, slot, 0);
  refs.delete(slot);
  return undefined;
}

function missing(extern: Extern, what: string): Diagnostic {
  return diagnostic('extern-missing', `extern (var ksym) '${extern.name}': ${what}`, { errno: ESRCH });
}

function relocateMaps(object: ObjectSpec, facts: KernelFacts): Result<MapSpec[]> {
  const maps: MapSpec[] = [];
  for (const map of object.maps) {
    const copy = { ...map };
    if (copy.section === KCONFIG_SECTION) {
      const contents = fillKconfig(object.externs.values(), facts, copy.valueSize);
      if (!contents.ok) return contents;
      copy.contents = contents.value;
    } else if (copy.contents) copy.contents = copy.contents.slice();
    maps.push(completeMap(copy, facts));
  }
  return ok(maps);
}

/** The map and its inner template with what loaders fill in, since the kernel would refuse them without it. */
function completeMap(map: MapSpec, facts: KernelFacts): MapSpec {
  const complete = loaderDefaults(map, facts.cpus);
  return complete.inner ? { ...complete, inner: completeMap(complete.inner, facts) } : complete;
}
