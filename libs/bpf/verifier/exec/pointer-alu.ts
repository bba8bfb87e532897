import { BPF_ALU_OP, BPF_CLASS, type Insn, insnClass, insnOp } from '@probed/isa';
import type { VerifierEnv } from '../env';
import { adjustPtrAdd, adjustPtrSub, isConst, type ScalarState } from '../scalar';
import { markRegUnknown } from '../state/reg-ops';
import type { RegState } from '../state/reg-state';
import {
  baseType,
  PTR_MAYBE_NULL,
  PTR_UNTRUSTED,
  RegBase,
  regTypeStr,
  typeIsPktPointer,
} from '../state/reg-type';
import { checkMovedPointer, PointerSanitizer } from './sanitize';

/** kernel/bpf/disasm.c: bpf_alu_string, by the operation's high four bits. */
export const ALU_STRING = [
  '+=',
  '-=',
  '*=',
  '/=',
  '|=',
  '&=',
  '<<=',
  '>>=',
  'neg',
  '%=',
  '^=',
  '=',
  's>>=',
  'endian',
];

const BPF_MAX_VAR_OFF = 1 << 29;
const S64_MIN = -0x8000_0000_0000_0000n;

/** Pointer types that take any offset. */
const MOVABLE: ReadonlySet<RegBase> = new Set([
  RegBase.PTR_TO_CTX,
  RegBase.PTR_TO_MAP_VALUE,
  RegBase.PTR_TO_MAP_KEY,
  RegBase.PTR_TO_STACK,
  RegBase.PTR_TO_PACKET_META,
  RegBase.PTR_TO_PACKET,
  RegBase.PTR_TO_TP_BUFFER,
  RegBase.PTR_TO_BTF_ID,
  RegBase.PTR_TO_MEM,
  RegBase.PTR_TO_BUF,
  RegBase.PTR_TO_FUNC,
  RegBase.CONST_PTR_TO_DYNPTR,
]);

/** `pointer op scalar` in either order (`adjust_ptr_min_max_vals`); the destination becomes the moved pointer. */
export function adjustPtrMinMaxVals(env: VerifierEnv, insn: Insn, ptr: RegState, offset: RegState): void {
  const op = insnOp(insn);
  const dst = env.curRegs[insn.dst];
  const o = offset.v;
  const known = isConst(o);
  if ((known && (o.smin !== o.smax || o.umin !== o.umax)) || o.smin > o.smax || o.umin > o.umax) {
    markRegUnknown(env, dst);
    return;
  }
  if (insnClass(insn) !== BPF_CLASS.ALU64) {
    if (op === BPF_ALU_OP.SUB && env.allowPtrLeaks) {
      markRegUnknown(env, dst);
      return;
    }
    env.reject('EACCES', `R${insn.dst} 32-bit pointer arithmetic prohibited`);
  }
  checkMovable(env, insn.dst, ptr, o, op);
  if (baseType(ptr.type) === RegBase.PTR_TO_MEM && (ptr.type & PTR_UNTRUSTED) !== 0) {
    if (dst !== ptr) dst.copyFrom(ptr);
    return;
  }
  // The kernel tells "scalar -= pointer" by the destination being the offset.
  const reversed = dst === offset;
  checkSaneOffset(env, offset.off, offset.v, ptr.type);
  checkSaneOffset(env, ptr.off, ptr.v, ptr.type);
  const sanitizer = new PointerSanitizer(env, insn, offset, dst);
  sanitizer.before(ptr);
  if (op === BPF_ALU_OP.ADD) addOffset(env, dst, ptr, o);
  else if (op === BPF_ALU_OP.SUB) subtractOffset(env, insn.dst, dst, ptr, o, reversed);
  else rejectOperator(env, insn.dst, op);
  checkSaneOffset(env, dst.off, dst.v, dst.type);
  checkMovedPointer(env, insn.dst);
  sanitizer.after();
}

function checkMovable(env: VerifierEnv, dstNo: number, ptr: RegState, o: ScalarState, op: number): void {
  if ((ptr.type & PTR_MAYBE_NULL) !== 0) {
    const type = regTypeStr(ptr.type);
    env.reject('EACCES', `R${dstNo} pointer arithmetic on ${type} prohibited, null-check it first`);
  }
  const base = baseType(ptr.type);
  if (MOVABLE.has(base)) return;
  const known = isConst(o);
  if (base === RegBase.PTR_TO_FLOW_KEYS && known) return;
  const addsZero = known && o.smin === 0n && op === BPF_ALU_OP.ADD;
  if ((base === RegBase.PTR_TO_FLOW_KEYS || base === RegBase.CONST_PTR_TO_MAP) && addsZero) return;
  env.reject('EACCES', `R${dstNo} pointer arithmetic on ${regTypeStr(ptr.type)} prohibited`);
}

/** `check_reg_sane_offset`: offsets stay far from where they could wrap. */
function checkSaneOffset(env: VerifierEnv, off: number, v: ScalarState, type: number): void {
  const name = regTypeStr(type);
  const limit = BigInt(BPF_MAX_VAR_OFF);
  if (isConst(v)) {
    const value = BigInt.asIntN(64, v.value);
    if (value >= limit || value <= -limit) {
      env.reject('EINVAL', `math between ${name} pointer and ${value} is not allowed`);
    }
  }
  if (off >= BPF_MAX_VAR_OFF || off <= -BPF_MAX_VAR_OFF) {
    env.reject('EINVAL', `${name} pointer offset ${off} is not allowed`);
  }
  if (v.smin === S64_MIN) {
    env.reject('EINVAL', `math between ${name} pointer and register with unbounded min value is not allowed`);
  }
  if (v.smin >= limit || v.smin <= -limit) {
    env.reject('EINVAL', `value ${v.smin} makes ${name} pointer be out of bounds`);
  }
}

/** Makes the destination a copy of the pointer, offsets aside; the reference stays with the pointer's own register. */
function inheritPointer(dst: RegState, ptr: RegState): void {
  if (dst === ptr) return;
  const { precise, refObjId } = dst;
  dst.copyFrom(ptr);
  dst.precise = precise;
  dst.refObjId = refObjId;
}

function fitsOff(off: bigint): boolean {
  return BigInt.asIntN(32, off) === off;
}

function addOffset(env: VerifierEnv, dst: RegState, ptr: RegState, o: ScalarState): void {
  const fixed = BigInt(ptr.off) + o.smin;
  if (isConst(o) && fitsOff(fixed)) {
    inheritPointer(dst, ptr);
    dst.off = Number(fixed);
    return;
  }
  const moved = adjustPtrAdd(ptr.v, o);
  inheritPointer(dst, ptr);
  dst.v = moved;
  if (!typeIsPktPointer(baseType(dst.type))) return;
  dst.id = env.nextId();
  dst.range = 0;
}

function subtractOffset(
  env: VerifierEnv,
  dstNo: number,
  dst: RegState,
  ptr: RegState,
  o: ScalarState,
  reversed: boolean,
): void {
  if (reversed) env.reject('EACCES', `R${dstNo} tried to subtract pointer from scalar`);
  if (ptr.type === RegBase.PTR_TO_STACK) {
    env.reject('EACCES', `R${dstNo} subtraction from stack pointer prohibited`);
  }
  const fixed = BigInt(ptr.off) - o.smin;
  if (isConst(o) && fitsOff(fixed)) {
    dst.off = Number(fixed);
    return;
  }
  const { smin } = o;
  dst.v = adjustPtrSub(ptr.v, o);
  if (!typeIsPktPointer(baseType(dst.type))) return;
  dst.id = env.nextId();
  if (smin < 0n) dst.range = 0;
}

function rejectOperator(env: VerifierEnv, dstNo: number, op: number): never {
  const text = ALU_STRING[op >> 4];
  if (op === BPF_ALU_OP.AND || op === BPF_ALU_OP.OR || op === BPF_ALU_OP.XOR) {
    env.reject('EACCES', `R${dstNo} bitwise operator ${text} on pointer prohibited`);
  }
  env.reject('EACCES', `R${dstNo} pointer arithmetic with ${text} operator prohibited`);
}
