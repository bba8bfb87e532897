import { ok } from '@probed/base';
import { addressOf } from '@probed/memory';
import { CONTEXT_BYTES } from '../contexts/context-stack';
import { PT_REGS_BYTES, writePtRegs } from '../contexts/pt-regs';
import { TracepointRecordWriter } from '../contexts/tracepoint-record';
import type { Attacher } from './attachment';
import { badTarget, noSuchHook } from './errors';

/** `SEC("tracepoint/group/name")`: the program sees the record that perf would see. */
export const attachTracepoint: Attacher = (program, target, options, env) => {
  const [group, name, ...rest] = target.split(/[/:]/);
  if (!group || !name || rest.length) {
    return badTarget(
      `tracepoint target "${target}" is not group/name`,
      'e.g. tracepoint/sched/sched_process_exec',
    );
  }
  const format = env.formats.get(group, name);
  const hook = env.hooks.tracepoint(group, name);
  if (!format || !hook) {
    return noSuchHook(`tracepoint ${group}/${name}`, `see: probectl hooks 'tracepoint:*${name}*'`);
  }
  const label = `tracepoint:${group}:${name}`;
  const writer = new TracepointRecordWriter(format, env.memory);
  const info = { cookie: options.cookie ?? 0, functionIp: 0, samplePeriod: 0 };
  const detach = hook.record.add((fields) => {
    env.fire(
      program,
      label,
      (ctx) => {
        const regs = ctx + CONTEXT_BYTES - PT_REGS_BYTES;
        writePtRegs(env.memory.view, regs, {
          ip: env.kernel.kernelStack()[0] ?? 0,
          user: false,
          ...env.kernel.kernelFrame(false),
        });
        writer.write(ctx, addressOf(regs), fields);
      },
      info,
    );
  });
  return ok({ detach, hook: label, state: hook.live ? 'live' : 'inert' });
};
