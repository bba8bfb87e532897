import { type Insn, memSizeBytes } from '@probed/isa';
import type { VerifierEnv } from '../env';
import { checkMemAccess } from '../memory/access';
import { baseType, MEM_RDONLY, PTR_UNTRUSTED, RegBase } from '../state/reg-type';
import { checkDstNoMark, checkSrc } from './reg-arg';

/** A load into a register (`check_load_mem`). */
export function checkLoadMem(
  env: VerifierEnv,
  insn: Insn,
  strictOnce: boolean,
  signExtend: boolean,
  allowTrustMismatch: boolean,
): void {
  const { type } = checkSrc(env, insn.src);
  checkDstNoMark(env, insn.dst);
  checkMemAccess(env, {
    insnIdx: env.insnIdx,
    regno: insn.src,
    off: insn.off,
    size: memSizeBytes(insn),
    write: false,
    valueRegno: insn.dst,
    strictOnce,
    signExtend,
  });
  savePtrType(env, type, allowTrustMismatch);
}

/** A store of a register (`check_store_reg`). */
export function checkStoreReg(env: VerifierEnv, insn: Insn, strictOnce: boolean): void {
  checkSrc(env, insn.src);
  const { type } = checkSrc(env, insn.dst);
  store(env, insn, insn.src, strictOnce);
  savePtrType(env, type, false);
}

/** A store of an immediate. */
export function checkStoreImm(env: VerifierEnv, insn: Insn): void {
  if (insn.src !== 0) env.reject('EINVAL', 'BPF_ST uses reserved fields');
  const { type } = checkSrc(env, insn.dst);
  store(env, insn, -1, false);
  savePtrType(env, type, false);
}

function store(env: VerifierEnv, insn: Insn, valueRegno: number, strictOnce: boolean): void {
  checkMemAccess(env, {
    insnIdx: env.insnIdx,
    regno: insn.dst,
    off: insn.off,
    size: memSizeBytes(insn),
    write: true,
    valueRegno,
    strictOnce,
    signExtend: false,
  });
}

/** Pointers whose accesses the kernel rewrites by type, so that an instruction must see one type only. */
const ONE_TYPE_ONLY: ReadonlySet<RegBase> = new Set([
  RegBase.PTR_TO_CTX,
  RegBase.PTR_TO_SOCKET,
  RegBase.PTR_TO_SOCK_COMMON,
  RegBase.PTR_TO_TCP_SOCK,
  RegBase.PTR_TO_XDP_SOCK,
  RegBase.PTR_TO_BTF_ID,
  RegBase.PTR_TO_ARENA,
]);

function memOrBtf(type: number): boolean {
  const base = baseType(type);
  return base === RegBase.PTR_TO_MEM || base === RegBase.PTR_TO_BTF_ID;
}

/** `save_aux_ptr_type`: the same instruction reached with different kinds of pointers. */
function savePtrType(env: VerifierEnv, type: number, allowTrustMismatch: boolean): void {
  const aux = env.aux[env.insnIdx];
  const prev = aux.ptrType;
  if (isProbed(type)) aux.probed = true;
  if (prev === RegBase.NOT_INIT) {
    aux.ptrType = type;
    return;
  }
  if (prev === type) return;
  if (!ONE_TYPE_ONLY.has(baseType(type)) && !ONE_TYPE_ONLY.has(baseType(prev))) return;
  if (!allowTrustMismatch || !memOrBtf(type) || !memOrBtf(prev)) {
    env.reject('EINVAL', 'same insn cannot be used with different pointers');
  }
  const isMem = baseType(type) === RegBase.PTR_TO_MEM || baseType(prev) === RegBase.PTR_TO_MEM;
  aux.ptrType =
    (isMem ? RegBase.PTR_TO_MEM : RegBase.PTR_TO_BTF_ID) | ((type | prev) & (PTR_UNTRUSTED | MEM_RDONLY));
}

/** Loads that may fault and then give 0 (BPF_PROBE_MEM). */
function isProbed(type: number): boolean {
  const base = baseType(type);
  if (base === RegBase.PTR_TO_BTF_ID || base === RegBase.CONST_PTR_TO_MAP) return true;
  return base === RegBase.PTR_TO_MEM && (type & PTR_UNTRUSTED) !== 0;
}
