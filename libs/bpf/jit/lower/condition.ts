import { assert } from '@probed/base';
import { type Condition, type Insn, insnRow } from '@probed/isa';
import { OP, type OpName } from '@probed/wasm';
import { pushOperand } from './alu';
import type { FunctionContext } from './context';

/** Comparison and its opposite, at both widths; `set` has no opcode of its own. */
const COMPARE: Record<Exclude<Condition, 'set'>, Record<32 | 64, readonly [OpName, OpName]>> = {
  eq: { 32: ['i32.eq', 'i32.ne'], 64: ['i64.eq', 'i64.ne'] },
  ne: { 32: ['i32.ne', 'i32.eq'], 64: ['i64.ne', 'i64.eq'] },
  gt: { 32: ['i32.gt_u', 'i32.le_u'], 64: ['i64.gt_u', 'i64.le_u'] },
  ge: { 32: ['i32.ge_u', 'i32.lt_u'], 64: ['i64.ge_u', 'i64.lt_u'] },
  lt: { 32: ['i32.lt_u', 'i32.ge_u'], 64: ['i64.lt_u', 'i64.ge_u'] },
  le: { 32: ['i32.le_u', 'i32.gt_u'], 64: ['i64.le_u', 'i64.gt_u'] },
  sgt: { 32: ['i32.gt_s', 'i32.le_s'], 64: ['i64.gt_s', 'i64.le_s'] },
  sge: { 32: ['i32.ge_s', 'i32.lt_s'], 64: ['i64.ge_s', 'i64.lt_s'] },
  slt: { 32: ['i32.lt_s', 'i32.ge_s'], 64: ['i64.lt_s', 'i64.ge_s'] },
  sle: { 32: ['i32.le_s', 'i32.gt_s'], 64: ['i64.le_s', 'i64.gt_s'] },
};

/** Pushes an i32 that is non-zero when the conditional jump is taken, or with `negated` when it is not. */
export function pushCondition(f: FunctionContext, insn: Insn, negated: boolean): void {
  const semantics = insnRow(insn)?.semantics;
  if (semantics?.kind === 'may_goto') {
    pushMayGoto(f, negated);
    return;
  }
  assert(semantics?.kind === 'branch', `opcode ${insn.opcode} is no conditional jump`);
  const { cond, bits, operand } = semantics;
  if (bits === 64) f.regs.push64(insn.dst);
  else f.regs.push32(insn.dst);
  const againstZero = operand === 'imm' && insn.imm === 0;
  if (againstZero && cond === (negated ? 'ne' : 'eq')) {
    f.code.op(bits === 64 ? OP['i64.eqz'] : OP['i32.eqz']);
    return;
  }
  pushOperand(f, insn, bits, operand);
  if (cond !== 'set') f.code.op(OP[COMPARE[cond][bits][negated ? 1 : 0]]);
  else if (bits === 32) {
    f.code.op(OP['i32.and']);
    if (negated) f.code.op(OP['i32.eqz']);
  } else if (negated) f.code.op(OP['i64.and']).op(OP['i64.eqz']);
  else f.code.op(OP['i64.and']).i64Const(0, 0).op(OP['i64.ne']);
}

/** Taken once the iterations of this run are used up; counts one down otherwise. */
function pushMayGoto(f: FunctionContext, negated: boolean): void {
  const { code, module } = f;
  const left = f.temp('i32', 'may-goto');
  code.globalGet(module.mayGotoLeft).localTee(left);
  code.localGet(left).i32Const(0).op(OP['i32.ne']).op(OP['i32.sub']).globalSet(module.mayGotoLeft);
  code.localGet(left);
  if (!negated) code.op(OP['i32.eqz']);
}
