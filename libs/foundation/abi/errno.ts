import { ERRNO_ROWS } from './errno-rows';

/** Name of an error number as in `include/uapi/asm-generic/errno.h`, e.g. `ENOENT`. */
export type ErrnoName = (typeof ERRNO_ROWS)[number][0];

/** Error numbers by name, positive: `ERRNO.ENOENT` is 2. Aliases (EWOULDBLOCK, EDEADLOCK, ENOTSUP) included. */
export const ERRNO = {
  ...(Object.fromEntries(ERRNO_ROWS.map(([name, number]) => [name, number])) as Record<ErrnoName, number>),
  /** Alias of EAGAIN. */
  EWOULDBLOCK: 11,
  /** Alias of EDEADLK. */
  EDEADLOCK: 35,
  /** Alias of EOPNOTSUPP, as in user space; the kernel's own ENOTSUPP is 524. */
  ENOTSUP: 95,
} as const;

const byNumber = new Map<number, readonly [string, string]>(
  ERRNO_ROWS.map(([name, number, message]) => [number, [name, message]]),
);

/** Name of an error number of either sign; undefined when there is none. */
export function errnoName(number: number): string | undefined {
  return byNumber.get(Math.abs(number))?.[0];
}

/** What strerror(3) of glibc says of an error number of either sign. */
export function strerror(number: number): string {
  const row = byNumber.get(Math.abs(number));
  return row?.[1] || `Unknown error ${Math.abs(number)}`;
}
