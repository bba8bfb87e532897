import type { FunctionCall, FunctionHook } from '@probed/hooks';
import { readStackRegs, writePtRegs } from '../contexts/pt-regs';
import type { AttachEnv } from './attach-env';
import type { AttachedProgram } from './attached-program';
import type { Attachment, AttachOptions } from './attachment';

/** Where in a function, and in which mode, a probe sits. */
export interface ProbeSite {
  readonly hook: FunctionHook;
  readonly label: string;
  readonly onReturn: boolean;
  readonly user: boolean;
}

/** Attaches a program of type KPROBE to the entry or return of a kernel or user function; it sees `struct pt_regs`. */
export function attachFunctionProbe(
  program: AttachedProgram,
  site: ProbeSite,
  options: AttachOptions,
  env: AttachEnv,
): Attachment {
  const { hook, label, onReturn, user } = site;
  const listener = (call: FunctionCall) => {
    const info = {
      cookie: options.cookie ?? 0,
      functionIp: call.ip,
      samplePeriod: 0,
      overrideReturn: onReturn
        ? undefined
        : (value: number) => {
            call.override = value;
          },
    };
    env.fire(program, label, (ctx) => writeRegs(env, ctx, call, onReturn, user), info);
  };
  const detach = (onReturn ? hook.exit : hook.entry).add(listener);
  return { detach, hook: label, state: hook.live ? 'live' : 'inert' };
}

function writeRegs(env: AttachEnv, ctx: number, call: FunctionCall, onReturn: boolean, user: boolean): void {
  const { kernel, memory } = env;
  // The stack of user code is where the task's own registers say.
  const stack = user ? readStackRegs(memory.view, kernel.userRegs()) : {};
  const state = onReturn ? { ip: call.ip, user, ret: call.ret } : { ip: call.ip, user, args: call.args };
  writePtRegs(memory.view, ctx, { ...state, ...stack });
}
