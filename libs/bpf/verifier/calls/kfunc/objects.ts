import type { BtfStruct } from '@probed/btf';
import type { VerifierEnv } from '../../env';
import { mayPointToSpinLock } from '../../exec/null-check';
import { recordOf, structRecord } from '../../records/of-register';
import type { RegState } from '../../state/reg-state';
import { MEM_ALLOC, MEM_PERCPU, RegBase, typeIsNonOwningRef, typeIsPtrAllocObj } from '../../state/reg-type';
import { isScalarStruct } from './arg-kind';
import type { KfuncArg, KfuncMeta } from './kfunc-meta';
import type { SpecialKfunc } from './special';

/** Objects that a program allocates, by structs of its own BTF. */
export const OBJECT_KFUNCS: Readonly<Record<string, SpecialKfunc>> = {
  bpf_obj_new_impl: { pointerResult: newObject, afterResult: tellApart },
  bpf_percpu_obj_new_impl: { pointerResult: newPerCpuObject, afterResult: tellApart },
  bpf_refcount_acquire_impl: {
    spinAllowed: true,
    mayReturnNull: (meta) => !meta.argOwningRef && meta.has('RET_NULL'),
    pointerResult(_env, meta, r0) {
      r0.markPointer(RegBase.PTR_TO_BTF_ID | MEM_ALLOC);
      r0.btfId = meta.argBtfId;
      r0.isLocalBtf = true;
    },
    afterResult: tellApart,
  },
};

/** Pointers that may lead to a lock keep an id, so that locks are told apart. */
export function tellApart(env: VerifierEnv, _meta: KfuncMeta, r0: RegState): void {
  if (r0.id === 0 && mayPointToSpinLock(env, r0)) r0.id = env.nextId();
}

/** The struct of the program whose type id the program passes. */
function wantedStruct(env: VerifierEnv, { constant = 0n }: KfuncMeta): BtfStruct {
  if (BigInt.asUintN(32, constant) !== constant) {
    env.reject('EINVAL', 'local type ID argument must be in range [0, U32_MAX]');
  }
  const btf = env.options.objectBtf;
  if (!btf) env.reject('EINVAL', 'bpf_obj_new/bpf_percpu_obj_new requires prog BTF');
  const id = Number(constant);
  const type = btf.has(id) ? btf.type(id) : undefined;
  if (type?.kind !== 'struct') {
    env.reject('EINVAL', 'bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct');
  }
  return type;
}

function newObject(env: VerifierEnv, meta: KfuncMeta, r0: RegState): void {
  const type = wantedStruct(env, meta);
  r0.markPointer(RegBase.PTR_TO_BTF_ID | MEM_ALLOC);
  r0.btfId = type.id;
  r0.isLocalBtf = true;
}

/** BPF_GLOBAL_PERCPU_MA_MAX_SIZE. */
const PERCPU_BYTES_MAX = 512;

function newPerCpuObject(env: VerifierEnv, meta: KfuncMeta, r0: RegState): void {
  const type = wantedStruct(env, meta);
  if (type.size > PERCPU_BYTES_MAX) {
    env.reject('EINVAL', `bpf_percpu_obj_new type size (${type.size}) is greater than ${PERCPU_BYTES_MAX}`);
  }
  if (!isScalarStruct(env, type, 0, env.options.objectBtf)) {
    env.reject('EINVAL', 'bpf_percpu_obj_new type ID argument must be of a struct of scalars');
  }
  if (structRecord(env, type.id)) {
    env.reject('EINVAL', 'bpf_percpu_obj_new type ID argument must not contain special fields');
  }
  r0.markPointer(RegBase.PTR_TO_BTF_ID | MEM_ALLOC | MEM_PERCPU);
  r0.btfId = type.id;
  r0.isLocalBtf = true;
}

/** An allocated object to be given back (KF_ARG_PTR_TO_ALLOC_BTF_ID). */
export function checkAllocatedArg(env: VerifierEnv, { index, reg }: KfuncArg, meta: KfuncMeta): void {
  const own = RegBase.PTR_TO_BTF_ID | MEM_ALLOC;
  if (reg.type === own) {
    if (meta.name !== 'bpf_obj_drop_impl')
      env.reject('EINVAL', `arg#${index} expected for bpf_obj_drop_impl()`);
  } else if (reg.type === (own | MEM_PERCPU)) {
    if (meta.name !== 'bpf_percpu_obj_drop_impl') {
      env.reject('EINVAL', `arg#${index} expected for bpf_percpu_obj_drop_impl()`);
    }
  } else {
    env.reject('EINVAL', `arg#${index} expected pointer to allocated object`);
  }
  if (reg.refObjId === 0) env.reject('EINVAL', 'allocated object must be referenced');
  meta.argBtfId = reg.btfId;
}

/** An object with a reference count (KF_ARG_PTR_TO_REFCOUNTED_KPTR). */
export function checkRefcountedArg(env: VerifierEnv, { index, reg }: KfuncArg, meta: KfuncMeta): void {
  if (!typeIsPtrAllocObj(reg.type)) env.reject('EINVAL', `arg#${index} is neither owning or non-owning ref`);
  if (!typeIsNonOwningRef(reg.type)) meta.argOwningRef = true;
  const record = recordOf(env, reg);
  if (!record) env.reject('EFAULT', "verifier bug: Couldn't find btf_record");
  if (!record.has('REFCOUNT')) {
    env.reject('EINVAL', `arg#${index} doesn't point to a type with bpf_refcount field`);
  }
  meta.argBtfId = reg.btfId;
}
