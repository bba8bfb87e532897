import { AttachType, lsmHookRules, ProgType, type ReturnRange, returnRange } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { checkSrc } from '../exec/reg-arg';
import { checkPtrOffReg } from '../memory/region';
import { markChainPrecision } from '../pruning/precision';
import { isPointerValue } from '../state/reg-ops';
import type { RegState } from '../state/reg-state';
import { RegBase, regTypeStr } from '../state/reg-type';

const S64_MIN = -0x8000_0000_0000_0000n;
const S64_MAX = 0x7fff_ffff_ffff_ffffn;

/** `retval_range_within`. */
export function retvalWithin(range: ReturnRange, reg: RegState): boolean {
  return BigInt(range.min) <= reg.v.smin && reg.v.smax <= BigInt(range.max);
}

/** `verbose_invalid_scalar`. */
export function invalidScalar(reg: RegState, range: ReturnRange, when: string, name: string): string {
  let has = '';
  if (reg.v.smin > S64_MIN) has += ` smin=${reg.v.smin}`;
  if (reg.v.smax < S64_MAX) has += ` smax=${reg.v.smax}`;
  if (has === '') has = ' unknown scalar value';
  return `${when} the register ${name} has${has} should have been in [${range.min}, ${range.max}]`;
}

/**
 * R0 at the end of a program or of a function verified on its own (`check_return_code`).
 * @param regno register with the value: R1 where bpf_throw ends the program with it
 */
export function checkReturnCode(env: VerifierEnv, regno = 0): void {
  const [func] = env.cur.frame;
  const isSubprog = func.subprogno !== 0 && !func.inExceptionCallbackFn;
  if (!isSubprog && returnsNothing(env)) return;
  if (!isSubprog && !func.inExceptionCallbackFn && returnsOwnedPointer(env, regno)) return;
  const r0 = checkSrc(env, regno);
  if (isPointerValue(env, r0)) env.reject('EACCES', `R${regno} leaks addr as return value`);
  if (func.inAsyncCallbackFn) {
    if (func.callbackRetRange) enforce(env, regno, func.callbackRetRange, 'At async callback return');
    return;
  }
  if (isSubprog) {
    if (r0.type !== RegBase.SCALAR_VALUE) {
      env.reject(
        'EINVAL',
        `At subprogram exit the register R${regno} is not a scalar value (${regTypeStr(r0.type)})`,
      );
    }
    return;
  }
  const lsm = lsmRange(env);
  const range = lsm ?? programRange(env);
  if (!range) return;
  const { log } = env;
  const before = log.complaints.length;
  try {
    enforce(env, regno, range, 'At program exit', lsm !== undefined);
  } catch (fault) {
    if (log.complaints.length > before && isVoidCgroupHook(env)) env.complain(VOID_HOOK_NOTE);
    throw fault;
  }
}

const VOID_HOOK_NOTE = "Note, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!";

/** Hooks without a result: programs may leave anything in R0. */
function returnsNothing({ spec, attach }: VerifierEnv): boolean {
  const isHook = spec.type === ProgType.LSM && spec.expectedAttachType !== AttachType.LSM_CGROUP;
  return (isHook || spec.type === ProgType.STRUCT_OPS) && attach?.proto.returnTypeId === 0;
}

/** A member of struct_ops may hand a reference to an object over to the kernel, as its prototype says. */
function returnsOwnedPointer(env: VerifierEnv, regno: number): boolean {
  const reg = env.curRegs[regno];
  if (reg.refObjId === 0 || reg.btfId === 0 || reg.btfId !== returnedStruct(env)) return false;
  checkPtrOffReg(env, reg, regno);
  return true;
}

/** Type of the object that a member of struct_ops returns a pointer to; undefined when it returns none. */
function returnedStruct({ spec, attach, facts }: VerifierEnv): number | undefined {
  if (spec.type !== ProgType.STRUCT_OPS || !attach) return undefined;
  const type = facts.btf.resolve(attach.proto.returnTypeId);
  return type.kind === 'ptr' ? facts.btf.skipModifiers(type.typeId) : undefined;
}

function isVoidCgroupHook({ spec, attach }: VerifierEnv): boolean {
  return (
    spec.type === ProgType.LSM &&
    spec.expectedAttachType === AttachType.LSM_CGROUP &&
    attach?.proto.returnTypeId === 0
  );
}

const BOOLEAN: ReturnRange = { min: 0, max: 1 };

/** Lawful results by the program's type; those of LSM hooks that return an errno aside. */
function programRange(env: VerifierEnv): ReturnRange | undefined {
  const { spec } = env;
  if (spec.type === ProgType.LSM && spec.expectedAttachType === AttachType.LSM_CGROUP) {
    return isVoidCgroupHook(env) ? { min: 1, max: 1 } : BOOLEAN;
  }
  if (spec.type === ProgType.STRUCT_OPS) {
    return returnedStruct(env) === undefined ? undefined : { min: 0, max: 0 };
  }
  return returnRange(spec.type, spec.expectedAttachType);
}

/** `bpf_lsm_get_retval_range`: a hook that returns something takes 0 or a negative errno. */
function lsmRange({ spec, attach }: VerifierEnv): ReturnRange | undefined {
  const isMac = spec.type === ProgType.LSM && spec.expectedAttachType === AttachType.LSM_MAC;
  return isMac && attach?.proto.returnTypeId !== 0 ? lsmHookRules(spec.attachTo)?.returns : undefined;
}

/** @param is32 only the lower half of the register counts */
function enforce(env: VerifierEnv, regno: number, range: ReturnRange, when: string, is32 = false): void {
  const r0 = env.curRegs[regno];
  if (r0.type !== RegBase.SCALAR_VALUE) {
    env.reject('EINVAL', `${when} the register R${regno} is not a known value (${regTypeStr(r0.type)})`);
  }
  markChainPrecision(env, regno);
  const within = is32 ? range.min <= r0.v.s32min && r0.v.s32max <= range.max : retvalWithin(range, r0);
  if (!within) env.reject('EINVAL', invalidScalar(r0, range, when, `R${regno}`));
}
