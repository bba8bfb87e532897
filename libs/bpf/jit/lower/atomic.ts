import type { AtomicOp, Insn } from '@probed/isa';
import { OP, type OpName } from '@probed/wasm';
import type { FunctionContext } from './context';
import { loadOp, pushAccess, storeOp } from './memory';

/** How the new value comes from the old one (below) and src; its low half depends on low halves only. */
const COMBINE: Partial<Record<AtomicOp, OpName>> = {
  add: 'i64.add',
  or: 'i64.or',
  and: 'i64.and',
  xor: 'i64.xor',
};

/**
 * Atomic read-modify-write as load, operation, store: one thread alone changes memory that programs see.
 * With `fetch`, src (r0 for cmpxchg) receives the old value, zero-extended.
 */
export function lowerAtomic(
  f: FunctionContext,
  insn: Insn,
  op: AtomicOp,
  fetch: boolean,
  bytes: 4 | 8,
): void {
  const { code, regs } = f;
  const address = f.temp('i32', 'atomic-address');
  const old = f.temp('i64', 'atomic-old');
  const offset = pushAccess(f, insn.dst, insn.off, bytes);
  code.localTee(address).mem(loadOp(bytes), offset).localSet(old);
  if (op === 'cmpxchg') {
    compareWithR0(f, old, bytes);
    code.if().localGet(address);
    regs.push64(insn.src);
    code.mem(storeOp(bytes), offset).end().localGet(old);
    regs.set64(0, bytes === 4);
    return;
  }
  code.localGet(address);
  const combine = COMBINE[op];
  if (combine) code.localGet(old);
  regs.push64(insn.src);
  if (combine) code.op(OP[combine]);
  code.mem(storeOp(bytes), offset);
  if (!fetch) return;
  code.localGet(old);
  regs.set64(insn.src, bytes === 4);
}

/** Pushes whether r0 equals the old value at the width of the access. */
function compareWithR0(f: FunctionContext, old: number, bytes: 4 | 8): void {
  f.code.localGet(old);
  if (bytes === 8) {
    f.regs.push64(0);
    f.code.op(OP['i64.eq']);
  } else {
    f.code.op(OP['i32.wrap_i64']);
    f.regs.push32(0);
    f.code.op(OP['i32.eq']);
  }
}
