import type { Diagnostic } from '@probed/base';
import { type Btf, CORE_POISON, type CoreCandidates, explainCoreGap, formatCoreRelo } from '@probed/btf';
import type { Insn } from '@probed/isa';
import {
  explainLog,
  missingKfuncName,
  type ObjectProgram,
  type ObjectSpec,
  relocate,
  relocateProgram,
} from '@probed/object';
import { mapInfoOf } from '@probed/runtime';
import { helperById, type KernelFacts, loaderDefaults, type MapInfo, type ProgramSpec } from '@probed/spec';
import { type VerifierReject, verify } from '@probed/verifier';
import { doubtfulTarget, missingBtfTarget } from './attach-target';
import { type Gap, sourceOf } from './gap';
import { KernelAbi } from './kernel-abi';

/** A kernel that objects are checked against. */
export interface CheckedKernel {
  readonly facts: KernelFacts;
  readonly abi: KernelAbi;
  /** False for BTF that holds only some types (as btfhub's and `bpftool gen min_core_btf` make). */
  readonly whole: boolean;
  /** BTF that tells what a whole one may hold. */
  readonly reference: Btf;
}

export interface ProgramCheck {
  readonly program: string;
  readonly section: string;
  /** `enum bpf_prog_type`. */
  readonly type: number;
  /** `relocated`: fits the kernel as far as relocations go; the verifier did not judge it, see `gap`. */
  readonly verdict: 'loads' | 'fails' | 'relocated';
  /** Why it fails or was not judged. */
  readonly gap?: Gap;
  /** Loads, and may not attach. */
  readonly doubt?: Gap;
  /** What the kernel lacks that the program asks about, or guards, before it uses it. */
  readonly guarded: readonly Gap[];
}

/** A kernel by its facts. `reference`: the BTF of a whole kernel. */
export function checkedKernel(facts: KernelFacts, reference: Btf): CheckedKernel {
  const { btf } = facts;
  const whole = !btf.idsOfKind('func').next().done;
  const symbol = (name: string) => facts.symbol(name) ?? (hasSymbol(btf, name) ? SOME_ADDRESS : undefined);
  return { facts: { ...facts, symbol }, abi: new KernelAbi(btf), whole, reference };
}

/** Nothing is run, so any kernel address stands for a symbol of a kernel whose kallsyms nobody has given. */
const SOME_ADDRESS = -0x7f00_0000;

function hasSymbol(btf: Btf, name: string): boolean {
  return btf.findByName(name, 'func') !== undefined || btf.findByName(name, 'var') !== undefined;
}

/**
 * Would the programs of an object load on a kernel? Each is relocated against the kernel's BTF as libbpf does and judged
 * by the verifier of 6.18 with that kernel's types, so what a program guards by `bpf_core_field_exists` and the like is
 * no fault.
 */
export function checkObject(object: ObjectSpec, kernel: CheckedKernel): ProgramCheck[] {
  const maps = mapInfos(object, kernel);
  const candidates: CoreCandidates = new Map();
  return object.programs.map((program) => {
    const { name, section, type } = program;
    const head = { program: name, section, type };
    if (!(maps instanceof Map)) return { ...head, verdict: 'fails', gap: maps, guarded: [] };
    return { ...head, ...new ProgramJudge(object, program, kernel, maps, candidates).judge() };
  });
}

/** Maps as a loader would create them, or what keeps it from doing so. */
function mapInfos(object: ObjectSpec, { facts, abi }: CheckedKernel): Map<string, MapInfo> | Gap {
  for (const map of object.maps) {
    const gap = abi.missingMapType(map.type, map.name);
    if (gap) return gap;
  }
  const relocated = relocate({ ...object, programs: [] }, facts);
  if (!relocated.ok) return gapOf(relocated.error);
  return new Map(
    relocated.value.maps.map((spec) => {
      const info = mapInfoOf(loaderDefaults(spec, facts.cpus));
      // Zero says that user space sizes the map before load: any size will do here.
      return [spec.name, info.maxEntries === 0 ? { ...info, maxEntries: 1 } : info];
    }),
  );
}

/** A fault before the verifier: an extern that is not there, a relocation that cannot be applied. */
function gapOf({ code, message, where }: Diagnostic): Gap {
  const inFull = where && code !== 'extern-missing' ? `${where}: ${message}` : message;
  const subject = /'([^']+)'/.exec(code === 'kconfig' ? (where ?? '') : message)?.[1] ?? '';
  const extern = message.includes('func ksym') ? 'kfunc' : 'ksym';
  const kind = code === 'extern-missing' ? extern : code === 'kconfig' ? 'kconfig' : 'relocation';
  return { kind, subject, message: inFull };
}

/** Numbers for calls of helpers that a kernel lacks: beyond all helpers, so that the verifier stops where one is reached. */
const MISSING_HELPER_BASE = 1_900_000_000;
const OP_CALL = 0x85;
const UNKNOWN_CALL = /^(\d+): \(85\) call unknown#(\d+)/;

type Judgement = Pick<ProgramCheck, 'verdict' | 'gap' | 'doubt' | 'guarded'>;

class ProgramJudge {
  constructor(
    private readonly object: ObjectSpec,
    private readonly program: ObjectProgram,
    private readonly kernel: CheckedKernel,
    private readonly maps: ReadonlyMap<string, MapInfo>,
    private readonly candidates: CoreCandidates,
  ) {}

  judge(): Judgement {
    const { program, kernel } = this;
    const { facts, abi } = kernel;
    const early =
      abi.missingProgramType(program.type) ??
      abi.missingAttachType(program.expectedAttachType) ??
      (kernel.whole ? missingBtfTarget(program, facts.btf) : undefined);
    if (early) return { verdict: 'fails', gap: early, guarded: [] };
    const relocated = relocateProgram(this.object, program, facts, this.candidates);
    if (!relocated.ok) return { verdict: 'fails', gap: gapOf(relocated.error), guarded: [] };
    const insns = withoutMissingHelpers(relocated.value.insns, abi);
    return this.verified({ ...relocated.value, insns }, relocated.value.insns);
  }

  private verified(spec: ProgramSpec, relocated: readonly Insn[]): Judgement {
    const { object, program, kernel } = this;
    const { license, btf: objectBtf } = object;
    const result = verify(spec, this.maps, kernel.facts, { logLevel: 1, license, objectBtf });
    const missing = this.missing(relocated);
    if (result.ok) {
      const doubt = kernel.whole ? doubtfulTarget(program, kernel.facts, kernel.reference) : undefined;
      return { verdict: 'loads', ...(doubt && { doubt }), guarded: missing };
    }
    const found = this.reached(result.error);
    if (found)
      return { verdict: 'fails', gap: found, guarded: missing.filter((gap) => gap.insn !== found.insn) };
    const gap = this.complaint(result.error);
    const unsure = result.error.verdict === 'unsupported' || !kernel.whole;
    return { verdict: unsure ? 'relocated' : 'fails', gap, guarded: missing };
  }

  /** The replaced call that the verifier ran into, if it did. */
  private reached({ log }: VerifierReject): Gap | undefined {
    for (const line of log) {
      const call = UNKNOWN_CALL.exec(line);
      if (!call) continue;
      const [slot, number] = [Number(call[1]), Number(call[2])];
      const gap = number === CORE_POISON ? this.coreGap(slot) : this.callGap(slot, number);
      if (gap) return gap;
    }
    return undefined;
  }

  private coreGap(slot: number): Gap | undefined {
    const { btf } = this.object;
    // Of a 64-bit load both slots are poisoned; the relocation is the first one's.
    const index = this.program.cores.findIndex(({ insn }) => insn === slot || insn === slot - 1);
    if (!btf || index < 0) return undefined;
    const relo = this.program.cores[index];
    const { kind, subject, message } = explainCoreGap(btf, this.kernel.facts.btf, relo);
    const source = sourceOf(this.program.lineInfo, relo.insn);
    const spec = formatCoreRelo(btf, relo);
    return {
      kind: CORE_GAP[kind],
      subject,
      message,
      relocation: index,
      spec,
      insn: relo.insn,
      ...(source && { source }),
    };
  }

  private callGap(slot: number, number: number): Gap | undefined {
    const source = sourceOf(this.program.lineInfo, slot);
    const at = { insn: slot, ...(source && { source }) };
    const helper = helperById(number - MISSING_HELPER_BASE);
    if (helper) {
      const subject = `bpf_${helper.name.replace(/^bpf_/, '')}`;
      return { kind: 'helper', subject, message: `no helper ${subject}`, ...at };
    }
    const kfunc = missingKfuncName(this.object, number);
    return kfunc === undefined
      ? undefined
      : { kind: 'kfunc', subject: kfunc, message: `no kernel function (kfunc) ${kfunc}`, ...at };
  }

  private complaint(error: VerifierReject): Gap {
    const log = explainLog(this.object, this.program.name, error.log);
    const source = error.insn === undefined ? undefined : sourceOf(this.program.lineInfo, error.insn);
    const at = { ...(error.insn !== undefined && { insn: error.insn }), ...(source && { source }) };
    return { kind: 'verifier', subject: '', message: error.message, log, ...at };
  }

  /** Everything that was replaced because the kernel lacks it, reached or not; one of each. */
  private missing(insns: readonly Insn[]): Gap[] {
    const gaps = new Map<string, Gap>();
    for (const [slot, { opcode, src, imm }] of insns.entries()) {
      if (opcode !== OP_CALL || src !== 0) continue;
      const lacking = imm !== CORE_POISON && !this.kernel.abi.hasHelper(imm);
      const gap =
        imm === CORE_POISON
          ? this.coreGap(slot)
          : this.callGap(slot, lacking ? MISSING_HELPER_BASE + imm : imm);
      if (gap && !gaps.has(gap.message)) gaps.set(gap.message, gap);
    }
    return [...gaps.values()];
  }
}

const CORE_GAP = {
  type: 'type',
  member: 'field',
  'member-type': 'field-type',
  enumerator: 'enum-value',
  other: 'relocation',
} as const;

function withoutMissingHelpers(insns: readonly Insn[], abi: KernelAbi): readonly Insn[] {
  const lacks = ({ opcode, src, imm }: Insn) => opcode === OP_CALL && src === 0 && !abi.hasHelper(imm);
  return insns.map((insn) => (lacks(insn) ? { ...insn, imm: MISSING_HELPER_BASE + insn.imm } : insn));
}
