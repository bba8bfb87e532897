import { programType } from '@probed/spec';
import type { VerifierEnv } from '../../env';
import type { RegState } from '../../state/reg-state';
import { MEM_RDONLY, RegBase } from '../../state/reg-type';
import { flagOfType } from '../dynptr';
import type { KfuncMeta } from './kfunc-meta';
import type { SpecialKfunc } from './special';

/** Slices of dynptrs, and what else moves packets. */
export const DYNPTR_KFUNCS: Readonly<Record<string, SpecialKfunc>> = {
  bpf_dynptr_slice: { pointerResult: (env, meta, r0) => slice(env, meta, r0, false) },
  bpf_dynptr_slice_rdwr: { pointerResult: (env, meta, r0) => slice(env, meta, r0, true) },
  bpf_xdp_pull_data: { changesPktData: true },
};

function slice(env: VerifierEnv, meta: KfuncMeta, r0: RegState, writable: boolean): void {
  const { dynptr, constant } = meta;
  if (!dynptr || constant === undefined) throw new Error(`${meta.name} without a dynptr or a size`);
  if (writable && programType(env.spec.type)?.packet !== 'read-write') {
    env.reject('EINVAL', 'the prog does not allow writes to packet data');
  }
  r0.markPointer(RegBase.PTR_TO_MEM | flagOfType(dynptr.type) | (writable ? 0 : MEM_RDONLY));
  r0.memSize = Number(BigInt.asUintN(32, constant));
  r0.dynptrId = dynptr.id;
}
