import {
  AttachType,
  BPF_F_SLEEPABLE,
  canBeSleepable,
  isErrorInjectable,
  lsmHookRules,
  ProgType,
} from '@probed/spec';
import type { VerifierEnv } from '../env';
import { type AttachTarget, attachTarget } from '../memory/btf-ctx';
import { isIterator } from '../memory/iter-args';
import { structOpsTarget } from '../memory/struct-ops';

const TRAMPOLINE_TYPES: ReadonlySet<number> = new Set([ProgType.TRACING, ProgType.LSM]);

const TRACE_HOOKS: ReadonlySet<number> = new Set([
  AttachType.TRACE_FENTRY,
  AttachType.TRACE_FEXIT,
  AttachType.MODIFY_RETURN,
]);

const ATTACH_TYPES: Readonly<Record<number, ReadonlySet<number>>> = {
  [ProgType.TRACING]: new Set([...TRACE_HOOKS, AttachType.TRACE_RAW_TP, AttachType.TRACE_ITER]),
  [ProgType.LSM]: new Set([AttachType.LSM_MAC, AttachType.LSM_CGROUP]),
};

/** Injectable, but not where a program may sleep (kernel/bpf/verifier.c: btf_non_sleepable_error_inject). */
const NEVER_SLEEPABLE: ReadonlySet<string> = new Set([
  '__filemap_add_folio',
  'should_fail_alloc_page',
  'should_failslab',
]);

/** Functions that tracing would break (kernel/bpf/verifier.c: btf_id_deny). */
const DENIED: ReadonlySet<string> = new Set([
  'migrate_disable',
  'migrate_enable',
  'rcu_read_unlock_strict',
  'preempt_count_add',
  'preempt_count_sub',
  '__rcu_read_lock',
  '__rcu_read_unlock',
]);

/** Kernel functions whose result programs may change besides the injectable (`btf_kfunc_is_modify_return`). */
const MODIFIABLE: ReadonlySet<string> = new Set([
  'bpf_modify_return_test',
  'bpf_modify_return_test2',
  'bpf_fentry_test1',
  'bpf_rstat_flush',
]);
const MODIFIABLE_SLEEPABLE: ReadonlySet<string> = new Set(['bpf_fentry_test1']);

/** Widest argument that a trampoline saves, bytes. */
const ARGUMENT_BYTES_MAX = 16;
const ARGUMENTS_MAX = 12;

/** `check_attach_btf_id`. */
export function checkAttach(env: VerifierEnv): void {
  const { type, expectedAttachType, flags } = env.spec;
  const sleepable = (flags & BPF_F_SLEEPABLE) !== 0;
  if (type === ProgType.SYSCALL && !sleepable) {
    env.reject('EINVAL', 'Syscall programs can only be sleepable');
  }
  if (sleepable && !canBeSleepable(type, expectedAttachType)) {
    env.reject(
      'EINVAL',
      'Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable',
    );
  }
  if (type === ProgType.STRUCT_OPS) env.attach = structOpsTarget(env);
  if (type === ProgType.EXT) refuseExtension(env);
  if (!TRAMPOLINE_TYPES.has(type)) return;
  const target = findTarget(env);
  env.attach = target;
  if (type === ProgType.LSM) checkLsmHook(env, target.name, sleepable);
  else if (TRACE_HOOKS.has(expectedAttachType)) checkTraced(env, target, sleepable);
  else if (expectedAttachType === AttachType.TRACE_ITER && !isIterator(env.spec.attachTo)) {
    env.reject('EINVAL', `${target.name} is no iterator`);
  }
}

/** What a tracing program hangs on (`bpf_check_attach_target`). */
function findTarget(env: VerifierEnv): AttachTarget {
  const { attachTo, type, expectedAttachType } = env.spec;
  if (attachTo === '') env.reject('EINVAL', 'Tracing programs must provide btf_id');
  if (!ATTACH_TYPES[type]?.has(expectedAttachType)) {
    env.reject('EINVAL', `attach type ${expectedAttachType} is none of tracing or LSM programs`);
  }
  const target = attachTarget(env);
  if (target) return target;
  env.reject('ESRCH', `attach target '${attachTo}' is not a function or tracepoint of the kernel`);
}

/** A program that replaces a function of another one can only be judged together with it. */
function refuseExtension(env: VerifierEnv): never {
  const { attachTo } = env.spec;
  if (attachTo === '') env.reject('EINVAL', 'Tracing programs must provide btf_id');
  if (env.facts.btf.findByName(attachTo, 'func') !== undefined) {
    env.reject('EINVAL', 'Cannot replace kernel functions');
  }
  env.unsupported(`replacing function ${attachTo} of another program`);
}

/** fentry, fexit and fmod_ret: a function that a trampoline can wrap, and what may be done to it. */
function checkTraced(env: VerifierEnv, target: AttachTarget, sleepable: boolean): void {
  const { name } = target;
  checkSignature(env, target);
  if (sleepable) {
    const injectable = isErrorInjectable(name) && !NEVER_SLEEPABLE.has(name);
    if (!injectable && !MODIFIABLE_SLEEPABLE.has(name)) env.reject('EINVAL', `${name} is not sleepable`);
  } else if (env.spec.expectedAttachType === AttachType.MODIFY_RETURN) {
    const modifiable = isErrorInjectable(name) || name.startsWith('security_') || MODIFIABLE.has(name);
    if (!modifiable) env.reject('EINVAL', `${name}() is not modifiable`);
  }
  if (DENIED.has(name)) {
    env.reject('EINVAL', `Attaching tracing programs to function '${name}' is rejected.`);
  }
}

/** `btf_distill_func_proto`: a trampoline saves arguments in registers and on the stack, by their sizes. */
function checkSignature(env: VerifierEnv, { name, proto }: AttachTarget): void {
  const { btf } = env.facts;
  const refuse = (what: string): never => env.reject('EINVAL', `The function ${name} ${what}`);
  if (proto.params.length > ARGUMENTS_MAX) refuse(`has ${proto.params.length} arguments. Too many.`);
  const returns = btf.resolve(proto.returnTypeId);
  if (returns.kind === 'struct' || returns.kind === 'union') {
    refuse(`return type ${returns.kind.toUpperCase()} is unsupported.`);
  }
  for (const [i, param] of proto.params.entries()) {
    if (i === proto.params.length - 1 && param.typeId === 0) {
      refuse('with variable args is unsupported.');
    }
    const type = btf.resolve(param.typeId);
    if (btf.sizeOf(param.typeId) > ARGUMENT_BYTES_MAX) {
      refuse(`arg${i} type ${type.kind.toUpperCase()} is unsupported.`);
    }
    if (type.kind === 'void') refuse('has malformed void argument.');
  }
}

/** `bpf_lsm_verify_prog`. */
function checkLsmHook(env: VerifierEnv, name: string, sleepable: boolean): void {
  const rules = lsmHookRules(env.spec.attachTo);
  if (sleepable && !rules?.sleepable) env.reject('EINVAL', `${name} is not sleepable`);
  if (!env.gplCompatible) env.reject('EINVAL', 'LSM programs must have a GPL compatible license');
  if (!rules) env.reject('EINVAL', `attach_btf_id ${targetId(env, name)} points to wrong type name ${name}`);
  if (rules.disabled) {
    env.reject('EINVAL', `attach_btf_id ${targetId(env, name)} points to disabled hook ${name}`);
  }
}

function targetId(env: VerifierEnv, name: string): number {
  return env.facts.btf.findByName(name, 'func') ?? 0;
}
