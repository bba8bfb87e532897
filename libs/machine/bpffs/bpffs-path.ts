import { ERRNO, errnoName, strerror } from '@probed/abi';
import { type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';

/** Where bpffs is mounted. */
export const BPFFS_ROOT = '/sys/fs/bpf';

/** NAME_MAX and PATH_MAX (include/uapi/linux/limits.h), bytes; the latter counts the terminating zero. */
const NAME_MAX = 255;
const PATH_MAX = 4096;

/** A refusal as the system call gives it. */
export function bpffsFault(errno: number, what: string, hint?: string): { ok: false; error: Diagnostic } {
  const message = `${what}: ${strerror(errno)} (${errnoName(errno)})`;
  const code = errno === ERRNO.ENOENT ? 'no-such-path' : 'bpffs';
  return err(diagnostic(code, message, { errno, ...(hint !== undefined && { hint }) }));
}

/**
 * The names below {@link BPFFS_ROOT} that lead to a path; none for the mount point itself. Errors: EPERM outside bpffs
 * and for names with a dot, which bpffs reserves (kernel/bpf/inode.c: bpf_lookup); ENAMETOOLONG; ENOENT for no path.
 */
export function parseBpffsPath(path: string): Result<readonly string[]> {
  if (path === '') return bpffsFault(ERRNO.ENOENT, 'an empty path');
  if (byteLength(path) >= PATH_MAX)
    return bpffsFault(ERRNO.ENAMETOOLONG, `a path of ${path.length} characters`);
  if (path.includes('\0')) return bpffsFault(ERRNO.EINVAL, 'a path with a zero byte');
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (byteLength(name) > NAME_MAX)
      return bpffsFault(ERRNO.ENAMETOOLONG, `a name of ${name.length} characters`);
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  const mount = BPFFS_ROOT.slice(1).split('/');
  if (!path.startsWith('/') || !mount.every((name, at) => names[at] === name)) {
    const hint = `pins lie below ${BPFFS_ROOT}, e.g. ${BPFFS_ROOT}/name`;
    return bpffsFault(ERRNO.EPERM, `${path} is not on bpffs`, hint);
  }
  const below = names.slice(mount.length);
  const dotted = below.find((name) => name.includes('.'));
  if (dotted !== undefined)
    return bpffsFault(
      ERRNO.EPERM,
      `${path}`,
      `bpffs takes no name with a dot: ${dotted.replaceAll('.', '_')}`,
    );
  return ok(below);
}

/** The path that names lead to. */
export function bpffsPath(names: readonly string[]): string {
  return [BPFFS_ROOT, ...names].join('/');
}

/** Bytes in UTF-8. */
function byteLength(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
