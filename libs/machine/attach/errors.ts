import { type Diagnostic, diagnostic, err } from '@probed/base';

const ENOENT = 2;
const ESRCH = 3;
const EINVAL = 22;
const EOPNOTSUPP = 95;

/** The hook does not exist in the emulated kernel, as it would not on Linux. */
export function noSuchHook(what: string, hint: string): { ok: false; error: Diagnostic } {
  return err(diagnostic('no-such-hook', `${what} does not exist (ENOENT)`, { errno: ENOENT, hint }));
}

/** Of a list of functions one does not exist (kernel/trace/ftrace.c: ftrace_lookup_symbols). */
export function noSuchFunction(name: string): { ok: false; error: Diagnostic } {
  return err(diagnostic('no-such-hook', `kernel function ${name} does not exist (ESRCH)`, { errno: ESRCH }));
}

/** The kernel has no iterator of that name (tools/lib/bpf/libbpf.c: find_kernel_btf_id). */
export function noSuchIterator(
  target: string,
  known: Readonly<Record<string, unknown>>,
): { ok: false; error: Diagnostic } {
  const hint = `one of ${Object.keys(known).join(', ')}`;
  return err(diagnostic('no-such-hook', `iterator ${target} does not exist (ESRCH)`, { errno: ESRCH, hint }));
}

export function badTarget(message: string, hint?: string): { ok: false; error: Diagnostic } {
  return err(diagnostic('bad-attach-target', `${message} (EINVAL)`, { errno: EINVAL, hint }));
}

export function notSupported(what: string): { ok: false; error: Diagnostic } {
  return err(diagnostic('not-supported', `${what} is not supported (EOPNOTSUPP)`, { errno: EOPNOTSUPP }));
}
