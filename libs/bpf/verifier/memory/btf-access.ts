import type { VerifierEnv } from '../env';
import { isTrustedReg } from '../exec/branch-taken';
import { FIELD_KINDS } from '../records/field-kinds';
import { btfOf, structName, structRecord } from '../records/of-register';
import { isConst, tnumString } from '../scalar';
import { markRegUnknown } from '../state/reg-ops';
import type { RegState } from '../state/reg-state';
import {
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  MEM_USER,
  PTR_MAYBE_NULL,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  RegBase,
  typeFlags,
  typeIsNonOwningRef,
  typeIsPtrAllocObj,
} from '../state/reg-type';
import { type WalkResult, walkStruct } from './btf-walk';
import { checkKernelWrite } from './btf-write';
import { mapStruct } from './map-structs';
import { fieldTrust } from './trusted-fields';

/** A load through a pointer to a kernel struct (`check_ptr_to_btf_access`). */
export function checkPtrToBtfAccess(
  env: VerifierEnv,
  regno: number,
  offset: number,
  size: number,
  write: boolean,
  valueRegno: number,
): void {
  const reg = env.curRegs[regno];
  const name = structName(env, reg);
  checkBtfAccessAllowed(env, name, reg.isLocalBtf);
  if (!isConst(reg.v)) {
    env.reject(
      'EACCES',
      `R${regno} is ptr_${name} invalid variable offset: off=${offset}, var_off=${tnumString(reg.v)}`,
    );
  }
  const off = offset + Number(reg.v.smin);
  const where = `R${regno} is ptr_${name}`;
  if (off < 0) env.reject('EACCES', `${where} invalid negative access: off=${off}`);
  if ((reg.type & MEM_USER) !== 0) env.reject('EACCES', `${where} access user memory: off=${off}`);
  if ((reg.type & MEM_PERCPU) !== 0) env.reject('EACCES', `${where} access percpu memory: off=${off}`);
  if (write && !typeIsPtrAllocObj(reg.type)) {
    if (reg.isLocalBtf) env.reject('EACCES', 'only read is supported');
    checkKernelWrite(env, reg.btfId, off, size);
    return;
  }
  if ((reg.type & MEM_ALLOC) !== 0) checkOwnObject(env, reg, off, size);
  const result = walkStruct(btfOf(env, reg), reg.btfId, off, size);
  if (result.kind === 'error') env.reject(result.errno, result.message);
  if (write || valueRegno < 0) return;
  // What a program keeps in an object of its own is data to it.
  const isData = result.kind === 'ptr' && (reg.type & MEM_ALLOC) !== 0;
  loadResult(env, env.curRegs[valueRegno], reg, name, isData ? { kind: 'scalar' } : result);
}

/** Locks, list nodes and the like of an object of the program are not for loads and stores. */
function checkOwnObject(env: VerifierEnv, reg: RegState, off: number, size: number): void {
  if (!typeIsNonOwningRef(reg.type) && (reg.type & MEM_RCU) === 0 && reg.refObjId === 0) {
    env.reject('EFAULT', 'verifier bug: ref_obj_id for allocated object must be non-zero');
  }
  for (const field of structRecord(env, reg.btfId)?.fields ?? []) {
    if (off < field.offset + field.size && field.offset < off + size) {
      env.reject('EACCES', `direct access to ${FIELD_KINDS[field.kind].name} is disallowed`);
    }
  }
}

function checkBtfAccessAllowed(env: VerifierEnv, name: string, isLocal: boolean): void {
  if (!env.allowPtrLeaks) {
    env.reject('EPERM', `'struct ${name}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN`);
  }
  if (!env.gplCompatible && !isLocal) {
    env.reject('EINVAL', `Cannot access kernel 'struct ${name}' from non-GPL compatible program`);
  }
}

/** `mark_btf_ld_reg`. */
function loadResult(
  env: VerifierEnv,
  dst: RegState,
  from: RegState,
  struct: string,
  result: Exclude<WalkResult, { kind: 'error' }>,
): void {
  if (result.kind === 'scalar') {
    markRegUnknown(env, dst);
    return;
  }
  if (result.kind === 'untrusted-mem') {
    dst.markPointer(RegBase.PTR_TO_MEM | MEM_RDONLY | PTR_UNTRUSTED);
    return;
  }
  const flags = pointerFlags(env, from, struct, result.member, result.flags);
  const { isLocalBtf } = from;
  setBtfPointer(env, dst, result.typeId, flags);
  dst.isLocalBtf = isLocalBtf;
}

function setBtfPointer(env: VerifierEnv, dst: RegState, typeId: number, flags: number): void {
  dst.markPointer(RegBase.PTR_TO_BTF_ID | flags);
  dst.btfId = typeId;
  if ((flags & PTR_MAYBE_NULL) !== 0) dst.id = env.nextId();
}

/** Trust in a pointer that was read from a struct. */
function pointerFlags(
  env: VerifierEnv,
  from: RegState,
  struct: string,
  member: string,
  walked: number,
): number {
  if ((from.type & PTR_UNTRUSTED) !== 0) return PTR_UNTRUSTED;
  const isRcu = (typeFlags(from.type) & MEM_RCU) !== 0;
  if (!isTrustedReg(from) && !isRcu) return walked & ~(PTR_TRUSTED | MEM_RCU);
  const trust = fieldTrust(struct, member, 'trusted');
  if (trust === 'trusted') return walked | PTR_TRUSTED;
  if (trust === 'trusted-or-null') return walked | PTR_TRUSTED | PTR_MAYBE_NULL;
  if (!env.inRcuCs || (from.type & PTR_MAYBE_NULL) !== 0) return PTR_UNTRUSTED;
  const rcu = fieldTrust(struct, member, 'rcu');
  if (rcu === 'rcu') return walked | MEM_RCU;
  if (rcu === 'rcu-or-null') return (walked | MEM_RCU | PTR_MAYBE_NULL) & ~PTR_UNTRUSTED;
  if ((walked & MEM_RCU) !== 0) return walked | PTR_MAYBE_NULL;
  if ((walked & (MEM_PERCPU | MEM_USER)) !== 0) return walked;
  return walked & ~(PTR_TRUSTED | MEM_RCU);
}

/** A load from a map object itself, by its struct in the kernel's BTF (`check_ptr_to_map_access`). */
export function checkPtrToMapAccess(
  env: VerifierEnv,
  regno: number,
  off: number,
  size: number,
  write: boolean,
  valueRegno: number,
): void {
  const name = mapStruct(env.curRegs[regno].map?.type ?? 0);
  const structId = env.facts.btf.findByName(name, 'struct');
  if (structId === undefined) env.reject('ENOTSUPP', `map_ptr access not supported for map type ${name}`);
  if (!env.allowPtrLeaks) {
    env.reject('EPERM', `'struct ${name}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN`);
  }
  if (off < 0) env.reject('EACCES', `R${regno} is ${name} invalid negative access: off=${off}`);
  if (write) env.reject('EACCES', `only read from ${name} is supported`);
  const result = walkStruct(env.facts.btf, structId, off, size);
  if (result.kind === 'error') env.reject(result.errno, result.message);
  if (valueRegno < 0) return;
  if (result.kind === 'ptr') setBtfPointer(env, env.curRegs[valueRegno], result.typeId, result.flags);
  else loadResult(env, env.curRegs[valueRegno], env.curRegs[regno], name, result);
}
