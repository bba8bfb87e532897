import type { VerifierEnv } from '../../env';
import type { RegState } from '../../state/reg-state';
import { MEM_RDONLY, PTR_TRUSTED, PTR_UNTRUSTED, RegBase } from '../../state/reg-type';
import { ctxConvertType } from '../btf-types';
import type { KfuncMeta } from './kfunc-meta';
import type { SpecialKfunc } from './special';

/** Functions that give a pointer another type. */
export const CAST_KFUNCS: Readonly<Record<string, SpecialKfunc>> = {
  bpf_cast_to_kern_ctx: {
    afterArgs(env, meta) {
      meta.retBtfId = kernCtxBtfId(env);
    },
    pointerResult(_env, meta, r0) {
      r0.markPointer(RegBase.PTR_TO_BTF_ID | PTR_TRUSTED);
      r0.btfId = meta.retBtfId;
    },
  },
  bpf_rdonly_cast: { pointerResult: castReadOnly },
};

/** `get_kern_ctx_btf_id`: the kernel's own struct behind the context, by `struct bpf_ctx_convert` of its BTF. */
function kernCtxBtfId(env: VerifierEnv): number {
  const id = ctxConvertType(env, 'kern');
  if (id === undefined) env.fail('EINVAL');
  const { kind } = env.facts.btf.type(id);
  if (kind !== 'struct' && kind !== 'union') {
    env.reject('EINVAL', `kern ctx type id ${id} is not a struct`);
  }
  return id;
}

function castReadOnly(env: VerifierEnv, meta: KfuncMeta, r0: RegState): void {
  const id = Number(BigInt.asIntN(64, meta.constant ?? 0n));
  const { btf } = env.facts;
  if (!btf.has(id)) env.reject('EINVAL', `Unknown type ID ${id} passed to kfunc bpf_rdonly_cast`);
  const { kind } = btf.type(id);
  if (kind === 'struct' || kind === 'union') {
    r0.markPointer(RegBase.PTR_TO_BTF_ID | PTR_UNTRUSTED);
    r0.btfId = id;
  } else if (kind === 'void') {
    r0.markPointer(RegBase.PTR_TO_MEM | MEM_RDONLY | PTR_UNTRUSTED);
  } else {
    env.reject('EINVAL', 'kfunc bpf_rdonly_cast type ID argument must be of a struct or void');
  }
}
