import type { VerifierEnv } from '../env';
import { markPtrNotNull } from '../exec/null-check';
import { markDynptrReg } from '../memory/dynptr-slots';
import { ERRNO, Rejection } from '../reject';
import { isNullScalar } from '../state/reg-ops';
import type { RegState } from '../state/reg-state';
import { DynptrType } from '../state/reg-state';
import { MEM_RDONLY, PTR_MAYBE_NULL, PTR_UNTRUSTED, RegBase } from '../state/reg-type';
import { processDynptr } from './dynptr';
import { type FuncArg, funcOf, prepareFuncArgs } from './func-signature';
import { checkHelperMemAccess } from './mem-arg';
import { checkArgOffset, checkRegType } from './reg-type-check';

interface Signatures {
  readonly args: Map<number, readonly FuncArg[]>;
  /** Static functions that were once called with what does not fit: no longer looked at. */
  readonly unreliable: Set<number>;
}

const signatures = new WeakMap<VerifierEnv, Signatures>();

function signaturesOf(env: VerifierEnv): Signatures {
  let known = signatures.get(env);
  if (!known) {
    known = { args: new Map(), unreliable: new Set() };
    signatures.set(env, known);
  }
  return known;
}

/** Arguments of a function; refuses the program when its signature won't do. */
function argsOf(env: VerifierEnv, subprogno: number): readonly FuncArg[] {
  const { args: byFunc } = signaturesOf(env);
  const known = byFunc.get(subprogno);
  if (known) return known;
  const args = prepareFuncArgs(env, subprogno);
  if ('errno' in args) {
    if (args.message) env.reject(args.errno, args.message);
    env.fail(args.errno);
  }
  byFunc.set(subprogno, args);
  return args;
}

/** The main function's signature is looked at too; what is odd about it is only noted in the log. */
export function noteMainSignature(env: VerifierEnv): void {
  if (!env.log.detailed || !funcOf(env, 0)) return;
  const args = prepareFuncArgs(env, 0);
  if ('errno' in args && args.message) env.verbose(`${args.message}\n`);
}

/** `btf_check_subprog_call`: what a caller passes to a global function. */
export function checkGlobalArgs(env: VerifierEnv, subprogno: number): void {
  try {
    checkArgs(env, subprogno);
  } catch (fault) {
    if (!(fault instanceof Rejection) || fault.unsupported || fault.errno === ERRNO.EFAULT) throw fault;
    env.complain(`Caller passes invalid args into func#${subprogno} ('${env.subprogs[subprogno].name}')`);
    throw fault;
  }
}

/** The same for a static function, which is walked with whatever it gets: the log alone tells what does not fit. */
export function noteStaticArgs(env: VerifierEnv, subprogno: number): void {
  const { unreliable } = signaturesOf(env);
  if (env.spec.funcInfo.length === 0 || unreliable.has(subprogno)) return;
  const complaints = env.log.complaints.length;
  try {
    checkArgs(env, subprogno);
  } catch (fault) {
    if (!(fault instanceof Rejection) || fault.errno === ERRNO.EFAULT) throw fault;
    env.log.forgetComplaints(complaints);
    unreliable.add(subprogno);
  }
}

function checkArgs(env: VerifierEnv, subprogno: number): void {
  argsOf(env, subprogno).forEach((arg, i) => {
    checkArg(env, arg, i);
  });
}

function checkArg(env: VerifierEnv, arg: FuncArg, i: number): void {
  const regno = i + 1;
  const reg = env.curRegs[regno];
  switch (arg.kind) {
    case 'scalar':
      if (reg.type !== RegBase.SCALAR_VALUE) env.reject('EINVAL', `R${regno} is not a scalar`);
      return;
    case 'untrusted-mem':
      return;
    case 'ctx':
      checkArgOffset(env, regno, reg, 0);
      if (reg.type !== RegBase.PTR_TO_CTX) env.reject('EINVAL', `arg#${i} expects pointer to ctx`);
      return;
    case 'dynptr':
      checkArgOffset(env, regno, reg, 0);
      processDynptr(env, regno, MEM_RDONLY);
      return;
    case 'arena':
      if (reg.type !== RegBase.PTR_TO_ARENA && reg.type !== RegBase.SCALAR_VALUE) {
        env.reject('EINVAL', `R${regno} is not a pointer to arena or scalar.`);
      }
      return;
    case 'btf-id':
      checkObject(env, regno, reg, arg.btfId, arg.flags);
      return;
    case 'mem':
      checkArgOffset(env, regno, reg, 0);
      checkMemory(env, regno, arg.size);
      if (!arg.nullable && (reg.type & PTR_MAYBE_NULL) !== 0) {
        env.reject('EINVAL', `arg#${i} is expected to be non-NULL`);
      }
  }
}

/** Memory that does not fit is an invalid argument, whatever is wrong with it. */
function checkMemory(env: VerifierEnv, regno: number, size: number): void {
  try {
    checkMemReg(env, regno, size);
  } catch (fault) {
    if (!(fault instanceof Rejection) || fault.unsupported) throw fault;
    env.fail('EINVAL');
  }
}

function checkObject(env: VerifierEnv, regno: number, reg: RegState, structId: number, flags: number): void {
  if ((flags & PTR_UNTRUSTED) !== 0) return;
  if (isNullScalar(reg) && (flags & PTR_MAYBE_NULL) !== 0) return;
  checkRegType(env, regno, { type: 'PTR_TO_BTF_ID', flags, structId, func: '' });
  checkArgOffset(env, regno, reg, flags);
}

/** `check_mem_reg`: the callee may read and write all of it. */
export function checkMemReg(env: VerifierEnv, regno: number, size: number): void {
  const reg = env.curRegs[regno];
  if (isNullScalar(reg)) return;
  const saved = reg.mayBeNull ? reg.clone() : undefined;
  if (saved) markPtrNotNull(env, reg);
  checkHelperMemAccess(env, regno, size, false, true, undefined);
  checkHelperMemAccess(env, regno, size, true, true, undefined);
  if (saved) reg.copyFrom(saved);
}

/** Registers at the entry of a global function verified on its own (`do_check_common`). */
export function setGlobalArgs(env: VerifierEnv, subprogno: number): void {
  const regs = env.curRegs;
  argsOf(env, subprogno).forEach((arg, i) => {
    setArg(env, regs[i + 1], arg);
  });
}

function setArg(env: VerifierEnv, reg: RegState, arg: FuncArg): void {
  switch (arg.kind) {
    case 'scalar':
    case 'arena':
      reg.markUnknown(!env.bpfCapable);
      return;
    case 'ctx':
      reg.markPointer(RegBase.PTR_TO_CTX);
      return;
    case 'dynptr':
      markDynptrReg(reg, DynptrType.LOCAL, true, env.nextId());
      return;
    case 'untrusted-mem':
      reg.markPointer(RegBase.PTR_TO_MEM | MEM_RDONLY | PTR_UNTRUSTED);
      return;
    case 'btf-id':
      reg.markPointer(RegBase.PTR_TO_BTF_ID | arg.flags);
      reg.btfId = arg.btfId;
      reg.id = env.nextId();
      return;
    case 'mem':
      reg.markPointer(RegBase.PTR_TO_MEM | (arg.nullable ? PTR_MAYBE_NULL : 0));
      reg.memSize = arg.size;
      if (arg.nullable) reg.id = env.nextId();
  }
}

/** The function that runs when the program throws takes one number and gives one (`do_check_common`). */
export function checkExceptionCallback(env: VerifierEnv, subprogno: number): void {
  env.curFunc.inExceptionCallbackFn = true;
  const proto = env.options.objectBtf?.type(funcOf(env, subprogno)?.typeId ?? 0);
  const returns = proto?.kind === 'func_proto' && env.options.objectBtf?.resolve(proto.returnTypeId);
  if (!returns || returns.kind === 'void') env.reject('EINVAL', 'exception cb cannot return void');
  const args = argsOf(env, subprogno);
  if (args.length !== 1 || args[0].kind !== 'scalar') {
    env.reject('EINVAL', 'exception cb only supports single integer argument');
  }
}
