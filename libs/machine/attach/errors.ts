import { type Diagnostic, diagnostic, err } from '@probed/base';

const ENOENT = 2;
const EINVAL = 22;
const EOPNOTSUPP = 95;

/** The hook does not exist in the emulated kernel, as it would not on Linux. */
export function noSuchHook(what: string, hint: string): { ok: false; error: Diagnostic } {
  return err(diagnostic('no-such-hook', `${what} does not exist (ENOENT)`, { errno: ENOENT, hint }));
}

export function badTarget(message: string, hint?: string): { ok: false; error: Diagnostic } {
  return err(diagnostic('bad-attach-target', `${message} (EINVAL)`, { errno: EINVAL, hint }));
}

export function notSupported(what: string): { ok: false; error: Diagnostic } {
  return err(diagnostic('not-supported', `${what} is not supported (EOPNOTSUPP)`, { errno: EOPNOTSUPP }));
}
