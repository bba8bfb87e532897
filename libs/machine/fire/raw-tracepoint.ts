import type { Result } from '@probed/base';
import type { HookArguments } from './arguments';
import { type FireContext, type Fired, type FireSite, noSuchHook } from './fire-context';
import { rawParameters } from './raw-arguments';
import { carried } from './words';

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
  const { kernel } = context.machine;
  const hook = kernel.hooks.rawTracepoint(name);
  if (!hook) {
    const known = [...kernel.hooks.tracepointCatalogue()].map((entry) => entry.name.replace(/^.*:/, ''));
    return noSuchHook(`raw tracepoint ${name}`, name, known);
  }
  const parameters = rawParameters(context, hook.group, name);
  const words = context.args.words(
    `raw tracepoint ${name}`,
    parameters.length > 0 ? parameters : undefined,
    given,
  );
  return words.ok ? context.fire(site, () => void hook.raw.fire(carried(words.value))) : words;
}
