import type { VerifierEnv } from '../../env';
import { dynptrReg } from '../../memory/dynptr-slots';
import {
  DYNPTR_TYPE_SKB,
  DYNPTR_TYPE_SKB_META,
  DYNPTR_TYPE_XDP,
  MEM_RDONLY,
  MEM_UNINIT,
  RegBase,
} from '../../state/reg-type';
import { flagOfType, processDynptr } from '../dynptr';
import type { KfuncArg, KfuncMeta } from './kfunc-meta';

/** What functions make that are no clones. */
const MAKES: Readonly<Record<string, number>> = {
  bpf_dynptr_from_skb: DYNPTR_TYPE_SKB,
  bpf_dynptr_from_xdp: DYNPTR_TYPE_XDP,
  bpf_dynptr_from_skb_meta: DYNPTR_TYPE_SKB_META,
};

/** A dynptr argument of a kernel function (KF_ARG_PTR_TO_DYNPTR). */
export function checkDynptrKfuncArg(env: VerifierEnv, arg: KfuncArg, meta: KfuncMeta): void {
  const { reg, regno } = arg;
  const isNew = arg.param.name.endsWith('__uninit');
  let flags = MAKES[meta.name] ?? 0;
  if (reg.type === RegBase.CONST_PTR_TO_DYNPTR) flags |= MEM_RDONLY;
  if (isNew) flags |= MEM_UNINIT;
  const original = isNew && meta.name === 'bpf_dynptr_clone' ? meta.dynptr : undefined;
  if (original) flags |= flagOfType(original.type);
  if (isNew && reg.type === RegBase.CONST_PTR_TO_DYNPTR) env.fail('EFAULT');
  processDynptr(env, regno, flags, original?.refObjId ?? 0);
  if (isNew) return;
  const { id, dynptrType, refObjId } = dynptrReg(env, reg);
  meta.dynptr = { id, type: dynptrType, refObjId };
}
