import type { Btf } from '@probed/btf';
import type { HookBus } from '@probed/hooks';
import type { ObjectProgram, ObjectSpec } from '@probed/object';
import { type LineInfo, parseSectionName, type SectionInfo, type SectionKind } from '@probed/spec';

/** A program that is not loaded, and why. */
export interface LeftOutProgram {
  readonly program: ObjectProgram;
  readonly cause: 'missing' | 'alternative';
  /** The hook that is missing (`function x`, `tracepoint a/b`), or the program that does the same. */
  readonly instead: string;
}

/** What of a kernel tells which of an object's programs can hang there. */
export interface AttachTargets {
  readonly btf: Btf;
  readonly hooks: HookBus;
}

/**
 * Does for an object what tools do in their user-space half (`bpf_program__set_autoload`) when it holds programs for
 * kernels of several ages:
 * - programs whose hook this kernel has not are left out, as long as some other program's hook is there;
 * - of two programs for the same point of the same function or tracepoint that are the same code, or have it from the
 *   same source lines, the one that needs no BTF (kprobe, kretprobe, raw_tp) is left out: both together would count
 *   each event twice. A kprobe goes with the kretprobe of its function: an fexit, which sees arguments and result,
 *   stands for both.
 *
 * @param wanted programs that the user named, which stay
 */
export function chooseAlternatives(
  object: ObjectSpec,
  kernel: AttachTargets,
  wanted: (program: string) => boolean,
): { readonly object: ObjectSpec; readonly leftOut: readonly LeftOutProgram[] } {
  const sections = new Map(object.programs.map((program) => [program, sectionOf(program)]));
  const missing = missingTargets(object, sections, kernel, wanted);
  const twins = betterTwins(object, sections, missing);
  const leftOut: LeftOutProgram[] = [];
  for (const program of object.programs) {
    if (wanted(program.name)) continue;
    const target = missing.get(program);
    const twin = twins.get(program);
    if (target) leftOut.push({ program, cause: 'missing', instead: target });
    else if (twin) leftOut.push({ program, cause: 'alternative', instead: twin.name });
  }
  const gone = new Set(leftOut.map(({ program }) => program));
  return {
    object: { ...object, programs: object.programs.filter((program) => !gone.has(program)) },
    leftOut,
  };
}

/** What a remark says of programs that are left out for a cause. */
const CAUSES: readonly { readonly cause: LeftOutProgram['cause']; readonly text: string }[] = [
  { cause: 'missing', text: 'left out, since this kernel has not what they attach to (ENOENT)' },
  { cause: 'alternative', text: 'left out, since another program does the same at the same place' },
];
const NAMED_MAX = 6;

/** A line for each cause, for people: which programs are not loaded, and why. */
export function leftOutRemarks(leftOut: readonly LeftOutProgram[]): string[] {
  return CAUSES.flatMap(({ cause, text }) => {
    const all = leftOut.filter((one) => one.cause === cause);
    if (all.length === 0) return [];
    const names = all.slice(0, NAMED_MAX).map(({ program, instead }) => `${program.name} (${instead})`);
    const more = all.length > NAMED_MAX ? ` and ${all.length - NAMED_MAX} more` : '';
    return [`${text}: ${names.join(', ')}${more}`];
  });
}

function sectionOf(program: ObjectProgram): SectionInfo | undefined {
  const section = parseSectionName(program.section);
  return section.ok ? { ...section.value, attachTo: program.attachTo } : undefined;
}

type Sections = ReadonlyMap<ObjectProgram, SectionInfo | undefined>;

/** Programs whose hook is missing, with its name; none when no hook of the object is there, which then is an error. */
function missingTargets(
  object: ObjectSpec,
  sections: Sections,
  kernel: AttachTargets,
  wanted: (program: string) => boolean,
): Map<ObjectProgram, string> {
  const missing = new Map<ObjectProgram, string>();
  let present = 0;
  for (const program of object.programs) {
    const section = sections.get(program);
    const target = section && targetOf(section);
    if (!target || program.optional) continue;
    if (wanted(program.name) || target.exists(kernel)) present++;
    else missing.set(program, target.name);
  }
  return present > 0 ? missing : new Map();
}

interface Target {
  readonly name: string;
  exists(kernel: AttachTargets): boolean;
}

const FUNCTION_PREFIX: Partial<Record<SectionKind, string>> = {
  kprobe: '',
  kretprobe: '',
  ksyscall: '__x64_sys_',
  kretsyscall: '__x64_sys_',
};

/** The kernel object that a section names; undefined where it names none, or one that is not looked up by name. */
function targetOf({ kind, attachTo, attachBtf }: SectionInfo): Target | undefined {
  if (attachTo === '') return undefined;
  if (attachBtf) {
    const { prefix, kind: btfKind } = attachBtf;
    const name = prefix === 'btf_trace_' ? `tracepoint ${attachTo}` : `function ${prefix}${attachTo}`;
    return { name, exists: ({ btf }) => btf.findByName(prefix + attachTo, btfKind) !== undefined };
  }
  const prefix = FUNCTION_PREFIX[kind];
  if (prefix !== undefined) {
    const name = prefix + attachTo.replace(/\+.*$/, '');
    return { name: `function ${name}`, exists: ({ hooks }) => hooks.kernelFunction(name) !== undefined };
  }
  if (kind === 'tracepoint') {
    const [group, name] = attachTo.split(/[/:]/);
    if (!group || !name) return undefined;
    return {
      name: `tracepoint ${group}/${name}`,
      exists: ({ hooks }) => hooks.tracepoint(group, name) !== undefined,
    };
  }
  return undefined;
}

/** Kinds that need BTF, and the kinds without that hang at the same place. */
const TWINS: Partial<Record<SectionKind, SectionKind>> = {
  fentry: 'kprobe',
  fexit: 'kretprobe',
  tp_btf: 'raw_tracepoint',
};

/** Programs that another one makes superfluous, with that one. */
function betterTwins(
  { programs }: ObjectSpec,
  sections: Sections,
  missing: ReadonlyMap<ObjectProgram, string>,
): Map<ObjectProgram, ObjectProgram> {
  const candidates = programs.filter((program) => !program.optional && !missing.has(program));
  const at = (kind: SectionKind | undefined, target: string) =>
    candidates.filter((one) => sections.get(one)?.kind === kind && sections.get(one)?.attachTo === target);
  const twins = new Map<ObjectProgram, ObjectProgram>();
  for (const better of candidates) {
    const section = sections.get(better);
    if (!section?.attachTo) continue;
    for (const program of at(TWINS[section.kind], section.attachTo)) {
      const entries = section.kind === 'fexit' ? at('kprobe', section.attachTo) : [];
      if (sameCode(program, better) || [program, ...entries].some((one) => sharesLines(one, better)))
        twins.set(program, better);
    }
  }
  for (const [program, better] of [...twins]) {
    const section = sections.get(program);
    if (section?.kind !== 'kretprobe') continue;
    for (const entry of at('kprobe', section.attachTo)) if (!twins.has(entry)) twins.set(entry, better);
  }
  return twins;
}

/** Whether two programs have code of the same source lines: a function that is inlined into both. */
function sharesLines(a: ObjectProgram, b: ObjectProgram): boolean {
  const place = ({ file, line }: LineInfo) => `${file}:${line}`;
  const lines = new Set(a.lineInfo.map(place));
  return b.lineInfo.some((info) => lines.has(place(info)));
}

/** Whether two programs are the same instructions, of those that ask nothing of their context. */
function sameCode(a: ObjectProgram, b: ObjectProgram): boolean {
  return a.insns.length === b.insns.length && JSON.stringify(codeOf(a)) === JSON.stringify(codeOf(b));
}

const codeOf = ({ insns, refs }: ObjectProgram) => [insns.map((insn) => ({ ...insn })), [...refs]];
