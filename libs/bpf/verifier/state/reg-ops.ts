import type { VerifierEnv } from '../env';
import type { ScalarState } from '../scalar';
import type { RegState } from './reg-state';
import { RegBase } from './reg-type';

/** The number 0 (or, for a pointer's variable part, none). */
export function isZero(v: ScalarState): boolean {
  return v.mask === 0n && v.value === 0n;
}

/** `register_is_null`: the scalar 0. */
export function isNullScalar(reg: RegState): boolean {
  return reg.type === RegBase.SCALAR_VALUE && isZero(reg.v);
}

/** `__is_pointer_value`: letting it out would leak a kernel address; never so for the privileged. */
export function isPointerValue(env: VerifierEnv, reg: RegState): boolean {
  return !env.allowPtrLeaks && reg.type !== RegBase.SCALAR_VALUE;
}

/** `__mark_reg_unknown`: any scalar, precise at once for programs without CAP_BPF. */
export function markRegUnknown(env: VerifierEnv, reg: RegState): void {
  reg.markUnknown(!env.bpfCapable);
}

const CALLER_SAVED = 6;

/** `clear_caller_saved_regs`: R0–R5 hold nothing after a call. */
export function clearCallerSavedRegs(env: VerifierEnv): void {
  const regs = env.curRegs;
  for (let i = 0; i < CALLER_SAVED; i++) regs[i].markNotInit();
}

/** `clear_scalar_id`: the scalar is no longer linked to others. */
export function clearScalarId(reg: RegState): void {
  reg.id = 0;
  reg.off = 0;
}
