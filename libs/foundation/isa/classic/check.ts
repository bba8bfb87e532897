import { diagnostic, err, ok, type Result } from '@probed/base';
import { ancillaryOf, isAncillaryOffset } from './ancillary';
import { CLASSIC_INSNS_MAX, CLASSIC_MEM_WORDS, type ClassicInsn } from './insn';
import { type ClassicSemantics, classicSemantics } from './table';

/** What a filter is for: packets of a socket, or system calls. */
export type ClassicFlavour = 'socket' | 'seccomp';

/** sizeof(struct seccomp_data): number, architecture, instruction pointer, six arguments. */
export const SECCOMP_DATA_BYTES = 64;

const EINVAL = 22;

/**
 * Decides as Linux whether a filter may be attached (net/core/filter.c: bpf_check_classic; kernel/seccomp.c:
 * seccomp_check_filter). Errors: `bad-classic` (EINVAL), naming the instruction.
 */
export function checkClassic(
  insns: readonly ClassicInsn[],
  flavour: ClassicFlavour = 'socket',
): Result<void> {
  if (insns.length === 0 || insns.length > CLASSIC_INSNS_MAX)
    return refuse(undefined, `${insns.length} instructions; 1 to ${CLASSIC_INSNS_MAX} are a filter`);
  for (let pc = 0; pc < insns.length; pc++) {
    const semantics = classicSemantics(insns[pc].code);
    if (!semantics) return refuse(pc, `no operation has code 0x${insns[pc].code.toString(16)}`);
    const wrong =
      checkOperands(insns, pc, semantics) ??
      (flavour === 'seccomp' ? checkSeccomp(insns[pc], semantics) : undefined);
    if (wrong) return refuse(pc, wrong);
  }
  if (classicSemantics(insns[insns.length - 1].code)?.kind !== 'ret')
    return refuse(insns.length - 1, 'the last instruction is no ret');
  const unset = findUnsetLoad(insns);
  return unset === undefined
    ? ok(undefined)
    : refuse(unset, `M[${insns[unset].k}] is loaded where it may not be set`);
}

function refuse(pc: number | undefined, message: string): Result<never> {
  const where = pc === undefined ? undefined : `instruction ${pc}`;
  return err(diagnostic('bad-classic', message, { ...(where && { where }), errno: EINVAL }));
}

/** What is wrong with an instruction's constant or its jumps. */
function checkOperands(
  insns: readonly ClassicInsn[],
  pc: number,
  semantics: ClassicSemantics,
): string | undefined {
  const { jt, jf, k } = insns[pc];
  const ahead = insns.length - pc - 1;
  switch (semantics.kind) {
    case 'alu':
      if (semantics.source === 'x') return undefined;
      if ((semantics.op === 'div' || semantics.op === 'mod') && k === 0) return 'division by 0';
      return (semantics.op === 'lsh' || semantics.op === 'rsh') && k >= 32 ? `shift by ${k}` : undefined;
    case 'mem':
    case 'store':
      return k >= CLASSIC_MEM_WORDS ? `M[${k}] is beyond the ${CLASSIC_MEM_WORDS} words` : undefined;
    case 'ja':
      return k >= ahead ? 'jump beyond the end' : undefined;
    case 'jump':
      return jt >= ahead || jf >= ahead ? 'jump beyond the end' : undefined;
    case 'load':
      if (semantics.mode === 'ind' || !isAncillaryOffset(k) || ancillaryOf(k)) return undefined;
      return `nothing is at SKF_AD_OFF + ${k - 0xffff_f000}`;
    default:
      return undefined;
  }
}

/** What a seccomp filter must not do. */
function checkSeccomp({ k }: ClassicInsn, semantics: ClassicSemantics): string | undefined {
  if (semantics.kind === 'load') {
    if (semantics.mode === 'ind' || semantics.bytes !== 4)
      return 'a seccomp filter loads words at fixed offsets only';
    if (k >= SECCOMP_DATA_BYTES || k % 4 !== 0) return `seccomp_data has no word at ${k}`;
  }
  if (semantics.kind === 'msh') return 'a seccomp filter has no packet';
  return semantics.kind === 'alu' && semantics.op === 'mod'
    ? 'mod is not allowed in a seccomp filter'
    : undefined;
}

const ALL_SET = (1 << CLASSIC_MEM_WORDS) - 1;

/**
 * Jumps lead forward only, so one pass knows which words of scratch memory are set on all ways to an instruction
 * (check_load_and_stores). @returns the first load of one that may not be
 */
function findUnsetLoad(insns: readonly ClassicInsn[]): number | undefined {
  const setOnJumps = new Uint16Array(insns.length + 1).fill(ALL_SET);
  let set = 0;
  for (let pc = 0; pc < insns.length; pc++) {
    const { code, jt, jf, k } = insns[pc];
    const semantics = classicSemantics(code)!;
    set &= setOnJumps[pc];
    if (semantics.kind === 'store') set |= 1 << k;
    else if (semantics.kind === 'mem' && !(set & (1 << k))) return pc;
    else if (semantics.kind === 'ja' || semantics.kind === 'jump') {
      const targets = semantics.kind === 'ja' ? [k] : [jt, jf];
      for (const target of targets) setOnJumps[pc + 1 + target] &= set;
      set = ALL_SET;
    }
  }
  return undefined;
}
