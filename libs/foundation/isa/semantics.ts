/** RFC 9669 §2.4 conformance groups; `linux` marks what Linux has beyond the RFC. */
export type InsnGroup =
  | 'base32'
  | 'base64'
  | 'atomic32'
  | 'atomic64'
  | 'divmul32'
  | 'divmul64'
  | 'packet'
  | 'linux';

export type AluOp =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'sdiv'
  | 'mod'
  | 'smod'
  | 'or'
  | 'and'
  | 'xor'
  | 'lsh'
  | 'rsh'
  | 'arsh'
  | 'mov';

/** Comparison of dst with the second operand; `set` is true when they share a bit. */
export type Condition = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le' | 'sgt' | 'sge' | 'slt' | 'sle' | 'set';

export type AtomicOp = 'add' | 'or' | 'and' | 'xor' | 'xchg' | 'cmpxchg';

/** Width of an operation; 32-bit results zero the upper half of the destination. */
export type Bits = 32 | 64;
/** Size of a memory access. */
export type MemBytes = 1 | 2 | 4 | 8;
/** Where the second operand comes from: `imm` (sign-extended to 64 bits) or `src`. */
export type Operand = 'imm' | 'reg';

/** What an instruction does, as a closed union that interpreter, verifier and compiler switch over. */
export type Semantics =
  /** dst = dst op operand */
  | { readonly kind: 'alu'; readonly op: AluOp; readonly bits: Bits; readonly operand: Operand }
  /** dst = -dst */
  | { readonly kind: 'neg'; readonly bits: Bits }
  /** dst = the low `from` bits of src, sign-extended to `bits` */
  | { readonly kind: 'movsx'; readonly from: 8 | 16 | 32; readonly bits: Bits }
  /** dst = src moved between address spaces, `imm` = dst_as << 16 | src_as */
  | { readonly kind: 'addr_space_cast' }
  /** dst = the low `bits` of dst in the byte order named, zero-extended; `swap` always reverses the bytes */
  | { readonly kind: 'endian'; readonly order: 'le' | 'be' | 'swap'; readonly bits: 16 | 32 | 64 }
  /** dst = the 64 bits of `imm` and the next slot's `imm`, or what they name (BPF_PSEUDO_LD in src) */
  | { readonly kind: 'ld_imm64'; readonly pseudo: number }
  /** dst = *(src + off) */
  | { readonly kind: 'load'; readonly bytes: MemBytes; readonly signed: boolean }
  /** *(dst + off) = operand */
  | { readonly kind: 'store'; readonly bytes: MemBytes; readonly operand: Operand }
  /**
   * *(dst + off) op= src; with `fetch` src (r0 for cmpxchg) receives the old value. cmpxchg stores src if the old
   * value equals r0.
   */
  | { readonly kind: 'atomic'; readonly op: AtomicOp; readonly fetch: boolean; readonly bytes: 4 | 8 }
  /** dst = *(src + off), ordered before what follows */
  | { readonly kind: 'load_acquire'; readonly bytes: MemBytes }
  /** *(dst + off) = src, ordered after what precedes */
  | { readonly kind: 'store_release'; readonly bytes: MemBytes }
  /** r0 = packet data in host order at imm (`abs`) or src + imm (`ind`); leaves the program with 0 when outside */
  | { readonly kind: 'packet'; readonly mode: 'abs' | 'ind'; readonly bytes: 1 | 2 | 4 }
  /** goto slot + 1 + off, or + imm when `long` (gotol) */
  | { readonly kind: 'jump'; readonly long: boolean }
  /** if (dst cond operand) goto slot + 1 + off */
  | { readonly kind: 'branch'; readonly cond: Condition; readonly bits: Bits; readonly operand: Operand }
  /** goto slot + 1 + off once the loop budget is used up, else fall through */
  | { readonly kind: 'may_goto' }
  /** r0 = callee(r1, …, r5); r1–r5 are lost. helper: id in imm; subprog: slot + 1 + imm; kfunc: BTF id in imm */
  | { readonly kind: 'call'; readonly callee: 'helper' | 'subprog' | 'kfunc' }
  /** calls the function whose address is in dst; no verifier of Linux accepts it */
  | { readonly kind: 'callx' }
  /** returns r0 */
  | { readonly kind: 'exit' };
