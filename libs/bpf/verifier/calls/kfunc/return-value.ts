import type { BtfType } from '@probed/btf';
import type { VerifierEnv } from '../../env';
import { acquireReference } from '../../state/references';
import { markRegUnknown } from '../../state/reg-ops';
import type { RegState } from '../../state/reg-state';
import {
  MEM_RCU,
  MEM_RDONLY,
  PTR_MAYBE_NULL,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  RegBase,
} from '../../state/reg-type';
import { btfKindStr, isScalarType } from '../btf-types';
import { iterSlot } from './iter-next';
import type { KfuncMeta } from './kfunc-meta';
import { type SpecialKfunc, specialKfunc } from './special';

/** R0 after a call, by the prototype (`check_kfunc_call`). R0–R5 hold nothing yet. */
export function setKfuncResult(env: VerifierEnv, meta: KfuncMeta): void {
  const { btf } = env.facts;
  const type = btf.resolve(meta.desc.proto.returnTypeId);
  const special = specialKfunc(meta.name);
  const r0 = env.curRegs[0];
  if (meta.isAcquire && !returnsStructPtr(env, type) && !special.pointerResult) {
    env.reject('EINVAL', 'acquire kernel function does not return PTR_TO_BTF_ID');
  }
  if (isScalarType(type)) {
    markRegUnknown(env, r0);
    special.scalarResult?.(env, meta, r0);
  } else if (type.kind === 'ptr') {
    pointerResult(env, meta, special, r0, btf.skipModifiers(type.typeId));
  }
  special.afterResult?.(env, meta, r0);
}

function returnsStructPtr(env: VerifierEnv, type: BtfType): boolean {
  return type.kind === 'ptr' && env.facts.btf.resolve(type.typeId).kind === 'struct';
}

function pointerResult(
  env: VerifierEnv,
  meta: KfuncMeta,
  special: SpecialKfunc,
  r0: RegState,
  targetId: number,
): void {
  const target = env.facts.btf.type(targetId);
  if (special.pointerResult) special.pointerResult(env, meta, r0, target);
  else if (target.kind === 'void') markRegUnknown(env, r0);
  else if (target.kind === 'struct') structResult(env, meta, r0, targetId);
  else memoryResult(env, meta, r0, target);
  const mayBeNull = special.mayReturnNull?.(meta) ?? meta.has('RET_NULL');
  if (mayBeNull) {
    r0.type |= PTR_MAYBE_NULL;
    r0.id = env.nextId();
  }
  if (!meta.isAcquire) return;
  const id = acquireReference(env, env.insnIdx);
  if (mayBeNull) r0.id = id;
  r0.refObjId = id;
}

function memoryResult(env: VerifierEnv, meta: KfuncMeta, r0: RegState, target: BtfType): void {
  let size = meta.r0Size;
  let readOnly = meta.r0Rdonly;
  if (size === 0) {
    size = env.facts.btf.sizeOf(target.id);
    readOnly = true;
  }
  if (size === 0) {
    const what = `${btfKindStr(target)} ${target.name}`;
    env.reject('EINVAL', `kernel function ${meta.name} returns pointer type ${what} is not supported`);
  }
  r0.markPointer(RegBase.PTR_TO_MEM | (readOnly ? MEM_RDONLY : 0));
  r0.memSize = size;
  // The memory goes when the reference does.
  r0.refObjId = meta.refObjId;
}

/** Objects whose pointer the kernel does not vouch for. */
const UNTRUSTED: ReadonlySet<string> = new Set(['bpf_get_kmem_cache']);

function structResult(env: VerifierEnv, meta: KfuncMeta, r0: RegState, targetId: number): void {
  let flags = UNTRUSTED.has(meta.name) ? PTR_UNTRUSTED : 0;
  if (meta.has('ITER_NEXT')) flags = (iterSlot(env.cur, meta).type & MEM_RCU) !== 0 ? MEM_RCU : PTR_TRUSTED;
  r0.markPointer(RegBase.PTR_TO_BTF_ID | flags);
  r0.btfId = targetId;
}
