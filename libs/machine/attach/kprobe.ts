import { ok } from '@probed/base';
import type { Attacher } from './attachment';
import { badTarget, noSuchHook, notSupported } from './errors';
import { attachFunctionProbe } from './function-probe';

const SYSCALL_PREFIX = '__x64_sys_';

/** `SEC("kprobe/function")`, `SEC("kretprobe/function")`. */
export const attachKprobe = kprobeAttacher(false, '');
export const attachKretprobe = kprobeAttacher(true, '');
/** `SEC("ksyscall/name")`, `SEC("kretsyscall/name")`: the function behind a system call. */
export const attachKsyscall = kprobeAttacher(false, SYSCALL_PREFIX);
export const attachKretsyscall = kprobeAttacher(true, SYSCALL_PREFIX);

function kprobeAttacher(onReturn: boolean, prefix: string): Attacher {
  return (program, target, options, env) => {
    if (!target) return badTarget('a kprobe needs a function name', 'e.g. kprobe/tcp_v4_connect');
    const [name, offset] = target.split('+');
    if (offset !== undefined && Number(offset) !== 0) return notSupported(`kprobe at an offset (${target})`);
    const hook = env.hooks.kernelFunction(prefix + name);
    if (!hook)
      return noSuchHook(`kernel function ${prefix}${name}`, `see: probectl hooks 'kprobe:*${name}*'`);
    const label = `${onReturn ? 'kretprobe' : 'kprobe'}:${prefix}${name}`;
    return ok(attachFunctionProbe(program, { hook, label, onReturn, user: false }, options, env));
  };
}
