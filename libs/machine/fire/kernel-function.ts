import { diagnostic, err, type Result, suggestion, type Word } from '@probed/base';
import type { FunctionCall, FunctionHook } from '@probed/hooks';
import { functionParameters, type HookArguments } from './arguments';
import { type FireContext, type Fired, type FireSite, noSuchHook } from './fire-context';
import { carried } from './words';

/** Which part of a call fires. */
export type CallPart = 'entry' | 'return' | 'call';

/** A call of a function, or a part of it. */
export interface HookCall {
  /** In order, or by the names of the prototype. */
  readonly args?: HookArguments;
  /** What the function returns, unless a program says otherwise. */
  readonly ret?: Word;
  /** What happens inside the function, between its entry and its return. */
  readonly during?: () => void;
}

const PREFIX_OF_LSM = 'bpf_lsm_';
const LIKELY_START = 3;
const ENOENT = 2;

/**
 * Fires the hooks of a kernel function: its entry (kprobe, fentry), its return (kretprobe, fexit), or all of it.
 * Errors: `no-such-hook` (ENOENT), `hook-argument`.
 */
export function fireKernelFunction(
  context: FireContext,
  name: string,
  part: CallPart,
  call: HookCall,
  site: FireSite,
): Result<Fired> {
  const { kernel, facts } = context.machine;
  const hook = kernel.hooks.kernelFunction(name);
  if (!hook) return noSuchHook(`kernel function ${name}`, name, likelyNames(context, name));
  const parameters = functionParameters(facts.btf, name);
  const words = context.args.words(name, parameters, call.args ?? []);
  if (!words.ok) return words;
  return context.fire(site, () => {
    const { stack } = site.task;
    stack.push(hook.ip);
    try {
      return fireCall(hook, part, words.value, call);
    } finally {
      stack.depth--;
    }
  });
}

/** Asks the programs of an LSM hook, e.g. `file_open`; the verdict is the result. */
export function fireLsm(context: FireContext, hook: string, call: HookCall, site: FireSite): Result<Fired> {
  const name = hook.startsWith(PREFIX_OF_LSM) ? hook : `${PREFIX_OF_LSM}${hook}`;
  if (context.machine.kernel.hooks.kernelFunction(name)) {
    return fireKernelFunction(context, name, 'call', call, site);
  }
  const { hooks } = context.machine.kernel;
  const names = hooks.kernelFunctionsWhere((known) => known.startsWith(PREFIX_OF_LSM));
  const known = [...names].map((full) => full.slice(PREFIX_OF_LSM.length));
  const hint = suggestion(hook, known);
  return err(diagnostic('no-such-hook', `LSM hook ${hook} does not exist (ENOENT)`, { errno: ENOENT, hint }));
}

/** @returns the function's result; undefined for an entry alone that nobody overrides */
export function fireCall(
  hook: FunctionHook,
  part: CallPart,
  args: readonly Word[],
  { ret = 0, during }: HookCall,
): Word | undefined {
  // Not by `hook.call`: these arguments are in the order of the kernel that is worn already.
  const call: FunctionCall = { name: hook.name, ip: hook.ip, args: carried(args) };
  if (part !== 'return') hook.entry.fire(call);
  if (part === 'entry') return call.override;
  if (part === 'call') {
    hook.verdict.fireUntil(call, () => call.override !== undefined);
    if (call.override === undefined) during?.();
  }
  const result = call.override ?? ret;
  [call.ret] = carried([result]);
  hook.exit.fire(call);
  return result;
}

/** Of the kernel's many functions those that begin alike, for a hint that takes no seconds to find. */
function likelyNames({ machine }: FireContext, name: string): string[] {
  const start = name.slice(0, LIKELY_START);
  return [...machine.kernel.hooks.kernelFunctionsWhere((known) => known.startsWith(start))];
}
