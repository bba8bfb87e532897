import { ok, writeI64 } from '@probed/base';
import type { Attacher } from './attachment';
import { badTarget, noSuchHook } from './errors';

/** MAX_BPF_FUNC_ARGS (include/linux/bpf.h): words in `struct bpf_raw_tracepoint_args`. */
const ARGS_MAX = 12;

/** `SEC("raw_tp/name")`: the program sees the tracepoint's arguments as words. */
export const attachRawTracepoint: Attacher = (program, target, options, env) => {
  if (!target) return badTarget('a raw tracepoint needs a name', 'e.g. raw_tp/sys_enter');
  const hook = env.hooks.rawTracepoint(target);
  if (!hook) return noSuchHook(`raw tracepoint ${target}`, `see: probectl hooks 'tracepoint:*${target}*'`);
  const label = `raw_tracepoint:${target}`;
  const info = { cookie: options.cookie ?? 0, functionIp: 0, samplePeriod: 0 };
  const detach = hook.raw.add((words) => {
    env.fire(
      program,
      label,
      (ctx) => {
        const { view } = env.memory;
        for (let i = 0; i < ARGS_MAX; i++) writeI64(view, ctx + 8 * i, words[i] ?? 0);
      },
      info,
    );
  });
  return ok({ detach, hook: label, state: hook.live ? 'live' : 'inert' });
};
