import { type Diagnostic, ok, type Result } from '@probed/base';
import type { FunctionHook, UserImageEntry } from '@probed/hooks';
import type { AttachEnv } from './attach-env';
import { badTarget, noSuchHook } from './errors';

/** The image of a path as uprobes name it; a bare name is looked for as libbpf does. Errors: ENOENT. */
export function userImage(path: string, env: AttachEnv): Result<UserImageEntry, Diagnostic> {
  const image = env.hooks.user.find(path);
  if (image) return ok(image);
  const what = path.includes('/') ? path : `full path for '${path}'`;
  return noSuchHook(what, "emulated executables and libraries: probectl hooks 'uprobe:*'");
}

const HEX_OR_DECIMAL = /^(0x[0-9a-f]+|\d+)$/i;

/**
 * What `path:function`, `path:function+offset` or `path:offset` (a place in the file) stands for. Inside of functions
 * nothing is executed in the emulation, so a probe there attaches and never fires. Errors: EINVAL, ENOENT.
 */
export function userPlace(target: string, env: AttachEnv): Result<FunctionHook, Diagnostic> {
  const colon = target.lastIndexOf(':');
  const [symbol, offset = '0', ...rest] = target.slice(colon + 1).split('+');
  const wellFormed = colon >= 1 && symbol && rest.length === 0 && HEX_OR_DECIMAL.test(offset);
  if (!wellFormed) {
    const message = `uprobe target "${target}" is not path:function or path:function+offset`;
    return badTarget(message, 'e.g. uprobe//bin/bash:readline');
  }
  const image = userImage(target.slice(0, colon), env);
  if (!image.ok) return image;
  const { path, base } = image.value;
  if (HEX_OR_DECIMAL.test(symbol)) return atOffset(image.value, Number(symbol) + Number(offset), target, env);
  const hook = env.hooks.userFunction(path, symbol);
  if (!hook)
    return noSuchHook(`user function ${symbol} of ${path}`, `see: probectl hooks 'uprobe:*${symbol}*'`);
  return Number(offset) === 0
    ? ok(hook)
    : atOffset(image.value, hook.ip - base + Number(offset), target, env);
}

/** A place by its offset in the file; text is mapped from the file's begin on. */
function atOffset(image: UserImageEntry, offset: number, target: string, env: AttachEnv) {
  if (offset < 0 || offset >= image.textBytes) {
    return badTarget(`${target}: offset 0x${offset.toString(16)} is outside of the text of ${image.path}`);
  }
  const address = image.base + offset;
  const symbol = image.functions.find((row) => row.address === address);
  return ok(symbol ? env.hooks.userFunction(image.path, symbol.name)! : env.hooks.user.site(address));
}
