import type { Insn, MemBytes, Operand } from '@probed/isa';
import { DIRECT_MAP_HI } from '@probed/memory';
import { OP, type OpName } from '@probed/wasm';
import { pushConfined } from '../confined/confinement';
import type { FunctionContext } from './context';

/** log2 of the bytes of a page of WebAssembly memory. */
const WASM_PAGE_LOG2 = 16;

interface Access {
  readonly unsigned: OpName;
  readonly signed: OpName;
  readonly store: OpName;
}

const ACCESS: Record<MemBytes, Access> = {
  1: { unsigned: 'i64.load8_u', signed: 'i64.load8_s', store: 'i64.store8' },
  2: { unsigned: 'i64.load16_u', signed: 'i64.load16_s', store: 'i64.store16' },
  4: { unsigned: 'i64.load32_u', signed: 'i64.load32_s', store: 'i64.store32' },
  8: { unsigned: 'i64.load', signed: 'i64.load', store: 'i64.store' },
};

/** Opcode of a zero-extending load. */
export function loadOp(bytes: MemBytes): number {
  return OP[ACCESS[bytes].unsigned];
}

export function storeOp(bytes: MemBytes): number {
  return OP[ACCESS[bytes].store];
}

/**
 * Pushes an i32 that with the memory operand's offset makes the address of an access: proved by the verifier, or
 * checked here when there was none.
 * @returns that offset
 */
export function pushAccess(f: FunctionContext, reg: number, off: number, bytes: MemBytes): number {
  const { confined } = f.module;
  if (!confined) return f.regs.pushAddress(reg, off).offset;
  pushConfined(f, confined, reg, off, bytes);
  return 0;
}

/** dst = *(src + off), in the manner that the verifier chose for it. */
export function lowerLoad(
  f: FunctionContext,
  insn: Insn,
  slot: number,
  bytes: MemBytes,
  signed: boolean,
): void {
  const op = OP[signed ? ACCESS[bytes].signed : ACCESS[bytes].unsigned];
  const narrow = bytes < 8 && !signed;
  const { access } = f.facts[slot];
  if (access === 'probe') {
    loadProbed(f, insn, bytes, op);
    f.regs.set64(insn.dst, narrow);
    return;
  }
  const offset = pushAccess(f, insn.src, insn.off, bytes);
  f.code.mem(op, offset);
  if (access === 'ctx-ptr') {
    widenPointer(f);
    f.regs.set64(insn.dst);
  } else {
    f.regs.set64(insn.dst, narrow);
  }
}

/**
 * A load through a pointer that may be stale: 0 unless all bytes lie in memory. One unsigned comparison checks both
 * the high half of the address and the bound, since the direct map begins at a multiple of 4 GiB.
 */
function loadProbed(f: FunctionContext, insn: Insn, bytes: MemBytes, op: number): void {
  const { code } = f;
  const at = f.temp('i64', 'probe');
  f.regs.push64(insn.src);
  // One addition both applies `off` and takes the base of the direct map away.
  code
    .i64Const(insn.off, -(DIRECT_MAP_HI | 0) + (insn.off >> 31))
    .op(OP['i64.add'])
    .localTee(at);
  code.memorySize().op(OP['i64.extend_i32_u']).i64Const(WASM_PAGE_LOG2, 0).op(OP['i64.shl']);
  code.i64Const(bytes, 0).op(OP['i64.sub']).op(OP['i64.le_u']);
  code.if('i64').localGet(at).op(OP['i32.wrap_i64']).mem(op, 0);
  code.else().i64Const(0, 0).end();
}

/** Pops a memory offset as i64 and pushes its direct-map address; 0 stays NULL. */
export function widenPointer(f: FunctionContext): void {
  const { code } = f;
  const pointer = f.temp('i64', 'pointer');
  code.localTee(pointer).i64Const(0, DIRECT_MAP_HI).op(OP['i64.or']).i64Const(0, 0);
  code.localGet(pointer).i64Const(0, 0).op(OP['i64.ne']).op(OP.select);
}

/** *(dst + off) = operand. */
export function lowerStore(f: FunctionContext, insn: Insn, bytes: MemBytes, operand: Operand): void {
  const offset = pushAccess(f, insn.dst, insn.off, bytes);
  if (operand === 'imm') f.code.i64ConstSigned(insn.imm);
  else f.regs.push64(insn.src);
  f.code.mem(storeOp(bytes), offset);
}
