import type { Btf } from '@probed/btf';
import type { ObjectProgram } from '@probed/object';
import { type KernelFacts, parseSectionName, type SectionKind } from '@probed/spec';
import type { Gap } from './gap';

/** How a missing target is called, by what its BTF name begins with (tools/lib/bpf/libbpf.c: btf_get_kernel_prefix_kind). */
const TARGET_WORDS: Readonly<Record<string, string>> = {
  btf_trace_: 'tracepoint',
  bpf_lsm_: 'LSM hook',
  bpf_iter_: 'iterator',
  '': 'function',
};

/** A program that needs its target at load and does not find it: fentry, fexit, fmod_ret, tp_btf, lsm, iter. */
export function missingBtfTarget(program: ObjectProgram, btf: Btf): Gap | undefined {
  const section = parseSectionName(program.section);
  if (!section.ok || !section.value.attachBtf || program.attachTo === '') return undefined;
  // freplace replaces a function of another program.
  if (section.value.kind === 'freplace') return undefined;
  const { prefix, kind } = section.value.attachBtf;
  const { attachTo } = program;
  if (btf.findByName(prefix + attachTo, kind) !== undefined) return undefined;
  const what = TARGET_WORDS[prefix] ?? 'function';
  const hint = what === 'function' ? similarFunction(btf, attachTo) : '';
  return {
    kind: 'attach-target',
    subject: attachTo,
    message: `no ${what} '${attachTo}' for ${program.section.replace(/^\?/, '')}${hint}`,
  };
}

const FUNCTION_PREFIX: Partial<Record<SectionKind, string>> = {
  kprobe: '',
  kretprobe: '',
  ksyscall: '__x64_sys_',
  kretsyscall: '__x64_sys_',
};

/**
 * A program that loads and will not attach, as far as BTF tells: functions that pahole left out of the BTF (assembly,
 * several prototypes) can be probed all the same, so this is a warning.
 */
export function doubtfulTarget(
  program: ObjectProgram,
  { btf, symbol }: KernelFacts,
  reference: Btf,
): Gap | undefined {
  const section = parseSectionName(program.section);
  if (!section.ok || program.attachTo === '') return undefined;
  const { kind } = section.value;
  const prefix = FUNCTION_PREFIX[kind];
  if (prefix !== undefined) {
    const name = prefix + program.attachTo.replace(/\+.*$/, '');
    if (name.includes('*') || btf.findByName(name, 'func') !== undefined) return undefined;
    // Of a function that exists and no BTF tells, nothing can be said.
    if (symbol(name) !== undefined && reference.findByName(name, 'func') === undefined) return undefined;
    return doubt(name, `function '${name}' is not in its BTF${similarFunction(btf, name)}`);
  }
  if (kind !== 'tracepoint' && kind !== 'raw_tracepoint') return undefined;
  const name = program.attachTo.split(/[/:]/).at(-1) ?? '';
  const typedef = `btf_trace_${name}`;
  if (btf.findByName(typedef) !== undefined || reference.findByName(typedef) === undefined) return undefined;
  return doubt(name, `tracepoint '${program.attachTo}' is not there`);
}

function doubt(subject: string, what: string): Gap {
  return { kind: 'attach-target', subject, message: `loads, may not attach: ${what}` };
}

/** Words that kernels of several ages use for the same thing, and what is put before and behind names. */
const SPELLINGS: readonly ((name: string) => string)[] = [
  (name) => `_${name}`,
  (name) => `__${name}`,
  (name) => `do_${name}`,
  (name) => `${name}_noprof`,
  (name) => name.replace(/_noprof$/, ''),
  (name) => name.replace(/page/, 'folio'),
  (name) => name.replace(/folio/, 'page'),
  (name) => (name === 'account_page_dirtied' ? 'folio_account_dirtied' : name),
];

/** The same function as other kernels spell it, e.g. `__blk_account_io_start`. */
function similarFunction(btf: Btf, name: string): string {
  const bare = name.replace(/^_+/, '');
  const found = [bare, ...SPELLINGS.map((spell) => spell(bare))].find(
    (other) => other !== name && btf.findByName(other, 'func') !== undefined,
  );
  return found ? ` (has '${found}')` : '';
}
