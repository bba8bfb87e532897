import { AttachType, lsmHookRules, ProgType, type ReturnRange, returnRange } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { checkSrc } from '../exec/reg-arg';
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
  if (env.spec.type === ProgType.LSM && !isSubprog && env.attach?.proto.returnTypeId === 0) return;
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
  const range = lsm ?? returnRange(env.spec.type, env.spec.expectedAttachType);
  if (range) enforce(env, regno, range, 'At program exit', lsm !== undefined);
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
