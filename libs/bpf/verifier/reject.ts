import type { Diagnostic } from '@probed/base';

/** errno values the verifier gives (include/uapi/asm-generic/errno-base.h and errno.h). */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  E2BIG: 7,
  EBADF: 9,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EEXIST: 17,
  EBUSY: 16,
  EINVAL: 22,
  ERANGE: 34,
  EPROTO: 71,
  EOPNOTSUPP: 95,
  ENOTSUPP: 524,
} as const;

export type ErrnoName = keyof typeof ERRNO;

/** Why a program was refused; `message` is the first line of the verifier's complaint. */
export interface VerifierReject extends Diagnostic {
  readonly errno: number;
  /** Verifier log, kernel format, at the level asked for; at level 0 only the complaint itself. */
  readonly log: readonly string[];
  /** Instructions processed until the refusal (`insn_processed`). */
  readonly processed: number;
  /** `unsupported`: Linux might accept it, this verifier does not judge it; the message names the feature. */
  readonly verdict: 'reject' | 'unsupported';
  /** Slot of the offending instruction, where there is one. */
  readonly insn?: number;
}

/**
 * Unwinds the verifier to `verify`, which turns it into a {@link VerifierReject}; it never leaves this lib.
 * The complaint itself is in the log by then.
 */
export class Rejection extends Error {
  constructor(
    readonly errno: number,
    readonly unsupported = false,
  ) {
    super('program rejected');
  }
}
