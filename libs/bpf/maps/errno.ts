/** errno values that map operations give, negated as kernel functions return them. */
export const E = {
  PERM: -1,
  NOENT: -2,
  TOO_BIG: -7,
  AGAIN: -11,
  NOMEM: -12,
  FAULT: -14,
  EXIST: -17,
  INVAL: -22,
  NOSPC: -28,
  OPNOTSUPP: -95,
} as const;
