import {
  BPF_ADDR_SPACE,
  BPF_ALU_OP,
  BPF_CLASS,
  type Insn,
  insnClass,
  insnOp,
  isRegOperand,
} from '@probed/isa';
import type { VerifierEnv } from '../env';
import { assignScalarIdBeforeMov, regWidth } from '../memory/stack-slots';
import { markChainPrecision } from '../pruning/precision';
import {
  AluOp,
  adjustScalarMinMaxVals,
  coerceRegToSizeSx,
  coerceSubregToSizeSx,
  isConst,
  isSubregConst,
  maybeForkScalars,
  type ScalarState,
  scalarByteSwap,
  scalarConst,
  scalarImm,
  UNKNOWN,
  zext32To64,
} from '../scalar';
import { clearScalarId, isPointerValue, markRegUnknown } from '../state/reg-ops';
import { BPF_ADD_CONST, BPF_ADD_CONST32, BPF_ADD_CONST64, RegState } from '../state/reg-state';
import { RegBase } from '../state/reg-type';
import { pushStack } from './path-stack';
import { ALU_STRING, adjustPtrMinMaxVals } from './pointer-alu';
import { checkDst, checkDstNoMark, checkSrc } from './reg-arg';
import { sanitizeScalarAlu } from './sanitize';

/** `off` of a move that casts between address spaces. */
const ADDR_SPACE_CAST = 1;
const U32_MAX = 0xffff_ffffn;
const S32_MIN = -0x8000_0000n;

/** One ALU or ALU64 instruction (`check_alu_op`). */
export function checkAluOp(env: VerifierEnv, insn: Insn): void {
  const op = insnOp(insn);
  if (op === BPF_ALU_OP.END || op === BPF_ALU_OP.NEG) checkUnary(env, insn);
  else if (op === BPF_ALU_OP.MOV) checkMov(env, insn);
  else if (op > BPF_ALU_OP.END) env.reject('EINVAL', `invalid BPF_ALU opcode ${op.toString(16)}`);
  else checkBinary(env, insn);
}

function checkUnary(env: VerifierEnv, insn: Insn): void {
  const isNeg = insnOp(insn) === BPF_ALU_OP.NEG;
  if (isNeg) {
    if (isRegOperand(insn) || insn.src !== 0 || insn.off !== 0 || insn.imm !== 0) {
      env.reject('EINVAL', 'BPF_NEG uses reserved fields');
    }
  } else if (
    insn.src !== 0 ||
    insn.off !== 0 ||
    (insn.imm !== 16 && insn.imm !== 32 && insn.imm !== 64) ||
    (insnClass(insn) === BPF_CLASS.ALU64 && isRegOperand(insn))
  ) {
    env.reject('EINVAL', 'BPF_END uses reserved fields');
  }
  const dst = checkSrc(env, insn.dst);
  if (isPointerValue(env, dst)) env.reject('EACCES', `R${insn.dst} pointer arithmetic prohibited`);
  if (isNeg && dst.type === RegBase.SCALAR_VALUE) {
    checkDstNoMark(env, insn.dst);
    dst.v = adjustScalarMinMaxVals(AluOp.NEG, insnClass(insn) === BPF_CLASS.ALU, dst.v, dst.v);
    clearScalarId(dst);
  } else if (!isNeg && dst.type === RegBase.SCALAR_VALUE) {
    checkDstNoMark(env, insn.dst);
    const isSwapped = insnClass(insn) === BPF_CLASS.ALU64 || isRegOperand(insn);
    dst.v = scalarByteSwap(dst.v, insn.imm, isSwapped);
    // le64 changes nothing on this machine, so the number stays linked to its copies.
    if (isSwapped || insn.imm !== 64) clearScalarId(dst);
  } else {
    checkDst(env, insn.dst);
  }
}

function checkMov(env: VerifierEnv, insn: Insn): void {
  const wide = insnClass(insn) === BPF_CLASS.ALU64;
  if (!isRegOperand(insn)) {
    if (insn.src !== 0 || insn.off !== 0) env.reject('EINVAL', 'BPF_MOV uses reserved fields');
    const dst = checkDst(env, insn.dst);
    dst.v = wide ? scalarImm(insn.imm) : scalarConst(BigInt(insn.imm >>> 0));
    return;
  }
  checkMovFields(env, insn, wide);
  const src = checkSrc(env, insn.src);
  const dst = checkDstNoMark(env, insn.dst);
  if (wide && insn.off === ADDR_SPACE_CAST) {
    markRegUnknown(env, dst);
    if (insn.imm === BPF_ADDR_SPACE.KERNEL_TO_ARENA) dst.markPointer(RegBase.PTR_TO_ARENA);
  } else if (wide && insn.off === 0) {
    assignScalarIdBeforeMov(env, src);
    dst.copyFrom(src);
  } else if (isPointerValue(env, src)) {
    const what = wide ? 'sign-extension part of pointer' : 'partial copy of pointer';
    env.reject('EACCES', `R${insn.src} ${what}`);
  } else if (src.type !== RegBase.SCALAR_VALUE) {
    markRegUnknown(env, dst);
    if (!wide) dst.v = zext32To64(dst.v);
  } else {
    moveScalarPart(env, insn, src, dst, wide);
  }
}

function checkMovFields(env: VerifierEnv, insn: Insn, wide: boolean): void {
  if (wide && insn.off === ADDR_SPACE_CAST) {
    if (insn.imm !== BPF_ADDR_SPACE.KERNEL_TO_ARENA && insn.imm !== BPF_ADDR_SPACE.ARENA_TO_KERNEL) {
      env.reject('EINVAL', 'addr_space_cast insn can only convert between address space 1 and 0');
    }
    if (!env.arena) {
      env.reject('EINVAL', 'addr_space_cast insn can only be used in a program that has an associated arena');
    }
    return;
  }
  const sizes = wide ? [0, 8, 16, 32] : [0, 8, 16];
  if (!sizes.includes(insn.off) || insn.imm !== 0) env.reject('EINVAL', 'BPF_MOV uses reserved fields');
}

/** `wD = wS`, `rD = (s8)rS` and the like: the copy stays linked to its source when it has the same value. */
function moveScalarPart(env: VerifierEnv, insn: Insn, src: RegState, dst: RegState, wide: boolean): void {
  const same = insn.off === 0 ? regWidth(src) <= 32 : src.v.umax < 1n << BigInt(insn.off - 1);
  if (same) assignScalarIdBeforeMov(env, src);
  dst.copyFrom(src);
  if (!same) clearScalarId(dst);
  if (wide) dst.v = coerceRegToSizeSx(dst.v, insn.off >> 3);
  else if (insn.off === 0) dst.v = zext32To64(dst.v);
  else dst.v = coerceSubregToSizeSx(dst.v, insn.off >> 3);
}

const SHIFTS: ReadonlySet<number> = new Set([BPF_ALU_OP.LSH, BPF_ALU_OP.RSH, BPF_ALU_OP.ARSH]);

function checkBinary(env: VerifierEnv, insn: Insn): void {
  const op = insnOp(insn);
  const divides = op === BPF_ALU_OP.DIV || op === BPF_ALU_OP.MOD;
  const byReg = isRegOperand(insn);
  const reserved = byReg ? insn.imm !== 0 : insn.src !== 0;
  if (reserved || (insn.off !== 0 && insn.off !== 1) || (insn.off === 1 && !divides)) {
    env.reject('EINVAL', 'BPF_ALU uses reserved fields');
  }
  if (byReg) checkSrc(env, insn.src);
  checkSrc(env, insn.dst);
  if (divides && !byReg && insn.imm === 0) env.reject('EINVAL', 'div by zero');
  if (SHIFTS.has(op) && !byReg) {
    const size = insnClass(insn) === BPF_CLASS.ALU64 ? 64 : 32;
    if (insn.imm < 0 || insn.imm >= size) env.reject('EINVAL', `invalid shift ${insn.imm}`);
  }
  checkDstNoMark(env, insn.dst);
  adjustRegMinMaxVals(env, insn, op);
}

/** `adjust_reg_min_max_vals`: sorts out which operand is a pointer. */
function adjustRegMinMaxVals(env: VerifierEnv, insn: Insn, op: number): void {
  const regs = env.curRegs;
  const dst = regs[insn.dst];
  if (computesArenaPointer(env, insn, dst)) return;
  const dstIsPtr = dst.type !== RegBase.SCALAR_VALUE;
  let src: RegState;
  if (isRegOperand(insn)) {
    src = regs[insn.src];
    if (src.type !== RegBase.SCALAR_VALUE) {
      if (dstIsPtr) {
        combinePointers(env, insn, op, dst);
        return;
      }
      markChainPrecision(env, insn.dst);
      adjustPtrMinMaxVals(env, insn, src, dst);
      return;
    }
    if (dstIsPtr) {
      markChainPrecision(env, insn.src);
      adjustPtrMinMaxVals(env, insn, dst, src);
      return;
    }
    if (dst.precise) markChainPrecision(env, insn.src);
  } else {
    src = new RegState();
    src.markScalar(scalarImm(insn.imm));
    if (dstIsPtr) {
      adjustPtrMinMaxVals(env, insn, dst, src);
      return;
    }
  }
  addScalars(env, insn, op, dst, src);
}

/** Whatever is computed of a pointer into the arena is one: its upper half is put right when it is used. */
function computesArenaPointer(env: VerifierEnv, insn: Insn, dst: RegState): boolean {
  if (dst.type === RegBase.PTR_TO_ARENA) return true;
  if (!isRegOperand(insn) || env.curRegs[insn.src].type !== RegBase.PTR_TO_ARENA) return false;
  dst.copyFrom(env.curRegs[insn.src]);
  return true;
}

function combinePointers(env: VerifierEnv, insn: Insn, op: number, dst: RegState): void {
  if (op === BPF_ALU_OP.SUB && env.allowPtrLeaks) {
    markRegUnknown(env, dst);
    return;
  }
  env.reject('EACCES', `R${insn.dst} pointer ${ALU_STRING[op >> 4]} pointer prohibited`);
}

/** Two scalars. */
function addScalars(env: VerifierEnv, insn: Insn, op: number, dst: RegState, src: RegState): void {
  const alu32 = insnClass(insn) === BPF_CLASS.ALU;
  const before = dst.v;
  const operand = src.v;
  sanitizeScalarAlu(env, insn);
  const fork = maybeForkScalars(op, before, operand);
  if (fork) {
    // Both values are followed on their own: the zero later, from this very instruction on.
    pushStack(env, env.insnIdx, env.insnIdx).curFunc.regs[insn.dst].markScalar(fork.zero);
    dst.markScalar(fork.minusOne);
  }
  dst.v = adjustScalarMinMaxVals(op, alu32, dst.v, operand);
  if (dst.v === UNKNOWN) dst.precise = !env.bpfCapable;
  linkByDistance(env, insn, op, dst, before, operand);
}

/** After `r1 = r2; r1 += K` the distance is remembered, so that a test of r2 tells of r1 too. */
function linkByDistance(
  env: VerifierEnv,
  insn: Insn,
  op: number,
  dst: RegState,
  before: ScalarState,
  operand: ScalarState,
): void {
  const delta = distance(env, insn, op, dst, before, operand);
  if (delta === undefined || (dst.id & BPF_ADD_CONST) !== 0) {
    clearScalarId(dst);
    return;
  }
  dst.id |= insnClass(insn) === BPF_CLASS.ALU ? BPF_ADD_CONST32 : BPF_ADD_CONST64;
  dst.off = delta;
}

/** What a linked register moves by, when that is known and fits. */
function distance(
  env: VerifierEnv,
  insn: Insn,
  op: number,
  dst: RegState,
  before: ScalarState,
  operand: ScalarState,
): number | undefined {
  const adds = op === BPF_ALU_OP.ADD;
  if (!env.bpfCapable || dst.id === 0 || (!adds && op !== BPF_ALU_OP.SUB)) return undefined;
  if (isRegOperand(insn) && insn.src === insn.dst) return undefined;
  const alu32 = insnClass(insn) === BPF_CLASS.ALU;
  if (alu32 ? !isSubregConst(operand) || before.umax > U32_MAX : !isConst(operand)) return undefined;
  const k = alu32 ? BigInt.asIntN(32, operand.value) : BigInt.asIntN(64, operand.value);
  const delta = adds ? k : -k;
  if (BigInt.asIntN(32, k) !== k || (!adds && k === S32_MIN)) return undefined;
  return Number(delta);
}
