import { BPF_JMP_OP } from '@probed/isa';
import { isConst, isScalarBranchTaken, isSubregConst } from '../scalar';
import { AT_PKT_END, BEYOND_PKT_END, type RegState } from '../state/reg-state';
import {
  baseType,
  MEM_ALLOC,
  NON_OWN_REF,
  PTR_MAYBE_NULL,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  RegBase,
  typeFlags,
  typeIsPktPointer,
} from '../state/reg-type';

const TRUSTED_MODIFIERS = MEM_ALLOC | PTR_TRUSTED | NON_OWN_REF;

/** `is_trusted_reg`: a pointer to a kernel object that is valid for sure. */
export function isTrustedReg(reg: RegState): boolean {
  if (reg.refObjId !== 0) return true;
  const flags = typeFlags(reg.type);
  const unsafe = (flags & ~TRUSTED_MODIFIERS) !== 0;
  switch (baseType(reg.type)) {
    case RegBase.PTR_TO_SOCKET:
    case RegBase.PTR_TO_SOCK_COMMON:
    case RegBase.PTR_TO_TCP_SOCK:
    case RegBase.CONST_PTR_TO_MAP:
      if (!unsafe) return true;
  }
  return (flags & TRUSTED_MODIFIERS) !== 0 && !unsafe;
}

/** `reg_not_null`. */
function regNotNull(reg: RegState): boolean {
  if ((reg.type & PTR_MAYBE_NULL) !== 0) return false;
  switch (baseType(reg.type)) {
    case RegBase.PTR_TO_SOCKET:
    case RegBase.PTR_TO_TCP_SOCK:
    case RegBase.PTR_TO_MAP_VALUE:
    case RegBase.PTR_TO_MAP_KEY:
    case RegBase.PTR_TO_SOCK_COMMON:
    case RegBase.CONST_PTR_TO_MAP:
      return true;
    case RegBase.PTR_TO_BTF_ID:
      return isTrustedReg(reg);
    case RegBase.PTR_TO_MEM:
      return (reg.type & PTR_UNTRUSTED) === 0;
    default:
      return false;
  }
}

const FLIPPED: Readonly<Record<number, number>> = {
  [BPF_JMP_OP.JGE]: BPF_JMP_OP.JLE,
  [BPF_JMP_OP.JGT]: BPF_JMP_OP.JLT,
  [BPF_JMP_OP.JLE]: BPF_JMP_OP.JGE,
  [BPF_JMP_OP.JLT]: BPF_JMP_OP.JGT,
  [BPF_JMP_OP.JSGE]: BPF_JMP_OP.JSLE,
  [BPF_JMP_OP.JSGT]: BPF_JMP_OP.JSLT,
  [BPF_JMP_OP.JSLE]: BPF_JMP_OP.JSGE,
  [BPF_JMP_OP.JSLT]: BPF_JMP_OP.JSGT,
};

function isPktAny(reg: RegState): boolean {
  return typeIsPktPointer(baseType(reg.type)) || reg.type === RegBase.PTR_TO_PACKET_END;
}

/** `reg_is_pkt_pointer_any` of both. */
export function arePktPointers(a: RegState, b: RegState): boolean {
  return isPktAny(a) && isPktAny(b);
}

function isConstScalar(reg: RegState, low32: boolean): boolean {
  return reg.type === RegBase.SCALAR_VALUE && (low32 ? isSubregConst(reg.v) : isConst(reg.v));
}

/** `is_branch_taken`: 1 always, 0 never, -1 open. */
export function isBranchTaken(a: RegState, b: RegState, op: number, jmp32: boolean): number {
  if (!jmp32 && arePktPointers(a, b)) return isPktBranchTaken(a, b, op);
  if (a.type === RegBase.SCALAR_VALUE && b.type === RegBase.SCALAR_VALUE) {
    return isScalarBranchTaken(a.v, b.v, op, jmp32);
  }
  // A pointer that is not NULL differs from 0.
  const swap = !isConstScalar(b, jmp32);
  const ptr = swap ? b : a;
  const number = swap ? a : b;
  if (!isConstScalar(number, jmp32) || !regNotNull(ptr)) return -1;
  const value = jmp32 ? BigInt.asUintN(32, number.v.value) : number.v.value;
  if (value !== 0n) return -1;
  if (op === BPF_JMP_OP.JEQ) return 0;
  return op === BPF_JMP_OP.JNE ? 1 : -1;
}

/** `is_pkt_ptr_branch_taken`: a pointer known to lie at or beyond the packet's end. */
function isPktBranchTaken(dst: RegState, src: RegState, opcode: number): number {
  let pkt = dst;
  let op = opcode;
  if (src.type !== RegBase.PTR_TO_PACKET_END) {
    if (dst.type !== RegBase.PTR_TO_PACKET_END) return -1;
    pkt = src;
    op = FLIPPED[opcode] ?? opcode;
  }
  if (pkt.range >= 0) return -1;
  if ((op === BPF_JMP_OP.JLE || op === BPF_JMP_OP.JGT) && pkt.range === BEYOND_PKT_END) {
    return op === BPF_JMP_OP.JGT ? 1 : 0;
  }
  if (op === BPF_JMP_OP.JLT || op === BPF_JMP_OP.JGE) {
    if (pkt.range === BEYOND_PKT_END || pkt.range === AT_PKT_END) return op === BPF_JMP_OP.JGE ? 1 : 0;
  }
  return -1;
}
