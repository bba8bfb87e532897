import { type Diagnostic, ok, type Result } from '@probed/base';
import type { FunctionHook, UserImageEntry } from '@probed/hooks';
import type { AttachEnv } from './attach-env';
import type { Attacher } from './attachment';
import { badTarget, noSuchHook } from './errors';
import { attachFunctionProbe, attachFunctionSession } from './function-probe';
import { globMatcher } from './glob';
import { multiAttachment } from './multi';
import { userImage } from './user-target';

/** `SEC("uprobe.multi/path:pattern")`: the entries of many functions of one file with one link. */
export const attachUprobeMulti = multiAttacher('uprobe.multi', 'entry');
/** `SEC("uretprobe.multi/path:pattern")`: their returns. */
export const attachUretprobeMulti = multiAttacher('uretprobe.multi', 'return');
/** `SEC("uprobe.session/path:pattern")`: both, with one program; 1 at the entry skips the return. */
export const attachUprobeSession = multiAttacher('uprobe.session', 'session');

function multiAttacher(kind: string, where: 'entry' | 'return' | 'session'): Attacher {
  return (program, target, options, env) => {
    const { cookies, cookie = 0, pid, symbols } = options;
    const colon = target.lastIndexOf(':');
    const pattern = target.slice(colon + 1);
    if (!target || (colon < 1 && !symbols) || (!pattern && !symbols))
      return badTarget(`${kind} target "${target}" is not path:pattern`, `e.g. ${kind}/libc.so.6:mem*`);
    const image = userImage(symbols && colon < 1 ? target : target.slice(0, colon), env);
    if (!image.ok) return image;
    const hooks = functionsOf(image.value, pattern, symbols, env);
    if (!hooks.ok) return hooks;
    if (cookies && cookies.length !== hooks.value.length)
      return badTarget(`${kind}: ${cookies.length} cookies for ${hooks.value.length} functions`);
    const parts = hooks.value.map((hook, i) => {
      const label = `${kind}:${image.value.path}:${hook.name}`;
      const site = {
        hook,
        label,
        onReturn: where === 'return',
        user: true,
        cookie: cookies?.[i] ?? cookie,
        pid,
      };
      return where === 'session'
        ? attachFunctionSession(program, site, env)
        : attachFunctionProbe(program, site, env);
    });
    return ok(multiAttachment(`${kind}:${target}`, parts));
  };
}

function functionsOf(
  image: UserImageEntry,
  pattern: string,
  symbols: readonly string[] | undefined,
  env: AttachEnv,
): Result<readonly FunctionHook[], Diagnostic> {
  const matches = globMatcher(pattern);
  const names = symbols ?? image.functions.map(({ name }) => name).filter(matches);
  const hooks: FunctionHook[] = [];
  for (const name of names) {
    const hook = env.hooks.userFunction(image.path, name);
    if (!hook) return noSuchHook(`user function ${name} of ${image.path}`, `see: probectl hooks 'uprobe:*'`);
    hooks.push(hook);
  }
  if (hooks.length > 0) return ok(hooks);
  return noSuchHook(`a function of ${image.path} that matches ${pattern}`, `see: probectl hooks 'uprobe:*'`);
}
