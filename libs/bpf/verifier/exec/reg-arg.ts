import { BPF_REG_FP, MAX_BPF_REG } from '@probed/isa';
import type { VerifierEnv } from '../env';
import { markRegUnknown } from '../state/reg-ops';
import type { RegState } from '../state/reg-state';
import { RegBase } from '../state/reg-type';

/** A register is read (`check_reg_arg` with SRC_OP): it must exist and hold something. */
export function checkSrc(env: VerifierEnv, regno: number): RegState {
  if (regno >= MAX_BPF_REG) env.reject('EINVAL', `R${regno} is invalid`);
  env.markReg(regno);
  const reg = env.curRegs[regno];
  if (reg.type === RegBase.NOT_INIT) env.reject('EACCES', `R${regno} !read_ok`);
  return reg;
}

/** A register is written (DST_OP_NO_MARK): any but the frame pointer; the caller sets its new state. */
export function checkDstNoMark(env: VerifierEnv, regno: number): RegState {
  if (regno >= MAX_BPF_REG) env.reject('EINVAL', `R${regno} is invalid`);
  env.markReg(regno);
  if (regno === BPF_REG_FP) env.reject('EACCES', 'frame pointer is read only');
  return env.curRegs[regno];
}

/** A register is written with an unknown scalar (DST_OP). */
export function checkDst(env: VerifierEnv, regno: number): RegState {
  const reg = checkDstNoMark(env, regno);
  markRegUnknown(env, reg);
  return reg;
}
