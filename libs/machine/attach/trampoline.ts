import { ok, writeI64 } from '@probed/base';
import type { FunctionCall, FunctionListener } from '@probed/hooks';
import type { AttachEnv } from './attach-env';
import type { AttachedProgram } from './attached-program';
import type { Attacher } from './attachment';
import { badTarget, noSuchHook } from './errors';

/** `SEC("fentry/function")`: the program sees the function's arguments as words. */
export const attachFentry = trampolineAttacher(false);
/** `SEC("fexit/function")`: arguments, then the return value. */
export const attachFexit = trampolineAttacher(true);

/** What a trampoline knows of the function that it is for. */
interface TrampolineTarget {
  /** Words of arguments. */
  readonly arity: number;
  readonly cookie: number;
}

function trampolineAttacher(onReturn: boolean): Attacher {
  return (program, target, options, env) => {
    if (!target) return badTarget('fentry and fexit need a function name', 'e.g. fentry/do_unlinkat');
    const hook = env.hooks.kernelFunction(target);
    const arity = env.functionArity(target);
    if (!hook || arity === undefined) {
      return noSuchHook(`kernel function ${target} with BTF`, `see: probectl hooks 'kprobe:*${target}*'`);
    }
    const label = `${onReturn ? 'fexit' : 'fentry'}:${target}`;
    const listener = trampolineListener(program, label, { arity, cookie: options.cookie ?? 0 }, env);
    const detach = (onReturn ? hook.exit : hook.entry).add(listener);
    return ok({ detach, hook: label, state: hook.live ? 'live' : 'inert' });
  };
}

/** Runs a program with the words of a call: its arguments, then what it returned (0 before it has). */
export function trampolineListener(
  program: AttachedProgram,
  label: string,
  { arity, cookie }: TrampolineTarget,
  env: AttachEnv,
): FunctionListener {
  return (call) => {
    const info = { cookie, functionIp: call.ip, samplePeriod: 0, argCount: arity };
    env.fire(program, label, (ctx) => writeWords(env.memory.view, ctx, call, arity), info);
  };
}

function writeWords(view: DataView, ctx: number, call: FunctionCall, arity: number): void {
  for (let i = 0; i < arity; i++) writeI64(view, ctx + 8 * i, call.args[i] ?? 0);
  writeI64(view, ctx + 8 * arity, call.ret ?? 0);
}
