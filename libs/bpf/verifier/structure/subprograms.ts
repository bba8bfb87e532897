import {
  BPF_CLASS,
  BPF_JMP_OP,
  BPF_MODE,
  BPF_PSEUDO_LD,
  type Insn,
  insnClass,
  insnMode,
  insnOp,
  isHelperCall,
  isKfuncCall,
  isLdImm64,
  isSubprogCall,
  jumpTarget,
  OP_EXIT,
  OP_JA,
  OP_JA32,
} from '@probed/isa';
import { kfuncId } from '../calls/kfunc';
import { SubprogInfo, type VerifierEnv } from '../env';
import { exceptionCallbackStart, markExceptionCallback } from './exception-callback';

/** Functions a program may have, the main one included (include/linux/bpf_verifier.h: BPF_MAX_SUBPROGS). */
const BPF_MAX_SUBPROGS = 256;
/** Helper id of bpf_tail_call. */
const BPF_FUNC_TAIL_CALL = 12;

/** An ld_imm64 that loads the address of a subprogram (`bpf_pseudo_func`). */
export function isFuncRef(insn: Insn): boolean {
  return isLdImm64(insn) && insn.src === BPF_PSEUDO_LD.FUNC;
}

function subprogsAt(starts: ReadonlySet<number>): SubprogInfo[] {
  return [...starts].sort((a, b) => a - b).map((start) => new SubprogInfo(start));
}

/** Finds all functions: targets of calls and of function references (`add_subprog_and_kfunc`). */
export function addSubprogs(env: VerifierEnv): void {
  const starts = new Set<number>([0]);
  const kfuncs = new Set<number>();
  for (const [i, insn] of env.insns.entries()) {
    if (!isFuncRef(insn) && !isSubprogCall(insn) && !isKfuncCall(insn)) continue;
    if (!env.bpfCapable) {
      env.reject(
        'EPERM',
        'loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN',
      );
    }
    if (isKfuncCall(insn)) {
      // What was found so far is told of where the call is refused.
      env.subprogs = subprogsAt(starts);
      addKfunc(env, i, kfuncs);
      continue;
    }
    const start = i + insn.imm + 1;
    if (start < 0 || start >= env.insns.length) {
      env.subprogs = subprogsAt(starts);
      env.reject('EINVAL', 'call to invalid destination');
    }
    if (!starts.has(start) && starts.size >= BPF_MAX_SUBPROGS) env.reject('E2BIG', 'too many subprograms');
    starts.add(start);
  }
  const thrown = exceptionCallbackStart(env);
  if (thrown !== 0) starts.add(thrown);
  env.subprogs = subprogsAt(starts);
  if (thrown !== 0) markExceptionCallback(env, env.findSubprog(thrown));
  if (!env.log.level2) return;
  for (const [n, sub] of env.subprogs.entries()) env.verbose(`func#${n} @${sub.start}\n`);
}

/** Kernel functions that one program may call (MAX_KFUNC_DESCS). */
const MAX_KFUNCS = 256;
/** Functions for programs bound to a network device, which none is here (`bpf_dev_bound_kfunc_check`). */
const METADATA_PREFIX = 'bpf_xdp_metadata_';

/** `add_kfunc_call`: the callee is a function of the kernel; whether this program may call it is told when it does. */
function addKfunc(env: VerifierEnv, slot: number, known: Set<number>): void {
  if (!env.gplCompatible) {
    env.reject('EINVAL', 'cannot call kernel function from non-GPL compatible program');
  }
  const id = kfuncId(env, slot);
  const ref = env.spec.refs.get(slot);
  if (!ref) checkModule(env, env.insns[slot].off);
  if (id === 0 && ref?.kind === 'kfunc' && !ref.weak) {
    env.reject('EINVAL', `the kernel has no function ${ref.name}`);
  }
  // Without a number it may stay in code that is never reached.
  if (id === 0 || known.has(id)) return;
  if (known.size === MAX_KFUNCS) env.reject('E2BIG', 'too many different kernel function calls');
  const { btf } = env.facts;
  const func = btf.has(id) ? btf.type(id) : undefined;
  if (func?.kind !== 'func') env.reject('EINVAL', `kernel btf_id ${id >>> 0} is not a function`);
  if (func.name.startsWith(METADATA_PREFIX)) {
    env.reject('EINVAL', 'metadata kfuncs require device-bound program');
  }
  if (env.facts.symbol(func.name) === undefined) {
    env.reject('EINVAL', `cannot find address for kernel function ${func.name}`);
  }
  known.add(id);
}

/** `find_kfunc_desc_btf`: functions of modules are named through a list of BTF objects, which no program has here. */
function checkModule(env: VerifierEnv, off: number): void {
  if (off === 0) return;
  env.complain(
    off > 0
      ? 'kfunc offset > 0 without fd_array is invalid'
      : 'negative offset disallowed for kernel module function call',
  );
  env.reject(off > 0 ? 'EPROTO' : 'EINVAL', 'failed to find BTF for kernel function');
}

/** No call without a function is left in code that runs (`fixup_kfunc_call`). */
export function checkKfuncsResolved(env: VerifierEnv): void {
  const at = env.insns.findIndex((insn, i) => isKfuncCall(insn) && env.aux[i].seen && kfuncId(env, i) === 0);
  if (at >= 0) env.reject('EINVAL', 'invalid kernel function call not eliminated in verifier pass');
}

/** All jumps stay inside their function, and no function falls through into the next (`check_subprogs`). */
export function checkSubprogs(env: VerifierEnv): void {
  env.subprogs.forEach((sub, n) => {
    const end = env.subprogEnd(n);
    for (let i = sub.start; i < end; i++) checkInsn(env, sub, i, end);
  });
}

function checkInsn(env: VerifierEnv, sub: SubprogInfo, i: number, end: number): void {
  const insn = env.insns[i];
  const cls = insnClass(insn);
  if (isHelperCall(insn) && insn.imm === BPF_FUNC_TAIL_CALL) {
    sub.hasTailCall = true;
    sub.tailCallReachable = true;
  }
  if (cls === BPF_CLASS.LD && (insnMode(insn) === BPF_MODE.ABS || insnMode(insn) === BPF_MODE.IND)) {
    sub.hasLdAbs = true;
  }
  const op = insnOp(insn);
  const jumps = cls === BPF_CLASS.JMP || cls === BPF_CLASS.JMP32;
  if (jumps && op !== BPF_JMP_OP.CALL && op !== BPF_JMP_OP.EXIT) {
    const target = jumpTarget(insn, i) as number;
    if (target < sub.start || target >= end) {
      env.reject('EINVAL', `jump out of range from insn ${i} to ${target}`);
    }
  }
  if (i === end - 1 && insn.opcode !== OP_EXIT && insn.opcode !== OP_JA && insn.opcode !== OP_JA32) {
    env.reject('EINVAL', 'last insn is not an exit or jmp');
  }
}
