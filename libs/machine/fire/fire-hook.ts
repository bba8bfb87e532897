import { diagnostic, err, type Result, suggestion } from '@probed/base';
import type { HookArguments } from './arguments';
import type { FireContext, Fired, FireSite } from './fire-context';
import { type CallPart, fireKernelFunction, fireLsm, type HookCall } from './kernel-function';
import { firePerfEvent, type HookSample } from './perf-event';
import { fireRawTracepoint } from './raw-tracepoint';
import { fireSyscall } from './syscall';
import { fireTracepoint, type HookFields } from './tracepoint';
import { fireUsdt } from './usdt-probe';
import { fireUserFunction } from './user-function';

/** What an event carries: fields of a tracepoint's record, arguments of a call, or a sample. */
export type HookPayload = HookFields | HookArguments;

type Firer = (
  context: FireContext,
  target: string,
  payload: HookPayload,
  call: HookCall,
  site: FireSite,
) => Result<Fired>;

const EINVAL = 22;

const tracepoint: Firer = (context, target, payload, _call, site) => {
  const [group, ...name] = target.split(/[/:]/);
  return fireTracepoint(context, group, name.join(':'), payload as HookFields, site);
};
const rawTracepoint: Firer = (context, target, payload, _call, site) =>
  fireRawTracepoint(context, target.replace(/^.*:/, ''), payload, site);
const syscall: Firer = (context, target, payload, call, site) =>
  fireSyscall(context, target, { ...call, args: payload }, site);
const kernelFunction =
  (part: CallPart): Firer =>
  (context, target, payload, call, site) =>
    fireKernelFunction(context, target, part, { ...call, args: payload }, site);
const userFunction =
  (part: CallPart): Firer =>
  (context, target, payload, call, site) => {
    const colon = target.lastIndexOf(':');
    const args = Array.isArray(payload) || Object.keys(payload).length > 0 ? payload : [];
    return fireUserFunction(
      context,
      target.slice(0, colon),
      target.slice(colon + 1),
      part,
      { ...call, args },
      site,
    );
  };
const lsm: Firer = (context, target, payload, call, site) =>
  fireLsm(context, target, { ...call, args: payload }, site);
const perfEvent: Firer = (context, target, payload, _call, site) =>
  firePerfEvent(context, target, payload as HookSample, site);

const usdt: Firer = (context, target, payload, _call, site) => fireUsdt(context, target, payload, site);

/** Kinds of hooks by the words of sections and of `probectl hooks`. */
const FIRERS: Readonly<Record<string, Firer>> = {
  tracepoint,
  tp: tracepoint,
  raw_tp: rawTracepoint,
  raw_tracepoint: rawTracepoint,
  tp_btf: rawTracepoint,
  kprobe: kernelFunction('entry'),
  fentry: kernelFunction('entry'),
  kretprobe: kernelFunction('return'),
  fexit: kernelFunction('return'),
  fmod_ret: kernelFunction('call'),
  uprobe: userFunction('entry'),
  uretprobe: userFunction('return'),
  usdt,
  ksyscall: syscall,
  kretsyscall: syscall,
  lsm,
  perf_event: perfEvent,
};

/**
 * Fires a hook by its name: `tracepoint:sched:sched_process_exec`, `kprobe:vfs_read`, `uprobe:/bin/bash:readline`; the
 * first colon may be a slash, as in sections.
 * Errors: `bad-hook-name` (EINVAL) and those of the kind.
 */
export function fireHook(
  context: FireContext,
  name: string,
  payload: HookPayload,
  call: HookCall,
  site: FireSite,
): Result<Fired> {
  const [, kind, target] = /^([a-z_]+)[:/](.+)$/.exec(name) ?? [];
  const firer = kind === undefined ? undefined : FIRERS[kind];
  if (firer) return firer(context, target, payload, call, site);
  const hint =
    kind === undefined
      ? 'KIND:NAME, e.g. tracepoint:sched:sched_process_exec or kprobe:vfs_read'
      : suggestion(kind, Object.keys(FIRERS));
  const message = kind === undefined ? `"${name}" names no hook` : `no kind of hook is called ${kind}`;
  return err(diagnostic('bad-hook-name', `${message} (EINVAL)`, { errno: EINVAL, hint }));
}
