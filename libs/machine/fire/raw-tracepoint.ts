import type { Result } from '@probed/base';
import { functionParameters, type HookArguments } from './arguments';
import { type FireContext, type Fired, type FireSite, noSuchHook } from './fire-context';

/**
 * Fires a tracepoint in its raw form, as `raw_tp` and `tp_btf` programs see it.
 * @param given TP_PROTO's arguments in order, or by the names of the kernel's prototype
 * Errors: `no-such-hook` (ENOENT), `hook-argument`.
 */
export function fireRawTracepoint(
  context: FireContext,
  name: string,
  given: HookArguments,
  site: FireSite,
): Result<Fired> {
  const { kernel, facts } = context.machine;
  const hook = kernel.hooks.rawTracepoint(name);
  if (!hook) {
    const known = [...kernel.hooks.tracepointCatalogue()].map((entry) => entry.name.replace(/^.*:/, ''));
    return noSuchHook(`raw tracepoint ${name}`, name, known);
  }
  // The first parameter of the function that calls the probes is their own data (include/linux/tracepoint.h).
  const parameters = functionParameters(facts.btf, `__traceiter_${name}`)?.slice(1);
  const words = context.args.words(`raw tracepoint ${name}`, parameters, given);
  return words.ok ? context.fire(site, () => void hook.raw.fire(words.value)) : words;
}
