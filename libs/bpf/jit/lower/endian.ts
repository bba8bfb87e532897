import type { Insn } from '@probed/isa';
import { OP } from '@probed/wasm';
import type { FunctionContext } from './context';

/** dst = the low `bits` of dst in the byte order named, zero-extended; the machine is little-endian. */
export function lowerEndian(
  f: FunctionContext,
  insn: Insn,
  order: 'le' | 'be' | 'swap',
  bits: 16 | 32 | 64,
): void {
  if (order === 'le') truncate(f, insn.dst, bits);
  else if (bits === 64) swap64(f, insn.dst);
  else if (bits === 32) swap32(f, insn.dst);
  else swap16(f, insn.dst);
}

function truncate(f: FunctionContext, dst: number, bits: 16 | 32 | 64): void {
  if (bits === 64) return;
  f.regs.push32(dst);
  if (bits === 16) f.code.i32Const(0xffff).op(OP['i32.and']);
  f.regs.set32(dst);
}

function swap16(f: FunctionContext, dst: number): void {
  f.regs.push32(dst);
  f.code.i32Const(8).op(OP['i32.shr_u']).i32Const(0xff).op(OP['i32.and']);
  f.regs.push32(dst);
  f.code.i32Const(8).op(OP['i32.shl']).i32Const(0xff00).op(OP['i32.and']);
  f.code.op(OP['i32.or']);
  f.regs.set32(dst);
}

/** Bytes 0 and 2 move by a rotation left, bytes 1 and 3 by one right. */
function swap32(f: FunctionContext, dst: number): void {
  f.regs.push32(dst);
  f.code.i32Const(8).op(OP['i32.rotl']).i32Const(0x00ff00ff).op(OP['i32.and']);
  f.regs.push32(dst);
  f.code.i32Const(8).op(OP['i32.rotr']).i32Const(0xff00ff00).op(OP['i32.and']);
  f.code.op(OP['i32.or']);
  f.regs.set32(dst);
}

/** Swaps neighbouring bytes, then neighbouring 16-bit units, then the halves. */
function swap64(f: FunctionContext, dst: number): void {
  const { code } = f;
  const value = f.temp('i64', 'swap');
  f.regs.push64(dst);
  code.localSet(value);
  swapUnits(f, value, 8, 0x00ff00ff);
  code.localSet(value);
  swapUnits(f, value, 16, 0x0000ffff);
  code.i64Const(32, 0).op(OP['i64.rotl']);
  f.regs.set64(dst);
}

/** Pushes `(value & mask) << width | (value >> width) & mask`, the mask repeated in both halves. */
function swapUnits(f: FunctionContext, value: number, width: number, mask: number): void {
  const { code } = f;
  code.localGet(value).i64Const(mask, mask).op(OP['i64.and']).i64Const(width, 0).op(OP['i64.shl']);
  code.localGet(value).i64Const(width, 0).op(OP['i64.shr_u']).i64Const(mask, mask).op(OP['i64.and']);
  code.op(OP['i64.or']);
}
