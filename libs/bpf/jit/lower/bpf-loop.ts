import { OP } from '@probed/wasm';
import type { FunctionContext } from './context';
import { pushCalleeFrame } from './frame';
import type { InlineHelper } from './inline-helpers';

/** include/linux/bpf.h: BPF_MAX_LOOPS. */
const BPF_MAX_LOOPS = 8 * 1024 * 1024;
const EINVAL = 22;
const E2BIG = 7;
/** The budget is charged once in so many iterations, and for the rest at the end. A power of two. */
const CHARGE_EVERY = 1024;

/** `bpf_loop` with a known callback: a loop that calls it directly (kernel/bpf/bpf_iter.c: bpf_loop). */
export const loopInPlace: InlineHelper = {
  applies: (_program, { callback }) => callback !== undefined,

  write(f, slot) {
    const { code, regs } = f;
    const count = f.temp('i32', 'loop-count');
    code.i32Const(0).localSet(count).block('i64');
    if (!isZero(f, 4)) {
      code.i64Const(-EINVAL, -1);
      regs.push64(4);
      code.i64Const(0, 0).op(OP['i64.ne']).brIf(0).op(OP.drop);
    }
    const limit = regs.constant(1);
    if (!limit || limit.lo >>> 0 > BPF_MAX_LOOPS) {
      code.i64Const(-E2BIG, -1);
      regs.push32(1);
      code.i32Const(BPF_MAX_LOOPS).op(OP['i32.gt_u']).brIf(0).op(OP.drop);
    }
    writeLoop(f, f.module.subprogram(f.facts[slot].callback!), count);
    code.localGet(count).op(OP['i64.extend_i32_u']).end();
    regs.set64(0);
  },
};

function isZero(f: FunctionContext, reg: number): boolean {
  const constant = f.regs.constant(reg);
  return constant?.lo === 0 && constant.hi === 0;
}

/** Counts up in `count`; the block around it ends the loop. */
function writeLoop(f: FunctionContext, callback: number, count: number): void {
  const { code, regs } = f;
  code.block().loop();
  code.localGet(count);
  regs.push32(1);
  code.op(OP['i32.ge_u']).brIf(1);
  code.localGet(count).op(OP['i64.extend_i32_u']);
  regs.push64(3);
  code.i64Const(0, 0).i64Const(0, 0).i64Const(0, 0);
  pushCalleeFrame(f);
  code.call(callback);
  code.localGet(count).i32Const(1).op(OP['i32.add']).localTee(count);
  code
    .i32Const(CHARGE_EVERY - 1)
    .op(OP['i32.and'])
    .op(OP['i32.eqz'])
    .if();
  code.i32Const(CHARGE_EVERY).call(f.module.chargeImport).end();
  code.op(OP['i64.eqz']).brIf(0).end().end();
  code
    .localGet(count)
    .i32Const(CHARGE_EVERY - 1)
    .op(OP['i32.and'])
    .call(f.module.chargeImport);
}
