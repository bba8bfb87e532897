import { funcOf } from '../calls/func-signature';
import type { VerifierEnv } from '../env';

/** Return types that fit a register (`btf_type_is_small_int`, `btf_is_any_enum`). */
const SCALARS: ReadonlySet<string> = new Set(['int', 'enum', 'enum64']);

/**
 * Classic packet loads and tail calls may end a function in its middle with 0 or not at all, so a subprogram that uses
 * them must be known to return a number (`check_abnormal_return`, check_btf_func).
 */
export function checkAbnormalReturn(env: VerifierEnv): void {
  checkFuncInfo(env);
  for (let n = 1; n < env.subprogs.length; n++) {
    const sub = env.subprogs[n];
    if (!sub.hasLdAbs && !sub.hasTailCall) continue;
    const what = sub.hasLdAbs ? 'LD_ABS' : 'tail_call';
    if (env.spec.funcInfo.length === 0) {
      env.reject('EINVAL', `${what} is not allowed in subprogs without BTF`);
    }
    if (!returnsScalar(env, n)) {
      env.reject('EINVAL', `${what} is only allowed in functions that return 'int'.`);
    }
  }
}

/** Where the functions have BTF at all, each has, in order (`check_btf_func`). */
function checkFuncInfo(env: VerifierEnv): void {
  const { funcInfo } = env.spec;
  if (funcInfo.length === 0 || !env.options.objectBtf) return;
  if (funcInfo.length !== env.subprogs.length) {
    env.reject('EINVAL', "number of funcs in func_info doesn't match number of subprogs");
  }
  const starts = funcInfo.map(({ insn }) => insn).sort((a, b) => a - b);
  if (starts.some((start, n) => start !== env.subprogs[n].start)) {
    env.reject('EINVAL', "func_info BTF section doesn't match subprog layout in BPF program");
  }
}

function returnsScalar(env: VerifierEnv, n: number): boolean {
  const btf = env.options.objectBtf;
  const func = funcOf(env, n);
  if (!btf || !func) return false;
  const proto = btf.type(func.typeId);
  return proto.kind === 'func_proto' && SCALARS.has(btf.resolve(proto.returnTypeId).kind);
}
