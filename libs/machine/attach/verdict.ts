import { ok, writeI64 } from '@probed/base';
import type { FunctionCall } from '@probed/hooks';
import type { AttachEnv } from './attach-env';
import type { AttachedProgram } from './attached-program';
import type { Attacher } from './attachment';
import { badTarget, noSuchHook } from './errors';
import { trampolineListener } from './trampoline';

/** `SEC("fmod_ret/function")`: runs before the function; any other result than 0 is the function's, which is skipped. */
export const attachFmodRet = verdictAttacher('fmod_ret', '');
/**
 * `SEC("lsm/hook")`: the same at `bpf_lsm_HOOK`, so a negative result denies what the kernel asked about. A hook that
 * returns nothing only tells: its programs run like fexit (kernel/bpf/trampoline.c: bpf_attach_type_to_tramp).
 */
export const attachLsm = verdictAttacher('lsm', 'bpf_lsm_');

function verdictAttacher(kind: string, prefix: string): Attacher {
  return (program, target, options, env) => {
    if (!target) return badTarget(`${kind} needs a name`, kind === 'lsm' ? 'e.g. lsm/file_open' : undefined);
    const name = prefix + target;
    const hook = env.hooks.kernelFunction(name);
    const arity = env.functionArity(name);
    if (!hook || arity === undefined) {
      const what = kind === 'lsm' ? `LSM hook ${target}` : `kernel function ${target} with BTF`;
      return noSuchHook(what, `see: probectl hooks 'kprobe:*${target}*'`);
    }
    const label = `${kind}:${target}`;
    const cookie = options.cookie ?? 0;
    const detach = env.returnsNothing(name)
      ? hook.exit.add(trampolineListener(program, label, { arity, cookie }, env))
      : hook.verdict.add((call) => ask(program, label, call, arity, cookie, env));
    return ok({ detach, hook: label, state: hook.live ? 'live' : 'inert' });
  };
}

/** The word behind the arguments is what the program before returned: 0, else nobody is asked any more. */
function ask(
  program: AttachedProgram,
  label: string,
  call: FunctionCall,
  arity: number,
  cookie: number,
  env: AttachEnv,
): void {
  const fill = (ctx: number) => {
    const { view } = env.memory;
    for (let i = 0; i < arity; i++) writeI64(view, ctx + 8 * i, call.args[i] ?? 0);
    writeI64(view, ctx + 8 * arity, 0);
  };
  const info = { cookie, functionIp: call.ip, samplePeriod: 0, argCount: arity };
  const result = env.fire(program, label, fill, info);
  if (result !== undefined && result !== 0) call.override = result | 0;
}
