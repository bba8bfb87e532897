import type { Btf, BtfFuncProto, BtfType } from '@probed/btf';
import { AttachType, lsmHookRules, ProgType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import {
  baseType,
  MEM_PERCPU,
  MEM_RCU,
  MEM_USER,
  PTR_MAYBE_NULL,
  PTR_TRUSTED,
  RegBase,
} from '../state/reg-type';
import type { CtxValue } from './ctx-access';
import { iterArgType } from './iter-args';
import { rawTpArg } from './raw-tp-args';
import { structOpsArg } from './struct-ops';

/** The kernel function or tracepoint a tracing program hangs on (`prog->aux->attach_func_proto`). */
export interface AttachTarget {
  readonly name: string;
  readonly proto: BtfFuncProto;
  /** Parameters of the prototype that are no part of the context: a raw tracepoint's `void *__data`. */
  readonly skip: number;
  /** tp_btf: arguments are trusted as those of fentry are. */
  readonly isTracepoint: boolean;
}

/** Words of a context at most (include/linux/bpf.h). */
const MAX_BPF_FUNC_ARGS = 12;

const SCALAR: CtxValue = { type: RegBase.SCALAR_VALUE };

/** Finds what `attach_btf_id` stands for by the section's target name (`check_attach_btf_id`). */
export function attachTarget(env: VerifierEnv): AttachTarget | undefined {
  const { btf } = env.facts;
  const { type, expectedAttachType, attachTo } = env.spec;
  if (type === ProgType.TRACING && expectedAttachType === AttachType.TRACE_RAW_TP) {
    return tracepointTarget(btf, attachTo);
  }
  const prefix =
    type === ProgType.LSM ? 'bpf_lsm_' : expectedAttachType === AttachType.TRACE_ITER ? 'bpf_iter_' : '';
  const id = btf.findByName(prefix + attachTo, 'func');
  if (id === undefined) return undefined;
  const func = btf.type(id);
  const proto = func.kind === 'func' ? btf.type(func.typeId) : undefined;
  if (proto?.kind !== 'func_proto') return undefined;
  return { name: prefix + attachTo, proto, skip: 0, isTracepoint: false };
}

function tracepointTarget(btf: Btf, name: string): AttachTarget | undefined {
  const id = btf.findByName(`btf_trace_${name}`, 'typedef');
  if (id === undefined) return undefined;
  const ptr = btf.resolve(id);
  const proto = ptr.kind === 'ptr' ? btf.resolve(ptr.typeId) : undefined;
  if (proto?.kind !== 'func_proto') return undefined;
  return { name, proto, skip: 1, isTracepoint: true };
}

/** Whether the context also holds the return value, after the arguments. */
function hasReturnSlot(env: VerifierEnv): boolean {
  const type = env.spec.expectedAttachType;
  return (
    env.spec.type === ProgType.LSM || type === AttachType.TRACE_FEXIT || type === AttachType.MODIFY_RETURN
  );
}

/** One argument of the traced function, or its return value (kernel/bpf/btf.c: btf_ctx_access). */
export function btfCtxAccess(env: VerifierEnv, off: number, size: number): CtxValue | undefined {
  const target = env.attach;
  if (!target || off < 0 || off >= MAX_BPF_FUNC_ARGS * 8 || off % size !== 0) return undefined;
  if (off % 8 !== 0) {
    env.complain(`func '${target.name}' offset ${off} is not multiple of 8`);
    return undefined;
  }
  const params = target.proto.params.slice(target.skip);
  const index = off / 8;
  let typeId: number;
  if (index < params.length) {
    typeId = params[index].typeId;
  } else if (index === params.length && hasReturnSlot(env)) {
    typeId = target.proto.returnTypeId;
    const returns = env.facts.btf.resolve(typeId);
    if (returns.kind === 'void') return undefined;
    if (isScalar(returns.kind)) return returnValue(env, typeId, size);
  } else {
    env.complain(`func '${target.name}' doesn't have ${index + 1}-th argument`);
    return undefined;
  }
  return argument(env, target, index, typeId, size);
}

/** What the programs before left as the result; of an LSM hook it is a lawful one. */
function returnValue(env: VerifierEnv, typeId: number, size: number): CtxValue | undefined {
  const value = scalarArg(env, typeId, size);
  const range = env.spec.type === ProgType.LSM ? lsmHookRules(env.spec.attachTo)?.returns : undefined;
  return value && range ? { ...value, range } : value;
}

function isScalar(kind: string): boolean {
  return kind === 'int' || kind === 'enum' || kind === 'enum64';
}

function scalarArg(env: VerifierEnv, typeId: number, size: number): CtxValue | undefined {
  // Narrower than the register is fine, and an argument always occupies a whole register.
  return size <= 8 && env.facts.btf.sizeOf(typeId) <= 8 ? SCALAR : undefined;
}

function argument(
  env: VerifierEnv,
  target: AttachTarget,
  index: number,
  typeId: number,
  size: number,
): CtxValue | undefined {
  const { btf } = env.facts;
  const type = btf.resolve(typeId);
  if (isScalar(type.kind) || type.kind === 'struct' || type.kind === 'union')
    return scalarArg(env, typeId, size);
  if (type.kind !== 'ptr') {
    env.complain(
      `func '${target.name}' arg${index} '${type.name}' has type ${type.kind.toUpperCase()}. Only pointer access is allowed`,
    );
    return undefined;
  }
  if (size !== 8) {
    env.complain(`func '${target.name}' size ${size} must be 8`);
    return undefined;
  }
  const special = iterArg(env, target, index);
  if (special !== undefined && baseType(special) === RegBase.PTR_TO_BUF) return { type: special };
  const pointee = btf.resolve(type.typeId);
  if (pointee.kind === 'func_proto' || pointee.kind === 'fwd') {
    env.complain(`func '${target.name}' arg${index} type ${pointee.kind.toUpperCase()} is not a struct`);
    return undefined;
  }
  if (pointee.kind !== 'struct' && pointee.kind !== 'union') return SCALAR;
  if (special !== undefined) return { type: special, btfId: pointee.id };
  if (target.isTracepoint && rawTpArg(target.name, index) === 'error') return SCALAR;
  if (env.spec.type === ProgType.STRUCT_OPS) {
    const value = structOpsArg(env, index, pointee.id);
    if ((value.type & PTR_MAYBE_NULL) !== 0) return value;
    noteArgument(env, target, index, pointee);
    return value;
  }
  noteArgument(env, target, index, pointee);
  return { type: RegBase.PTR_TO_BTF_ID | argumentFlags(env, target, index, type.typeId), btfId: pointee.id };
}

function noteArgument(env: VerifierEnv, target: AttachTarget, index: number, pointee: BtfType): void {
  env.verbose(
    `func '${target.name}' arg${index} has btf_id ${pointee.id} type ${pointee.kind.toUpperCase()} '${pointee.name}'\n`,
  );
}

/** Register type of an iterator's argument by its name, where it has one of its own. */
function iterArg(env: VerifierEnv, target: AttachTarget, index: number): number | undefined {
  const isIter = env.spec.type === ProgType.TRACING && env.spec.expectedAttachType === AttachType.TRACE_ITER;
  return isIter ? iterArgType(env.spec.attachTo, target.proto.params[index].name) : undefined;
}

function argumentFlags(env: VerifierEnv, target: AttachTarget, index: number, targetId: number): number {
  const tag = env.facts.btf.type(targetId);
  const tagged: Readonly<Record<string, number>> = { user: MEM_USER, percpu: MEM_PERCPU, rcu: MEM_RCU };
  let flags = tag.kind === 'type_tag' && !tag.attribute ? (tagged[tag.name] ?? 0) : 0;
  const attach = env.spec.expectedAttachType;
  const lsmTrusts = env.spec.type === ProgType.LSM && lsmHookRules(env.spec.attachTo)?.trusted === true;
  const trusts = attach === AttachType.TRACE_RAW_TP || lsmTrusts || attach === AttachType.TRACE_ITER;
  if (trusts) flags |= PTR_TRUSTED;
  if (target.isTracepoint && rawTpArg(target.name, index) === 'null') flags |= PTR_MAYBE_NULL;
  return flags;
}
