import type { VerifierEnv } from '../../env';
import { markPtrNotNull } from '../../exec/null-check';
import { Rejection } from '../../reject';
import { isConst } from '../../scalar';
import { isNullScalar } from '../../state/reg-ops';
import { btfKindStr } from '../btf-types';
import { checkMemReg } from '../global-func';
import { checkMemSizeReg } from '../mem-arg';
import type { KfuncArg, KfuncMeta } from './kfunc-meta';

/** Memory of the size of what the prototype points to (KF_ARG_PTR_TO_MEM). */
export function checkMemArg(env: VerifierEnv, { index, regno, target, targetId }: KfuncArg): void {
  const size = env.facts.btf.sizeOf(targetId);
  if (size === 0 && target.kind !== 'struct') {
    const what = `reference type('${btfKindStr(target)} ${target.name}')`;
    env.reject('EINVAL', `arg#${index} ${what} size cannot be determined: -22`);
  }
  checkMemReg(env, regno, size);
}

/** Memory whose size is the next argument (KF_ARG_PTR_TO_MEM_SIZE). */
export function checkMemSizeArg(env: VerifierEnv, arg: KfuncArg, meta: KfuncMeta): void {
  const { index, reg, param } = arg;
  const sizeRegno = arg.regno + 1;
  const size = env.curRegs[sizeRegno];
  if (!isNullScalar(reg) || !param.name.endsWith('__opt')) {
    try {
      checkSizedMemory(env, sizeRegno);
    } catch (fault) {
      if (!(fault instanceof Rejection) || fault.unsupported) throw fault;
      env.complain(`arg#${index} arg#${index + 1} memory, len pair leads to invalid memory access`);
      throw fault;
    }
  }
  if (!meta.desc.proto.params[index + 1].name.endsWith('__szk')) return;
  if (!isConst(size.v)) env.reject('EINVAL', `R${sizeRegno} must be a known constant`);
  meta.constant = size.v.value;
}

/** `check_kfunc_mem_size_reg`: the function may read and write all of it. */
function checkSizedMemory(env: VerifierEnv, sizeRegno: number): void {
  const mem = env.curRegs[sizeRegno - 1];
  const saved = mem.mayBeNull ? mem.clone() : undefined;
  if (saved) markPtrNotNull(env, mem);
  const access = { rawMode: false, accessSize: 0, regno: 0, msizeMax: 0n };
  checkMemSizeReg(env, sizeRegno, false, true, access);
  checkMemSizeReg(env, sizeRegno, true, true, access);
  if (saved) mem.copyFrom(saved);
}
