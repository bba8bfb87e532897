import { joinI64 } from '@probed/base';
import { addressOf } from '@probed/memory';
import { E, type HelperContext, type HelperFamily } from './helper-context';

/** include/linux/bpf.h: BPF_MAX_LOOPS. */
const LOOPS_MAX = 8 * 1024 * 1024;

/** kernel/bpf/bpf_iter.c: bpf_loop. @returns calls made, -EINVAL, -E2BIG */
function loop(c: HelperContext, count: number, slot: number, ctx: number, flags: number): number {
  if (flags !== 0) return E.INVAL;
  const iterations = count >>> 0;
  if (iterations > LOOPS_MAX) return E.TOO_BIG;
  const ctxWord = addressOf(ctx);
  for (let i = 0; i < iterations; i++) {
    c.iterate();
    if (c.env.invokeCallback(slot, i, ctxWord, 0, 0, 0) !== 0) return i + 1;
  }
  return iterations;
}

export const LOOP_HELPERS: HelperFamily = {
  loop: (c) => (count, slot, ctx, lo, hi) => loop(c, count, slot, ctx, joinI64(lo, hi)),
};
