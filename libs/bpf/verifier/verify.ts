import { err, ok, type Result } from '@probed/base';
import { isMayGoto } from '@probed/isa';
import type { KernelFacts, MapInfo, ProgramSpec, VerifiedProgram } from '@probed/spec';
import { funcOf } from './calls/func-signature';
import { BPF_COMPLEXITY_LIMIT_INSNS, type SubprogInfo, VerifierEnv, type VerifyOptions } from './env';
import { doCheck } from './exec/do-check';
import type { WalkObserver } from './explain/recorder';
import { mint } from './facts';
import { LOG_STATS } from './log/log-buffer';
import { withAcceptedBtf } from './records/accepted-btf';
import { ERRNO, Rejection, type VerifierReject } from './reject';
import { checkAbnormalReturn } from './structure/abnormal-return';
import { checkAttach } from './structure/attach';
import { checkCfg } from './structure/control-flow';
import { computeLiveRegisters, computePostorder, computeScc } from './structure/data-flow';
import { dropFastcallStack, markFastcallPatterns } from './structure/fastcall';
import { resolveLdImm64 } from './structure/ld-imm64';
import { checkLoad } from './structure/load';
import { checkMaxStackDepth } from './structure/stack-depth';
import { addSubprogs, checkKfuncsResolved, checkSubprogs } from './structure/subprograms';

/** Passes in order; each may refuse the program (kernel/bpf/verifier.c: bpf_check). */
const PASSES: readonly ((env: VerifierEnv) => void)[] = [
  checkLoad,
  addSubprogs,
  checkSubprogs,
  nameSubprogs,
  checkAbnormalReturn,
  resolveLdImm64,
  checkCfg,
  computePostorder,
  checkAttach,
  computeScc,
  computeLiveRegisters,
  markFastcallPatterns,
  doCheck,
  dropFastcallStack,
  checkMaxStackDepth,
  checkKfuncsResolved,
];

/**
 * Decides whether a program is safe to run, as Linux 6.18 does (kernel/bpf/verifier.c: bpf_check).
 *
 * @param program final code: linked, CO-RE applied
 * @param maps by name, every map that the program's references name
 * @returns the program with what its compilers need, or why it was refused
 */
export function verify(
  program: ProgramSpec,
  maps: ReadonlyMap<string, MapInfo>,
  facts: KernelFacts,
  options: VerifyOptions,
): Result<VerifiedProgram, VerifierReject> {
  const { env, fault } = runPasses(program, maps, facts, options);
  printStats(env, fault === undefined);
  return fault ? err(rejection(env, fault)) : ok(mint(env));
}

/** All passes up to the first that refuses the program; what each noted is in the environment. */
export function runPasses(
  program: ProgramSpec,
  maps: ReadonlyMap<string, MapInfo>,
  facts: KernelFacts,
  options: VerifyOptions,
  observer?: WalkObserver,
): { readonly env: VerifierEnv; readonly fault?: Rejection } {
  const given = withAcceptedBtf(program, facts, options);
  const env = new VerifierEnv(given.program, maps, facts, given.options);
  env.observer = observer;
  try {
    for (const pass of PASSES) pass(env);
  } catch (fault) {
    if (!(fault instanceof Rejection)) throw fault;
    return { env, fault };
  }
  return { env };
}

/** Names and linkage of functions from their BTF. */
function nameSubprogs(env: VerifierEnv): void {
  const linkage = env.subprogs.map((sub, n) => {
    const func = funcOf(env, n);
    sub.name = func?.name ?? '';
    return func?.linkage;
  });
  env.isGlobal = (n) => n > 0 && linkage[n] === 'global';
}

/** Registers that an inlined bpf_loop saves on the stack (kernel/bpf/verifier.c: optimize_bpf_loop). */
const INLINED_LOOP_BYTES = 24;

function inlinedLoopBytes(env: VerifierEnv, start: number): number {
  const end = env.subprogEnd(env.subprogOf(start));
  for (let i = start; i < end; i++) if (env.aux[i].inlinableLoop) return INLINED_LOOP_BYTES;
  return 0;
}

/** Count and time of an inlined may_goto, kept on the stack (kernel/bpf/verifier.c: do_misc_fixups). */
const MAY_GOTO_BYTES = 16;

function mayGotoBytes(env: VerifierEnv, start: number): number {
  const end = env.subprogEnd(env.subprogOf(start));
  // A may_goto to the next instruction is removed, and so is what is never reached.
  for (let i = start; i < end; i++) {
    if (isMayGoto(env.insns[i]) && env.insns[i].off !== 0 && env.aux[i].seen) return MAY_GOTO_BYTES;
  }
  return 0;
}

/** Stack of a function once the program is accepted and rewritten, bytes. */
function finalStackDepth(env: VerifierEnv, sub: SubprogInfo): number {
  return sub.stackDepth + inlinedLoopBytes(env, sub.start) + mayGotoBytes(env, sub.start);
}

/** `print_verification_stats`; functions that are never reached are gone from an accepted program. */
function printStats(env: VerifierEnv, accepted: boolean): void {
  const { log } = env;
  if ((log.level & LOG_STATS) !== 0) {
    const left = env.subprogs.filter((sub) => !accepted || env.aux[sub.start].seen);
    const depths = left.map((sub) => (accepted ? finalStackDepth(env, sub) : sub.stackDepth)).join('+');
    env.verbose(`stack depth ${depths || '0'}\n`);
  }
  env.verbose(
    `processed ${env.insnProcessed} insns (limit ${BPF_COMPLEXITY_LIMIT_INSNS}) max_states_per_insn ` +
      `${env.maxStatesPerInsn} total_states ${env.totalStates} peak_states ${env.peakStates} mark_read 0\n`,
  );
}

const HINTS: Readonly<Record<number, string>> = {
  [ERRNO.EPERM]: 'load with more capabilities',
};

function rejection(env: VerifierEnv, fault: Rejection): VerifierReject {
  const message = env.log.complaints[0] ?? `program ${env.spec.name} was rejected`;
  return {
    code: fault.unsupported ? 'verifier-unsupported' : 'verifier-reject',
    message,
    where: `${env.spec.section} (${env.spec.name})`,
    hint: HINTS[fault.errno],
    errno: fault.errno,
    log: env.log.lines(),
    processed: env.insnProcessed,
    verdict: fault.unsupported ? 'unsupported' : 'reject',
    insn: env.insnProcessed > 0 ? env.insnIdx : undefined,
  };
}
