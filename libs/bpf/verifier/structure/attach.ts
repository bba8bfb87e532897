import {
  AttachType,
  BPF_F_SLEEPABLE,
  canBeSleepable,
  isErrorInjectable,
  lsmHookRules,
  ProgType,
} from '@probed/spec';
import type { VerifierEnv } from '../env';
import { attachTarget } from '../memory/btf-ctx';
import { isIterator } from '../memory/iter-args';

const TRAMPOLINE_TYPES: ReadonlySet<number> = new Set([ProgType.TRACING, ProgType.LSM]);

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
