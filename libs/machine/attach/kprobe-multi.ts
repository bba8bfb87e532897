import { ok } from '@probed/base';
import type { Attacher, AttachOptions } from './attachment';
import { badTarget, noSuchFunction, noSuchHook } from './errors';
import { attachFunctionProbe, attachFunctionSession } from './function-probe';
import { globMatcher, isPattern } from './glob';
import { multiAttachment } from './multi';
import { overrideFault } from './override-return';

/** MAX_KPROBE_MULTI_CNT (kernel/trace/bpf_trace.c) is 2²⁰; here a link may hang at fewer. */
const FUNCTIONS_MAX = 65_536;

/** `SEC("kprobe.multi/pattern")`: the entries of many kernel functions with one link. */
export const attachKprobeMulti = multiAttacher('kprobe.multi', 'entry');
/** `SEC("kretprobe.multi/pattern")`: their returns. */
export const attachKretprobeMulti = multiAttacher('kretprobe.multi', 'return');
/** `SEC("kprobe.session/pattern")`: both, with one program; 1 at the entry skips the return. */
export const attachKprobeSession = multiAttacher('kprobe.session', 'session');

function multiAttacher(kind: string, where: 'entry' | 'return' | 'session'): Attacher {
  return (program, target, options, env) => {
    const { symbols } = options;
    if (!symbols && !isPattern(target))
      return badTarget(`${kind} pattern "${target}" is invalid`, `e.g. ${kind}/vfs_*`);
    const names = symbols ?? [...env.hooks.kernelFunctionsWhere(globMatcher(target))];
    const fault = countFault(kind, names, target, options) ?? overrideFault(program.program, names);
    if (fault) return fault;
    const missing = names.find((name) => !env.hooks.kernelFunction(name));
    if (missing !== undefined) return noSuchFunction(missing);
    const parts = names.map((name, i) => {
      const hook = env.hooks.kernelFunction(name)!;
      const cookie = options.cookies?.[i] ?? options.cookie ?? 0;
      const site = { hook, label: `${kind}:${name}`, onReturn: where === 'return', user: false, cookie };
      return where === 'session'
        ? attachFunctionSession(program, site, env)
        : attachFunctionProbe(program, site, env);
    });
    return ok(multiAttachment(`${kind}:${symbols ? symbols.join(',') : target}`, parts));
  };
}

function countFault(kind: string, names: readonly string[], target: string, { cookies }: AttachOptions) {
  if (names.length === 0)
    return noSuchHook(`a kernel function that matches ${target}`, "see: probectl hooks 'kprobe:*'");
  if (cookies && cookies.length !== names.length)
    return badTarget(`${kind}: ${cookies.length} cookies for ${names.length} functions`);
  if (names.length > FUNCTIONS_MAX)
    return badTarget(
      `${kind}/${target} matches ${names.length} functions, at most ${FUNCTIONS_MAX} are lawful`,
    );
  return undefined;
}
