import type { BtfParam, BtfType } from '@probed/btf';
import type { VerifierEnv } from '../../env';
import { isNullScalar } from '../../state/reg-ops';
import type { RegState } from '../../state/reg-state';
import { baseType, RegBase } from '../../state/reg-type';
import { btfKindStr, isCtxType, isScalarType } from '../btf-types';
import type { KfuncArgKind, KfuncMeta } from './kfunc-meta';

/** Structs that tell by themselves what the argument is (`kf_arg_btf_ids`). */
const BY_STRUCT: Readonly<Record<string, KfuncArgKind>> = {
  bpf_dynptr: 'dynptr',
  bpf_list_head: 'list-head',
  bpf_list_node: 'list-node',
  bpf_rb_root: 'rb-root',
  bpf_rb_node: 'rb-node',
  bpf_wq: 'workqueue',
  bpf_res_spin_lock: 'res-spin-lock',
  bpf_task_work: 'task-work',
};

/** Structs that registers of a type stand for (`reg2btf_ids`). */
export const STRUCT_OF_REG: Readonly<Partial<Record<RegBase, string>>> = {
  [RegBase.PTR_TO_SOCKET]: 'sock',
  [RegBase.PTR_TO_SOCK_COMMON]: 'sock_common',
  [RegBase.PTR_TO_TCP_SOCK]: 'tcp_sock',
  [RegBase.CONST_PTR_TO_MAP]: 'bpf_map',
};

/** `is_kfunc_arg_iter`. */
function isIterArg(meta: KfuncMeta, index: number, param: BtfParam): boolean {
  return param.name.endsWith('__iter') || (index === 0 && meta.isIter);
}

/** The argument's size is the next argument (`is_kfunc_arg_mem_size`, `is_kfunc_arg_const_mem_size`). */
function isSizeParam(env: VerifierEnv, param: BtfParam | undefined, reg: RegState): boolean {
  if (!param || reg.type !== RegBase.SCALAR_VALUE) return false;
  return isScalarType(env.facts.btf.resolve(param.typeId)) && /__szk?$/.test(param.name);
}

/** What a pointer argument must be, by its prototype and by what is passed (`get_kfunc_ptr_arg_type`). */
export function kfuncArgKind(
  env: VerifierEnv,
  meta: KfuncMeta,
  index: number,
  target: BtfType,
): KfuncArgKind {
  const { params } = meta.desc.proto;
  const param = params[index];
  const reg = env.curRegs[index + 1];
  if (meta.name === 'bpf_cast_to_kern_ctx' || isCtxType(env, env.facts.btf, target.id)) return 'ctx';
  if (param.name.endsWith('__nullable') && isNullScalar(reg)) return 'null';
  if (param.name.endsWith('__alloc')) return 'alloc-btf-id';
  if (param.name.endsWith('__refcounted_kptr')) return 'refcounted-kptr';
  const struct = target.kind === 'struct' ? BY_STRUCT[target.name] : undefined;
  if (struct === 'dynptr') return struct;
  if (isIterArg(meta, index, param)) return 'iter';
  if (struct?.startsWith('list-') || struct?.startsWith('rb-')) return struct;
  if (param.name.endsWith('__str')) return 'const-str';
  if (param.name.endsWith('__map')) return 'map';
  if (struct === 'workqueue' || struct === 'task-work') return struct;
  if (param.name.endsWith('__irq_flag')) return 'irq-flag';
  if (struct) return struct;
  return objectOrMemory(env, meta, index, target);
}

function objectOrMemory(env: VerifierEnv, meta: KfuncMeta, index: number, target: BtfType): KfuncArgKind {
  const reg = env.curRegs[index + 1];
  const base = baseType(reg.type);
  const what = `${btfKindStr(target)} ${target.name}`;
  if (base === RegBase.PTR_TO_BTF_ID || STRUCT_OF_REG[base]) {
    if (target.kind === 'struct' || target.kind === 'union') return 'btf-id';
    env.reject('EINVAL', `kernel function ${meta.name} args#${index} pointer type ${what} is not supported`);
  }
  if (target.kind === 'func_proto') return 'callback';
  const sized = isSizeParam(env, meta.desc.proto.params[index + 1], env.curRegs[index + 2]);
  const ok = isScalarType(target) || isScalarStruct(env, target, 0) || (sized && target.kind === 'void');
  if (!ok) {
    const also = sized ? 'void, ' : '';
    env.reject(
      'EINVAL',
      `arg#${index} pointer type ${what} must point to ${also}scalar, or struct with scalar`,
    );
  }
  return sized ? 'mem-size' : 'mem';
}

/** Levels of nested structs (`__btf_type_is_scalar_struct`). */
const MAX_NESTING = 3;

/** Whether a struct is made of numbers only. */
export function isScalarStruct(env: VerifierEnv, type: BtfType, depth: number, btf = env.facts.btf): boolean {
  if (type.kind !== 'struct' && type.kind !== 'union') return false;
  for (const member of type.members) {
    let inner = btf.resolve(member.typeId);
    if (inner.kind === 'struct' || inner.kind === 'union') {
      if (depth >= MAX_NESTING) {
        env.complain('max struct nesting depth exceeded');
        return false;
      }
      if (!isScalarStruct(env, inner, depth + 1, btf)) return false;
      continue;
    }
    if (inner.kind === 'array') {
      if (inner.count === 0) return false;
      inner = btf.resolve(inner.elemTypeId);
    }
    if (!isScalarType(inner)) return false;
  }
  return true;
}
