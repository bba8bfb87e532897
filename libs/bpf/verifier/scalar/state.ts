import {
  MASK,
  NO_SIGN,
  OPERAND_WORDS,
  S32MAX,
  S32MIN,
  SIGN,
  SMAX,
  SMIN,
  setBig,
  settleConst,
  signedBig,
  T0,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
  unsignedBig,
  VALUE,
  W,
} from './words';

/**
 * What is known of a 64-bit number: the range half of `struct bpf_reg_state` (include/linux/bpf_verifier.h).
 * Immutable. Unsigned fields are never negative; signed ones lie in two's complement range.
 */
export class ScalarState {
  /** @param words as an operand of words.ts; never changed once here */
  constructor(readonly words: Int32Array) {}

  /** `var_off.value`: bits known to be 1 (u64); disjoint from {@link mask}. */
  get value(): bigint {
    return this.unsigned(VALUE);
  }

  /** `var_off.mask`: bits not known (u64). */
  get mask(): bigint {
    return this.unsigned(MASK);
  }

  get smin(): bigint {
    return this.signed(SMIN);
  }

  get smax(): bigint {
    return this.signed(SMAX);
  }

  get umin(): bigint {
    return this.unsigned(UMIN);
  }

  get umax(): bigint {
    return this.unsigned(UMAX);
  }

  /** Bounds of the low 32 bits as a signed number. */
  get s32min(): number {
    return this.words[S32MIN];
  }

  get s32max(): number {
    return this.words[S32MAX];
  }

  /** Bounds of the low 32 bits as an unsigned number. */
  get u32min(): number {
    return this.words[U32MIN] >>> 0;
  }

  get u32max(): number {
    return this.words[U32MAX] >>> 0;
  }

  private unsigned(slot: number): bigint {
    return unsignedBig(this.words[slot], this.words[slot + 1]);
  }

  private signed(slot: number): bigint {
    return signedBig(this.words[slot], this.words[slot + 1]);
  }
}

/** Puts an operand into the scratch array. */
export function load(base: number, s: ScalarState): void {
  const { words } = s;
  for (let i = 0; i < OPERAND_WORDS; i++) W[base + i] = words[i];
}

/** A number of which nothing is known (`__mark_reg_unknown`). */
export const UNKNOWN = new ScalarState(
  Int32Array.of(0, 0, -1, -1, 0, SIGN, -1, NO_SIGN, 0, 0, -1, -1, SIGN, NO_SIGN, 0, -1),
);

const SMALL_MIN = -256;
const SMALL_MAX = 4096;
const smallConsts: (ScalarState | undefined)[] = new Array(SMALL_MAX - SMALL_MIN + 1);

function makeState(base: number): ScalarState {
  return new ScalarState(W.slice(base, base + OPERAND_WORDS));
}

/** The number in the value slot of an operand whose five views agree; small ones are interned. */
function constAt(base: number): ScalarState {
  const low = W[base];
  if (W[base + 1] !== low >> 31 || low < SMALL_MIN || low > SMALL_MAX) return makeState(base);
  return (smallConsts[low - SMALL_MIN] ??= makeState(base));
}

/** Whether all five views of the operand agree on one number (false for one whose ranges were forgotten). */
function isSettledConst(base: number): boolean {
  const low = W[base];
  const high = W[base + 1];
  return (
    (W[base + MASK] | W[base + MASK + 1]) === 0 &&
    W[base + UMIN] === low &&
    W[base + UMIN + 1] === high &&
    W[base + UMAX] === low &&
    W[base + UMAX + 1] === high &&
    W[base + SMIN] === low &&
    W[base + SMIN + 1] === high &&
    W[base + SMAX] === low &&
    W[base + SMAX + 1] === high &&
    W[base + S32MIN] === low &&
    W[base + S32MAX] === low &&
    W[base + U32MIN] === low &&
    W[base + U32MAX] === low
  );
}

/** The operand as a state, shared with earlier ones where that is cheap to tell. */
export function take(base: number): ScalarState {
  if (isSettledConst(base)) return constAt(base);
  if (isUnknownAt(base)) return UNKNOWN;
  return makeState(base);
}

/** Whether the operand says nothing at all. */
export function isUnknownAt(base: number): boolean {
  const { words } = UNKNOWN;
  if (W[base + MASK] !== -1 || W[base + MASK + 1] !== -1) return false;
  for (let i = SMIN; i < OPERAND_WORDS; i++) if (W[base + i] !== words[i]) return false;
  return true;
}

/** The number itself (`___mark_reg_known`); `value` is taken modulo 2^64. */
export function scalarConst(value: bigint): ScalarState {
  setBig(T0, value);
  return known(W[T0], W[T0 + 1]);
}

/** An immediate, sign-extended to 64 bits. @param imm signed 32-bit */
export function scalarImm(imm: number): ScalarState {
  return known(imm, imm >> 31);
}

function known(low: number, high: number): ScalarState {
  W[CONST_BASE] = low;
  W[CONST_BASE + 1] = high;
  settleConst(CONST_BASE);
  return constAt(CONST_BASE);
}

/** Where constants are put together: past the slots that transfer functions use. */
const CONST_BASE = T0;

export const ZERO: ScalarState = scalarImm(0);

/** `tnum_is_const(reg->var_off)`: every bit is known; the value is {@link ScalarState.value}. */
export function isConst(s: ScalarState): boolean {
  return (s.words[MASK] | s.words[MASK + 1]) === 0;
}

/** `tnum_subreg_is_const(reg->var_off)`: every one of the low 32 bits is known. */
export function isSubregConst(s: ScalarState): boolean {
  return s.words[MASK] === 0;
}
