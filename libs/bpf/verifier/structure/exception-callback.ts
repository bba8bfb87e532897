import type { VerifierEnv } from '../env';
import { declTags } from '../records/find-fields';

/**
 * Slot of the function that the main program names in its tag `exception_callback:` to run when it throws, 0 for none
 * (`bpf_find_exception_callback_insn_off`).
 */
export function exceptionCallbackStart(env: VerifierEnv): number {
  const { objectBtf: btf } = env.options;
  const { funcInfo } = env.spec;
  if (!btf || funcInfo.length === 0) return 0;
  const main = funcInfo[0].typeId;
  if (!btf.has(main)) env.reject('EINVAL', 'invalid btf id for main subprog in func_info');
  const names = declTags(btf, main, -1, 'exception_callback:');
  if (names.length === 0) return 0;
  if (names.length > 1) {
    env.reject('EEXIST', 'multiple exception callback tags for main subprog');
  }
  const id = btf.findByName(names[0], 'func');
  const func = id === undefined ? undefined : btf.type(id);
  if (func?.kind !== 'func') {
    env.reject('ENOENT', `exception callback '${names[0]}' could not be found in BTF`);
  }
  if (func.linkage !== 'global') {
    env.reject('EINVAL', `exception callback '${names[0]}' must have global linkage`);
  }
  const info = funcInfo.find((f) => f.typeId === id);
  if (!info) env.reject('EINVAL', 'exception callback type id not found in func_info');
  if (info.insn === 0) env.reject('EINVAL', 'invalid exception callback insn_off in func_info: 0');
  return info.insn;
}

/** `mark_subprog_exc_cb`. */
export function markExceptionCallback(env: VerifierEnv, n: number): void {
  env.exceptionCallback = n;
  const sub = env.subprogs[n];
  sub.isCb = true;
  sub.isAsyncCb = true;
  sub.isExceptionCb = true;
}
