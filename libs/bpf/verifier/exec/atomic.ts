import { BPF_ATOMIC_OP, BPF_SIZE, type Insn, memSizeBytes } from '@probed/isa';
import type { VerifierEnv } from '../env';
import { checkMemAccess } from '../memory/access';
import { isPointerValue } from '../state/reg-ops';
import { baseType, RegBase, regTypeStr, typeIsPktPointer, typeIsSkPointer } from '../state/reg-type';
import { checkLoadMem, checkStoreReg } from './load-store';
import { checkDst, checkSrc } from './reg-arg';

const A = BPF_ATOMIC_OP;
const RMW: ReadonlySet<number> = new Set([
  A.ADD,
  A.ADD | A.FETCH,
  A.AND,
  A.AND | A.FETCH,
  A.OR,
  A.OR | A.FETCH,
  A.XOR,
  A.XOR | A.FETCH,
  A.XCHG,
  A.CMPXCHG,
]);

/** Operations that x86-64 makes of a loop, which has no fault handler (bpf_jit_supports_insn). */
const NOT_IN_ARENA: ReadonlySet<number> = new Set([A.AND | A.FETCH, A.OR | A.FETCH, A.XOR | A.FETCH]);

/** An atomic instruction (`check_atomic`). */
export function checkAtomic(env: VerifierEnv, insn: Insn): void {
  if (RMW.has(insn.imm)) {
    checkRmw(env, insn);
    return;
  }
  if (insn.imm === A.LOAD_ACQ) {
    checkLoadMem(env, insn, true, false, false);
    checkPtrType(env, insn.src, 'loads from');
    return;
  }
  if (insn.imm === A.STORE_REL) {
    checkStoreReg(env, insn, true);
    checkPtrType(env, insn.dst, 'stores into');
    return;
  }
  const op = (insn.imm >>> 0).toString(16).padStart(2, '0');
  env.reject('EINVAL', `BPF_ATOMIC uses invalid atomic opcode ${op}`);
}

/** `atomic_ptr_type_ok`: not on memory that the kernel accesses in its own way. */
function checkPtrType(env: VerifierEnv, regno: number, what: string): void {
  const { type } = env.curRegs[regno];
  const base = baseType(type);
  const bad =
    (base === RegBase.PTR_TO_ARENA && NOT_IN_ARENA.has(env.insns[env.insnIdx].imm)) ||
    base === RegBase.PTR_TO_CTX ||
    base === RegBase.PTR_TO_FLOW_KEYS ||
    typeIsPktPointer(base) ||
    typeIsSkPointer(base);
  if (bad) env.reject('EACCES', `BPF_ATOMIC ${what} R${regno} ${regTypeStr(type)} is not allowed`);
}

/** `check_atomic_rmw`. */
function checkRmw(env: VerifierEnv, insn: Insn): void {
  const size = insn.opcode & 0x18;
  if (size !== BPF_SIZE.W && size !== BPF_SIZE.DW) env.reject('EINVAL', 'invalid atomic operand size');
  const src = checkSrc(env, insn.src);
  checkSrc(env, insn.dst);
  if (insn.imm === A.CMPXCHG && isPointerValue(env, checkSrc(env, 0))) {
    env.reject('EACCES', 'R0 leaks addr into mem');
  }
  if (isPointerValue(env, src)) env.reject('EACCES', `R${insn.src} leaks addr into mem`);
  checkPtrType(env, insn.dst, 'stores into');
  let loadReg = -1;
  if ((insn.imm & A.FETCH) !== 0) {
    loadReg = insn.imm === A.CMPXCHG ? 0 : insn.src;
    checkDst(env, loadReg);
  }
  const access = {
    insnIdx: env.insnIdx,
    regno: insn.dst,
    off: insn.off,
    size: memSizeBytes(insn),
    strictOnce: true,
    signExtend: false,
  };
  checkMemAccess(env, { ...access, write: false, valueRegno: -1 });
  if (loadReg >= 0) checkMemAccess(env, { ...access, write: false, valueRegno: loadReg });
  checkMemAccess(env, { ...access, write: true, valueRegno: -1 });
}
