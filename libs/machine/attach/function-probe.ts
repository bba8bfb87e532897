import type { RunInfo } from '@probed/helpers';
import type { FunctionCall, FunctionHook } from '@probed/hooks';
import { readStackRegs, writePtRegs } from '../contexts/pt-regs';
import type { AttachEnv } from './attach-env';
import type { AttachedProgram } from './attached-program';
import type { Attachment } from './attachment';

/** `bpf_session_cookie` points to a u64. */
const COOKIE_BYTES = 8;

/** Where in a function, and in which mode, a probe sits. */
export interface ProbeSite {
  readonly hook: FunctionHook;
  readonly label: string;
  readonly onReturn: boolean;
  readonly user: boolean;
  /** `bpf_get_attach_cookie` there. */
  readonly cookie: number;
  /** Only in this process. */
  readonly pid?: number;
}

/** Attaches a program of type KPROBE to the entry or return of a kernel or user function; it sees `struct pt_regs`. */
export function attachFunctionProbe(program: AttachedProgram, site: ProbeSite, env: AttachEnv): Attachment {
  const { hook, label, onReturn } = site;
  const listener = (call: FunctionCall) => {
    if (concerns(program, site, env)) fireProbe(program, site, call, onReturn, env);
  };
  const detach = (onReturn ? hook.exit : hook.entry).add(listener);
  return { detach, hook: label, state: hook.live ? 'live' : 'inert' };
}

/**
 * One program at entry and return of a function (`kprobe.session`, `uprobe.session`): when it returns 1 at the entry,
 * it does not see the return (kernel/trace/bpf_trace.c: kprobe_multi_link_prog_run).
 */
export function attachFunctionSession(program: AttachedProgram, site: ProbeSite, env: AttachEnv): Attachment {
  const { hook, label } = site;
  /** Cookies (`bpf_session_cookie`) of the calls whose return the program is to see. */
  const seen = new WeakMap<FunctionCall, bigint>();
  // A program never runs inside itself on a CPU, so that one place in memory does for each.
  const cookies = env.memory.alloc(env.kernel.cpus * COOKIE_BYTES);
  const fire = (call: FunctionCall, isReturn: boolean) => {
    const cookie = cookies + env.kernel.cpu() * COOKIE_BYTES;
    env.memory.view.setBigUint64(cookie, seen.get(call) ?? 0n, true);
    const result = fireProbe(program, site, call, isReturn, env, { isReturn, cookie });
    if (!isReturn && result === 0) seen.set(call, env.memory.view.getBigUint64(cookie, true));
  };
  const entry = hook.entry.add((call) => {
    if (concerns(program, site, env)) fire(call, false);
  });
  const exit = hook.exit.add((call) => {
    if (!seen.has(call)) return;
    fire(call, true);
    seen.delete(call);
  });
  const detach = () => {
    entry();
    exit();
    env.memory.free(cookies);
  };
  return { detach, hook: label, state: hook.live ? 'live' : 'inert' };
}

function concerns({ stats }: AttachedProgram, { pid }: ProbeSite, env: AttachEnv): boolean {
  if (pid === undefined || env.kernel.current().tgid === pid) return true;
  stats.otherProcesses++;
  return false;
}

/** @returns r0, undefined when the event was lost */
function fireProbe(
  program: AttachedProgram,
  site: ProbeSite,
  call: FunctionCall,
  returned: boolean,
  env: AttachEnv,
  session?: RunInfo['session'],
): number | undefined {
  const info = {
    session,
    cookie: site.cookie,
    functionIp: call.ip,
    samplePeriod: 0,
    overrideReturn: returned
      ? undefined
      : (value: number) => {
          call.override = value;
        },
  };
  return env.fire(program, site.label, (ctx) => writeRegs(env, ctx, call, returned, site.user), info);
}

function writeRegs(env: AttachEnv, ctx: number, call: FunctionCall, returned: boolean, user: boolean): void {
  const { kernel, memory } = env;
  // The stack of user code is where the task's own registers say.
  const stack = user ? readStackRegs(memory.view, kernel.userRegs()) : kernel.kernelFrame(returned);
  const { ip, args, regs, ret } = call;
  writePtRegs(memory.view, ctx, returned ? { ip, user, ret, ...stack } : { ip, user, args, regs, ...stack });
}
