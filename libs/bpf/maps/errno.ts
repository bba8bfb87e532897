/** errno values that map operations give, negated as kernel functions return them. */
export const E = {
  PERM: -1,
  NOENT: -2,
  TOO_BIG: -7,
  BADF: -9,
  AGAIN: -11,
  NOMEM: -12,
  FAULT: -14,
  EXIST: -17,
  INVAL: -22,
  NOSPC: -28,
  OPNOTSUPP: -95,
  /** The kernel's internal ENOTSUPP, which bpf(2) lets through: the type has no such operation. */
  NOTSUPP: -524,
} as const;
