import {
  AttachType,
  BPF_F_SLEEPABLE,
  canBeSleepable,
  isErrorInjectable,
  lsmHookRules,
  ProgType,
  programType,
} from '@probed/spec';
import type { VerifierEnv } from '../env';
import { attachTarget } from '../memory/btf-ctx';
import { isIterator } from '../memory/iter-args';

const TRAMPOLINE_TYPES: ReadonlySet<number> = new Set([ProgType.TRACING, ProgType.LSM]);

/** The program's type is known, judged, allowed to the caller (`bpf_prog_load`) and fits what it hangs on. */
export function checkProgramType(env: VerifierEnv): void {
  const row = programType(env.spec.type);
  if (!row) env.reject('EINVAL', `program type ${env.spec.type} does not exist`);
  const { caps } = env.options;
  const missing = row.capabilities.find((cap) => caps && !caps.has(cap) && !caps.has('CAP_SYS_ADMIN'));
  if (missing && row.type !== ProgType.SOCKET_FILTER && row.type !== ProgType.CGROUP_SKB) {
    env.reject('EPERM', `program type ${row.name} needs ${missing}`);
  }
  if (env.facts.deviations.has('no-trampoline') && needsTrampoline(env)) {
    env.reject('EPERM', `program type ${row.name} needs trampolines, which this kernel configuration lacks`);
  }
  if (!row.judged) env.unsupported(`program type ${row.name}`);
}

const TRAMPOLINE_ATTACH_TYPES: ReadonlySet<number> = new Set([
  AttachType.TRACE_FENTRY,
  AttachType.TRACE_FEXIT,
  AttachType.MODIFY_RETURN,
  AttachType.LSM_MAC,
]);

/** fentry, fexit, fmod_ret and lsm; tp_btf and iter do without. */
function needsTrampoline({ spec }: VerifierEnv): boolean {
  return TRAMPOLINE_TYPES.has(spec.type) && TRAMPOLINE_ATTACH_TYPES.has(spec.expectedAttachType);
}

/** `bpf_check_attach_target` for what hangs on functions whose result counts, and for iterators. */
function checkTarget(env: VerifierEnv, name: string, sleepable: boolean): void {
  const { type, expectedAttachType, attachTo } = env.spec;
  if (type === ProgType.LSM) checkLsmHook(env, name, attachTo, sleepable);
  if (expectedAttachType === AttachType.MODIFY_RETURN && !isErrorInjectable(name)) {
    if (!name.startsWith('security_')) env.reject('EINVAL', `${name}() is not modifiable`);
    if (sleepable) env.reject('EINVAL', `${name} is not sleepable`);
  }
  if (expectedAttachType === AttachType.TRACE_ITER && !isIterator(attachTo)) {
    env.reject('EINVAL', `${name} is no iterator`);
  }
}

/** `bpf_lsm_verify_prog`. */
function checkLsmHook(env: VerifierEnv, name: string, hook: string, sleepable: boolean): void {
  if (!env.gplCompatible) env.reject('EINVAL', 'LSM programs must have a GPL compatible license');
  const rules = lsmHookRules(hook);
  if (!rules) env.reject('EINVAL', `attach target ${name} points to wrong type name`);
  if (rules.disabled) env.reject('EINVAL', `attach target points to disabled hook ${name}`);
  if (sleepable && !rules.sleepable) env.reject('EINVAL', `${name} is not sleepable`);
}

/** `check_attach_btf_id`. */
export function checkAttach(env: VerifierEnv): void {
  const { type, expectedAttachType, attachTo, flags } = env.spec;
  const sleepable = (flags & BPF_F_SLEEPABLE) !== 0;
  if (type === ProgType.SYSCALL && !sleepable) {
    env.reject('EINVAL', 'Syscall programs can only be sleepable');
  }
  if (sleepable && !canBeSleepable(type, expectedAttachType)) {
    env.complain('Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable');
    env.fail('EINVAL');
  }
  if (!TRAMPOLINE_TYPES.has(type)) return;
  env.attach = attachTarget(env);
  if (env.attach) {
    checkTarget(env, env.attach.name, sleepable);
    return;
  }
  if (attachTo === '') env.reject('EINVAL', 'Tracing programs must provide btf_id');
  env.reject('ESRCH', `attach target '${attachTo}' is not a function or tracepoint of the kernel`);
}
