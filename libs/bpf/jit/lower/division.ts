import type { Bits, Insn, Operand } from '@probed/isa';
import { type CodeWriter, OP, type OpName } from '@probed/wasm';
import { pushOperand } from './alu';
import type { FunctionContext } from './context';

/** The four division instructions. */
type DivisionOp = 'div' | 'sdiv' | 'mod' | 'smod';

const TRAPPING: Record<DivisionOp, Record<Bits, OpName>> = {
  div: { 32: 'i32.div_u', 64: 'i64.div_u' },
  sdiv: { 32: 'i32.div_s', 64: 'i64.div_s' },
  mod: { 32: 'i32.rem_u', 64: 'i64.rem_u' },
  smod: { 32: 'i32.rem_s', 64: 'i64.rem_s' },
};

/** The operations that division needs, at one width. */
interface Width {
  readonly type: 'i32' | 'i64';
  push(f: FunctionContext, reg: number): void;
  set(f: FunctionContext, reg: number): void;
  constant(code: CodeWriter, value: number): void;
  readonly eqz: number;
  readonly leU: number;
  readonly add: number;
  readonly sub: number;
  readonly and: number;
}

const WIDTH: Record<Bits, Width> = {
  32: {
    type: 'i32',
    push: (f, reg) => f.regs.push32(reg),
    set: (f, reg) => f.regs.set32(reg),
    constant: (code, value) => code.i32Const(value),
    eqz: OP['i32.eqz'],
    leU: OP['i32.le_u'],
    add: OP['i32.add'],
    sub: OP['i32.sub'],
    and: OP['i32.and'],
  },
  64: {
    type: 'i64',
    push: (f, reg) => f.regs.push64(reg),
    set: (f, reg) => f.regs.set64(reg),
    constant: (code, value) => code.i64ConstSigned(value),
    eqz: OP['i64.eqz'],
    leU: OP['i64.le_u'],
    add: OP['i64.add'],
    sub: OP['i64.sub'],
    and: OP['i64.and'],
  },
};

/**
 * Division and modulo as RFC 9669 §4.1 wants them, where WebAssembly traps: by zero they give 0 and dst, and
 * INT_MIN / -1 wraps.
 */
export function lowerDivision(
  f: FunctionContext,
  insn: Insn,
  op: DivisionOp,
  bits: Bits,
  operand: Operand,
): void {
  if (operand === 'imm') divideByConstant(f, insn, op, bits);
  else if (op === 'sdiv') signedDivide(f, insn, bits);
  else divideGuarded(f, insn, op, bits);
}

/** Tells divisor 0 apart at run time. */
function divideGuarded(f: FunctionContext, insn: Insn, op: Exclude<DivisionOp, 'sdiv'>, bits: Bits): void {
  const width = WIDTH[bits];
  const isModulo = op !== 'div';
  width.push(f, insn.src);
  f.code.op(width.eqz).if(width.type);
  if (isModulo) width.push(f, insn.dst);
  else width.constant(f.code, 0);
  f.code.else();
  width.push(f, insn.dst);
  width.push(f, insn.src);
  f.code.op(OP[TRAPPING[op][bits]]).end();
  width.set(f, insn.dst);
}

/** Needs no guard, the divisor being known. */
function divideByConstant(f: FunctionContext, insn: Insn, op: DivisionOp, bits: Bits): void {
  const width = WIDTH[bits];
  const isModulo = op === 'mod' || op === 'smod';
  if (insn.imm === 0) {
    if (isModulo) width.push(f, insn.dst);
    else width.constant(f.code, 0);
  } else if (op === 'sdiv' && insn.imm === -1) {
    width.constant(f.code, 0);
    width.push(f, insn.dst);
    f.code.op(width.sub);
  } else {
    width.push(f, insn.dst);
    pushOperand(f, insn, bits, 'imm');
    f.code.op(OP[TRAPPING[op][bits]]);
  }
  width.set(f, insn.dst);
}

/** Divisors 0 and -1 are told apart from all others by one comparison; for both the result is -(dst & divisor). */
function signedDivide(f: FunctionContext, insn: Insn, bits: Bits): void {
  const width = WIDTH[bits];
  width.push(f, insn.src);
  width.constant(f.code, 1);
  f.code.op(width.add);
  width.constant(f.code, 1);
  f.code.op(width.leU).if(width.type);
  width.constant(f.code, 0);
  width.push(f, insn.dst);
  width.push(f, insn.src);
  f.code.op(width.and).op(width.sub).else();
  width.push(f, insn.dst);
  width.push(f, insn.src);
  f.code.op(OP[TRAPPING.sdiv[bits]]).end();
  width.set(f, insn.dst);
}
