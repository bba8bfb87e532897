import { hi32, joinI64, lo32 } from '@probed/base';
import { E, type HelperContext, type HelperFamily } from './helper-context';

/** A signed word as a u64 result. */
function leave(c: HelperContext, word: number): number {
  return c.u64(lo32(word), hi32(word));
}

/** Copies one word of the context. */
function copyWord(c: HelperContext, ctx: number, index: number, value: number): number {
  c.memory.u8.copyWithin(value, ctx + 8 * index, ctx + 8 * index + 8);
  return 0;
}

function funcArg(c: HelperContext, ctx: number, index: number, value: number): number {
  const count = c.services.run().argCount ?? 0;
  return index >>> 0 >= count ? E.INVAL : copyWord(c, ctx, index >>> 0, value);
}

/** kernel/trace/bpf_trace.c: the return value lies behind the arguments. */
export const TRACING_HELPERS: HelperFamily = {
  override_return: (c) => (_ctx, lo, hi) => {
    c.services.run().overrideReturn?.(joinI64(lo, hi));
    return 0;
  },
  get_func_ip: (c) => () => leave(c, c.services.run().functionIp),
  get_attach_cookie: (c) => () => leave(c, c.services.run().cookie),
  get_func_arg: (c) => (ctx, index, value) => funcArg(c, ctx, index, value),
  get_func_ret: (c) => (ctx, value) => copyWord(c, ctx, c.services.run().argCount ?? 0, value),
  get_func_arg_cnt: (c) => () => c.services.run().argCount ?? 0,
};
