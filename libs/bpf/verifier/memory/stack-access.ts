import { BPF_CLASS, insnClass, MAX_BPF_STACK } from '@probed/isa';
import type { VerifierEnv } from '../env';
import { sourceLine } from '../log/source-line';
import { pushJmpHistory } from '../pruning/jmp-history';
import { markChainPrecision } from '../pruning/precision';
import { isConst, scalarConst, tnumString, ZERO } from '../scalar';
import { type FuncState, SlotType } from '../state/func-state';
import { clearScalarId, isNullScalar, isPointerValue, markRegUnknown } from '../state/reg-ops';
import { RegState } from '../state/reg-state';
import { RegBase } from '../state/reg-type';
import { INSN_F_STACK_ACCESS } from '../state/verifier-state';
import { checkFastcallContract } from '../structure/fastcall';
import { destroyDynptrSlot } from './dynptr-slots';
import {
  assignScalarIdBeforeMov,
  byteIndex,
  growStack,
  isSpillableType,
  isSpilledScalar,
  regWidth,
  saveRegisterState,
  scrubSlot,
  scrubSpecialSlot,
  slotOf,
} from './stack-slots';

/** include/linux/bpf_verifier.h: BPF_MAX_VAR_OFF, the largest variable offset of a pointer. */
const BPF_MAX_VAR_OFF = 1n << 29n;

/** The frame a stack pointer points into (`func`). */
function stackFrame(env: VerifierEnv, reg: RegState): FuncState {
  return env.cur.frame[reg.frameno];
}

/** What a call that fills memory wants of a stack buffer: it may be uninitialised (`meta->raw_mode`). */
export interface RawAccess {
  rawMode: boolean;
  /** Bytes to write, and the register that points at them, once known. */
  accessSize: number;
  regno: number;
}

/** `check_stack_access_within_bounds`; makes room for the access. */
export function checkStackBounds(
  env: VerifierEnv,
  regno: number,
  off: number,
  size: number,
  write: boolean,
): void {
  const reg = env.curRegs[regno];
  const func = stackFrame(env, reg);
  const what = write ? ' write to' : ' read from';
  const fixed = isConst(reg.v);
  let min: number;
  let max: number;
  if (fixed) {
    min = Number(reg.v.smin) + off;
    max = min + size;
  } else {
    if (reg.v.smax >= BPF_MAX_VAR_OFF || reg.v.smin <= -BPF_MAX_VAR_OFF) {
      env.reject('EACCES', `invalid unbounded variable-offset${what} stack R${regno}`);
    }
    min = Number(reg.v.smin) + off;
    max = Number(reg.v.smax) + off + size;
  }
  const lowest = write || env.allowUninitStack ? -MAX_BPF_STACK : -func.allocatedStack;
  const outside = min < lowest || min > -1;
  if (outside || max > 0 || size < 0) {
    const errno = outside ? 'EACCES' : max > 0 ? 'EINVAL' : 'EFAULT';
    if (fixed) env.reject(errno, `invalid${what} stack R${regno} off=${min} size=${size}`);
    env.reject(
      errno,
      `invalid variable-offset${what} stack R${regno} var_off=${tnumString(reg.v)} off=${off} size=${size}`,
    );
  }
  growStack(env, func, -min);
}

/** `check_stack_write`: a store through a stack pointer; `valueRegno` is -1 for an immediate or a helper's write. */
export function checkStackWrite(
  env: VerifierEnv,
  ptrRegno: number,
  off: number,
  size: number,
  valueRegno: number,
  insnIdx: number,
): void {
  const reg = env.curRegs[ptrRegno];
  if (isConst(reg.v)) {
    writeFixed(env, stackFrame(env, reg), off + Number(reg.v.smin), size, valueRegno, insnIdx);
  } else {
    writeVariable(env, reg, off, size, valueRegno, insnIdx);
  }
}

function storesImmediate(env: VerifierEnv, insnIdx: number): boolean {
  return insnClass(env.insns[insnIdx]) === BPF_CLASS.ST;
}

/** `check_stack_write_fixed_off`. */
function writeFixed(
  env: VerifierEnv,
  func: FuncState,
  off: number,
  size: number,
  valueRegno: number,
  insnIdx: number,
): void {
  const spi = slotOf(off);
  const cur = env.curFunc;
  const reg = valueRegno >= 0 ? cur.regs[valueRegno] : undefined;
  if (!env.allowPtrLeaks && func.isSpilled(spi) && !isSpilledScalar(func, spi) && size !== 8) {
    env.reject('EACCES', 'attempt to corrupt spilled pointer on stack');
  }
  if (!env.bypassSpecV4 && (hidesOldData(func, off, size) || (reg && isSpillableType(reg.type)))) {
    env.aux[insnIdx].nospecResult = true;
  }
  destroyDynptrSlot(env, func, spi);
  checkFastcallContract(env, func.subprogno, insnIdx, off);
  env.touched.slot(spi);
  const aligned = (off & 7) === 0;
  const immediate = !reg && storesImmediate(env, insnIdx);
  if (size === 8) env.liveness.markStackWrite(func.frameno, spi);
  if (reg && aligned && reg.type === RegBase.SCALAR_VALUE && env.bpfCapable) {
    const fits = regWidth(reg) <= 8 * size;
    if (fits) assignScalarIdBeforeMov(env, reg);
    saveRegisterState(func, spi, reg, size);
    if (!fits) clearScalarId(func.spilled[spi]);
  } else if (immediate && aligned && env.bpfCapable) {
    const constant = new RegState();
    constant.markScalar(scalarConst(BigInt(env.insns[insnIdx].imm)));
    saveRegisterState(func, spi, constant, size);
  } else if (reg && isSpillableType(reg.type)) {
    spillPointer(env, func, spi, reg, size, insnIdx);
  } else {
    writeBytes(env, func, off, size, valueRegno, insnIdx);
    return;
  }
  pushJmpHistory(env, env.cur, INSN_F_STACK_ACCESS, func.frameno, spi);
}

/** A store over something else than data, which a load that runs too early would still see. */
function hidesOldData(func: FuncState, off: number, size: number): boolean {
  for (let i = off; i < off + size; i++) {
    const type = func.slotType[byteIndex(i)];
    if (type !== SlotType.MISC && type !== SlotType.ZERO) return true;
  }
  return false;
}

function spillPointer(
  env: VerifierEnv,
  func: FuncState,
  spi: number,
  reg: RegState,
  size: number,
  insnIdx: number,
): void {
  if (size !== 8) {
    env.verbose(sourceLine(env, insnIdx, '; '));
    env.reject('EACCES', 'invalid size of register spill');
  }
  if (func !== env.curFunc && reg.type === RegBase.PTR_TO_STACK) {
    env.reject('EINVAL', 'cannot spill pointers to stack into stack frame of the caller');
  }
  saveRegisterState(func, spi, reg, size);
}

/** A store that keeps no register: bytes become data, or zeroes. */
function writeBytes(
  env: VerifierEnv,
  func: FuncState,
  off: number,
  size: number,
  valueRegno: number,
  insnIdx: number,
): void {
  const spi = slotOf(off);
  scrubSpecialSlot(func, spi);
  let type = SlotType.MISC;
  if (writesZero(env, valueRegno, insnIdx)) {
    // The zero is remembered as such, so whoever prunes must compare the register it came from.
    if (valueRegno >= 0) markChainPrecision(env, valueRegno);
    type = SlotType.ZERO;
  }
  for (let i = 0; i < size; i++) func.slotType[byteIndex(off + i)] = type;
}

function writesZero(env: VerifierEnv, valueRegno: number, insnIdx: number): boolean {
  if (valueRegno >= 0) return isNullScalar(env.curRegs[valueRegno]);
  return storesImmediate(env, insnIdx) && env.insns[insnIdx].imm === 0;
}

/** `check_stack_write_var_off`: any byte in reach may change. */
function writeVariable(
  env: VerifierEnv,
  ptr: RegState,
  off: number,
  size: number,
  valueRegno: number,
  insnIdx: number,
): void {
  const func = stackFrame(env, ptr);
  const min = Number(ptr.v.smin) + off;
  const max = Number(ptr.v.smax) + off + size;
  const zero = writesZero(env, valueRegno, insnIdx);
  for (let i = min; i < max; i++) destroyDynptrSlot(env, func, slotOf(i));
  checkFastcallContract(env, func.subprogno, insnIdx, min);
  let zeroUsed = false;
  for (let i = min; i < max; i++) {
    const spi = slotOf(i);
    const at = byteIndex(i);
    const type = func.slotType[at];
    env.touched.slot(spi);
    if (!env.allowPtrLeaks && type !== SlotType.MISC && type !== SlotType.ZERO) {
      env.reject('EINVAL', `spilled ptr in range of var-offset stack write; insn ${insnIdx}, ptr off: ${i}`);
    }
    if (zero && type === SlotType.SPILL && isSpilledScalar(func, spi) && isNullScalar(func.spilled[spi])) {
      zeroUsed = true;
      continue;
    }
    scrubSpecialSlot(func, spi);
    const keepsZero = zero && func.slotType[at] === SlotType.ZERO;
    zeroUsed ||= keepsZero;
    if (func.slotType[at] === SlotType.INVALID && !env.allowUninitStack) {
      env.reject(
        'EINVAL',
        `uninit stack in range of var-offset write prohibited for !root; insn ${insnIdx}, off: ${i}`,
      );
    }
    func.slotType[at] = keepsZero ? SlotType.ZERO : SlotType.MISC;
  }
  if (zeroUsed && valueRegno >= 0) markChainPrecision(env, valueRegno);
}

/** `check_stack_read`: a load through a stack pointer into `dstRegno`; -1 to ask whether it may be read as a scalar. */
export function checkStackRead(
  env: VerifierEnv,
  ptrRegno: number,
  off: number,
  size: number,
  dstRegno: number,
): void {
  const reg = env.curRegs[ptrRegno];
  if (isConst(reg.v)) {
    readFixed(env, stackFrame(env, reg), off + Number(reg.v.smin), size, dstRegno);
    return;
  }
  if (dstRegno < 0) {
    env.reject(
      'EACCES',
      `variable offset stack pointer cannot be passed into helper function; var_off=${tnumString(reg.v)} off=${off} size=${size}`,
    );
  }
  const { smin, smax } = reg.v;
  const func = stackFrame(env, reg);
  checkStackRangeInitialized(env, ptrRegno, off, size, false, false, undefined);
  checkFastcallContract(env, func.subprogno, env.insnIdx, Number(smin) + off);
  markRegStackRead(env, func, Number(smin) + off, Number(smax) + off + size, dstRegno);
}

/** `mark_reg_stack_read`: a register loaded from bytes is zero when all of them are. */
function markRegStackRead(
  env: VerifierEnv,
  func: FuncState,
  min: number,
  max: number,
  dstRegno: number,
): void {
  let zeros = 0;
  for (let i = min; i < max; i++) {
    env.touched.slot(slotOf(i));
    if (func.slotType[byteIndex(i)] !== SlotType.ZERO) break;
    zeros++;
  }
  const dst = env.curRegs[dstRegno];
  if (zeros === max - min) markConstZero(env, dst);
  else markRegUnknown(env, dst);
}

/** `__mark_reg_const_zero`: zero by knowledge of the bytes; precise at once for programs without CAP_BPF. */
function markConstZero(env: VerifierEnv, reg: RegState): void {
  reg.markScalar(ZERO);
  reg.precise = !env.bpfCapable;
}

/** `check_stack_read_fixed_off`. */
function readFixed(env: VerifierEnv, func: FuncState, off: number, size: number, dstRegno: number): void {
  const spi = slotOf(off);
  env.touched.slot(spi);
  env.liveness.markStackRead(func.frameno, env.insnIdx, spi);
  checkFastcallContract(env, func.subprogno, env.insnIdx, off);
  if (!func.isSpilled(spi)) {
    for (let i = 0; i < size; i++) {
      const type = func.slotType[byteIndex(off + i)];
      if (type === SlotType.MISC || type === SlotType.ZERO) continue;
      if (type === SlotType.INVALID && env.allowUninitStack) continue;
      env.reject('EACCES', `invalid read from stack off ${off}+${i} size ${size}`);
    }
    if (dstRegno >= 0) markRegStackRead(env, func, off, off + size, dstRegno);
    return;
  }
  if (readSpill(env, func, off, size, dstRegno)) {
    pushJmpHistory(env, env.cur, INSN_F_STACK_ACCESS, func.frameno, spi);
  }
}

/** A load from a slot with a spilled register; true when the load stands for that register. */
function readSpill(env: VerifierEnv, func: FuncState, off: number, size: number, dstRegno: number): boolean {
  const spi = slotOf(off);
  const reg = func.spilled[spi];
  let spillSize = 1;
  for (let i = 7; i > 0 && func.slotType[spi * 8 + i - 1] === SlotType.SPILL; i--) spillSize++;
  if (size === 8 && spillSize === 8) {
    if (dstRegno >= 0) {
      env.curRegs[dstRegno].copyFrom(reg);
    } else if (isPointerValue(env, reg)) {
      env.reject('EACCES', `leaking pointer from stack off ${off}`);
    }
    return true;
  }
  if (reg.type !== RegBase.SCALAR_VALUE) {
    env.verbose(sourceLine(env, env.insnIdx, '; '));
    env.reject('EACCES', 'invalid size of register fill');
  }
  if (dstRegno < 0) return false;
  if (size > spillSize || (off & 7) !== 0) return readPartOfSpill(env, func, off, size, dstRegno);
  const dst = env.curRegs[dstRegno];
  dst.copyFrom(reg);
  if (regWidth(reg) > size * 8) clearScalarId(dst);
  return true;
}

/** A load that takes other bytes than the low ones of a spill. */
function readPartOfSpill(
  env: VerifierEnv,
  func: FuncState,
  off: number,
  size: number,
  dstRegno: number,
): boolean {
  let spills = 0;
  let zeros = 0;
  for (let i = 0; i < size; i++) {
    const type = func.slotType[byteIndex(off + i)];
    if (type === SlotType.SPILL) spills++;
    else if (type === SlotType.ZERO) zeros++;
    else if (type !== SlotType.MISC && !(type === SlotType.INVALID && env.allowUninitStack)) {
      env.reject('EACCES', `invalid read from stack off ${off}+${i} size ${size}`);
    }
  }
  const dst = env.curRegs[dstRegno];
  if (spills === size && isNullScalar(func.spilled[slotOf(off)])) {
    markConstZero(env, dst);
    return true;
  }
  if (zeros === size) markConstZero(env, dst);
  else markRegUnknown(env, dst);
  return false;
}

/**
 * `check_stack_range_initialized`: a helper reads (or with `clobber` overwrites) `size` bytes of stack. In raw mode
 * at a fixed offset they need not be initialised: the size is noted and the caller marks them written.
 */
export function checkStackRangeInitialized(
  env: VerifierEnv,
  regno: number,
  off: number,
  size: number,
  zeroSizeAllowed: boolean,
  clobber: boolean,
  raw: RawAccess | undefined,
): void {
  if (size === 0 && !zeroSizeAllowed) env.reject('EACCES', 'invalid zero-sized read');
  checkStackBounds(env, regno, off, size, clobber);
  const reg = env.curRegs[regno];
  const func = stackFrame(env, reg);
  const fixed = isConst(reg.v);
  const min = Number(reg.v.smin) + off;
  const max = fixed ? min : Number(reg.v.smax) + off;
  if (!fixed && !env.perfmonCapable) {
    env.reject(
      'EACCES',
      `R${regno} variable offset stack access prohibited for !root, var_off=${tnumString(reg.v)}`,
    );
  }
  if (fixed && raw?.rawMode) {
    checkRawOverDynptr(env, func, min, size);
    raw.accessSize = size;
    raw.regno = regno;
    return;
  }
  for (let i = min; i < max + size; i++) {
    if (!initializedByte(env, func, i, clobber)) {
      const where = fixed ? `off ${min}` : `var_off ${tnumString(reg.v)}`;
      env.reject('EACCES', `invalid read from stack R${regno} ${where}+${i - min} size ${size}`);
    }
    env.liveness.markStackRead(func.frameno, env.insnIdx, slotOf(i));
  }
}

function checkRawOverDynptr(env: VerifierEnv, func: FuncState, min: number, size: number): void {
  for (let i = min; i < min + size; i++) {
    if (func.slotType[byteIndex(i)] === SlotType.DYNPTR) {
      env.reject('EACCES', `potential write to dynptr at off=${i} disallowed`);
    }
  }
}

/** Whether a byte may be read by a helper; with `clobber` it is any data afterwards. */
function initializedByte(env: VerifierEnv, func: FuncState, off: number, clobber: boolean): boolean {
  const at = byteIndex(off);
  const type = func.slotType[at];
  if (type === SlotType.MISC) return true;
  if (type === SlotType.ZERO || (type === SlotType.INVALID && env.allowUninitStack)) {
    if (clobber) func.slotType[at] = SlotType.MISC;
    return true;
  }
  const spi = slotOf(off);
  if (!func.isSpilled(spi)) return false;
  if (func.spilled[spi].type !== RegBase.SCALAR_VALUE && !env.allowPtrLeaks) return false;
  if (clobber) {
    markRegUnknown(env, func.spilled[spi]);
    scrubSlot(func, spi);
  }
  return true;
}
