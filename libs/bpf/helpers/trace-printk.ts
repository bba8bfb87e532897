import type { HelperFn } from '@probed/spec';
import { BPRINTF_ARGS_MAX, Bprintf } from './bprintf/bprintf';
import { E, type HelperContext, type HelperFamily } from './helper-context';
import { UnsafeMemory } from './user-memory';

/** kernel/bpf/helpers.c: MAX_BPRINTF_BUF, bytes with the NUL. */
const TRACE_TEXT_BYTES = 1024;

const utf8 = new TextDecoder('utf-8');

function word(lo: number, hi: number): bigint {
  return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
}

/** Bytes up to the NUL, undefined when there is none among `size` bytes. */
function formatAt(c: HelperContext, at: number, size: number): Uint8Array | undefined {
  const nul = c.memory.u8.indexOf(0, at);
  return nul < 0 || nul >= at + size ? undefined : c.memory.copyOut(at, nul - at);
}

/** The array of u64 arguments of trace_vprintk and snprintf; undefined when its size is unlawful. */
function argsAt(c: HelperContext, at: number, bytes: number): bigint[] | undefined {
  if (bytes % 8 || bytes > 8 * BPRINTF_ARGS_MAX || (bytes && !at)) return undefined;
  const args: bigint[] = [];
  for (let i = 0; i < bytes; i += 8) args.push(c.memory.view.getBigUint64(at + i, true));
  return args;
}

/** One line of the trace pipe. @returns bytes of the whole text, or a negative errno */
function trace(
  c: HelperContext,
  printf: Bprintf,
  fmt: number,
  size: number,
  args: readonly bigint[],
): number {
  const format = formatAt(c, fmt, size);
  const out = format ? printf.format(format, args, TRACE_TEXT_BYTES - 1) : E.INVAL;
  if (typeof out === 'number') return out;
  const text = utf8.decode(out.bytes);
  c.services.tracePrintk(text.endsWith('\n') ? text.slice(0, -1) : text);
  return out.length;
}

/** kernel/trace/bpf_trace.c: bpf_trace_printk. */
function tracePrintk(c: HelperContext): HelperFn {
  const printf = new Bprintf(c, new UnsafeMemory(c));
  return (fmt, size, lo1, hi1, lo2, hi2, lo3, hi3) =>
    trace(c, printf, fmt, size, [word(lo1, hi1), word(lo2, hi2), word(lo3, hi3)]);
}

/** kernel/trace/bpf_trace.c: bpf_trace_vprintk. */
function traceVprintk(c: HelperContext): HelperFn {
  const printf = new Bprintf(c, new UnsafeMemory(c));
  return (fmt, size, data, bytes) => {
    const args = argsAt(c, data, bytes >>> 0);
    return args ? trace(c, printf, fmt, size, args) : E.INVAL;
  };
}

/** kernel/bpf/helpers.c: bpf_snprintf. @returns bytes of the whole text with the NUL */
function snprintf(c: HelperContext): HelperFn {
  const printf = new Bprintf(c, new UnsafeMemory(c));
  return (str, size, fmt, data, bytes) => {
    const args = argsAt(c, data, bytes >>> 0);
    const format = args && formatAt(c, fmt, Number.MAX_SAFE_INTEGER);
    if (!args || !format) return E.INVAL;
    const out = printf.format(format, args, Math.max(0, (size >>> 0) - 1));
    if (typeof out === 'number') return out;
    if (size !== 0) {
      c.memory.u8.set(out.bytes, str);
      c.memory.u8[str + out.bytes.length] = 0;
    }
    return out.length + 1;
  };
}

/** Longest text that one bpf_seq_printf can write: the buffer of an iterator. */
const SEQ_TEXT_BYTES = 32_768;

/** kernel/trace/bpf_trace.c: bpf_seq_printf. */
function seqPrintf(c: HelperContext): HelperFn {
  const printf = new Bprintf(c, new UnsafeMemory(c));
  return (seq, fmt, size, data, bytes) => {
    const args = argsAt(c, data, bytes >>> 0);
    const format = args && formatAt(c, fmt, size >>> 0);
    if (!args || !format) return E.INVAL;
    const out = printf.format(format, args, SEQ_TEXT_BYTES);
    if (typeof out === 'number') return out;
    return c.services.seqWrite?.(seq, out.bytes) ? 0 : E.OVERFLOW;
  };
}

/** kernel/trace/bpf_trace.c: bpf_seq_write. */
function seqWrite(c: HelperContext): HelperFn {
  return (seq, data, bytes) =>
    c.services.seqWrite?.(seq, c.memory.copyOut(data, bytes >>> 0)) ? 0 : E.OVERFLOW;
}

/** kernel/trace/bpf_trace.c, kernel/bpf/helpers.c. */
export const TRACE_PRINTK_HELPERS: HelperFamily = {
  trace_printk: tracePrintk,
  trace_vprintk: traceVprintk,
  snprintf,
  seq_printf: seqPrintf,
  seq_write: seqWrite,
};
