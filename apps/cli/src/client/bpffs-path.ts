/** Where bpffs is mounted on the nodes. */
export const BPFFS_ROOT = '/sys/fs/bpf';

/** A path that does not begin with `/` is one below bpffs. */
export function fullPath(path: string): string {
  return path.startsWith('/') ? path : `${BPFFS_ROOT}/${path}`;
}
