import { ok } from '@probed/base';
import type { Attacher } from './attachment';
import { badTarget, noSuchHook, notSupported } from './errors';
import { attachFunctionProbe } from './function-probe';
import { overrideFault } from './override-return';

const SYSCALL_PREFIX = '__x64_sys_';

/** `SEC("kprobe/function")`, `SEC("kretprobe/function")`. */
export const attachKprobe = kprobeAttacher(false, '');
export const attachKretprobe = kprobeAttacher(true, '');
/** `SEC("ksyscall/name")`, `SEC("kretsyscall/name")`: the function behind a system call. */
export const attachKsyscall = kprobeAttacher(false, SYSCALL_PREFIX);
export const attachKretsyscall = kprobeAttacher(true, SYSCALL_PREFIX);

/** `function`, or `function+offset` with a decimal or hexadecimal offset. */
const TARGET = /^([^+]+)(?:\+(0x[0-9a-f]+|\d+))?$/i;

function kprobeAttacher(onReturn: boolean, prefix: string): Attacher {
  return (program, target, options, env) => {
    if (!target) return badTarget('a kprobe needs a function name', 'e.g. kprobe/tcp_v4_connect');
    const [, name, offset = '0'] = TARGET.exec(target) ?? [];
    if (name === undefined) return badTarget(`kprobe target "${target}" is not function or function+offset`);
    if (onReturn && Number(offset) !== 0) return badTarget(`a kretprobe has no offset (${target})`);
    if (Number(offset) !== 0) return notSupported(`kprobe at an offset (${target})`);
    const hook = env.hooks.kernelFunction(prefix + name);
    if (!hook)
      return noSuchHook(`kernel function ${prefix}${name}`, `see: probectl hooks 'kprobe:*${name}*'`);
    const fault = overrideFault(program.program, [prefix + name]);
    if (fault) return fault;
    const label = `${onReturn ? 'kretprobe' : 'kprobe'}:${prefix}${name}`;
    const site = { hook, label, onReturn, user: false, cookie: options.cookie ?? 0 };
    return ok(attachFunctionProbe(program, site, env));
  };
}
