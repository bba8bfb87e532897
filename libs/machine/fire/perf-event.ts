import { ok, type Result } from '@probed/base';
import { PERF_EVENTS } from '../attach/perf-event';
import { type FireContext, type Fired, type FireSite, noSuchHook } from './fire-context';
import { argumentFault, exactWord } from './words';

/** A sample of a perf event. */
export interface HookSample {
  /** Interrupted instruction; the innermost function of the stack by default. */
  readonly ip?: bigint;
  /** It was in user mode. By default, when the site has no kernel stack. */
  readonly user?: boolean;
  /** Events since the last sample, default 1. */
  readonly period?: number;
  /** Data address. */
  readonly addr?: bigint;
}

/** Takes a sample of an event on the site's CPU. Errors: `no-such-hook` (ENOENT), `hook-argument`. */
export function firePerfEvent(
  context: FireContext,
  name: string,
  sample: HookSample,
  site: FireSite,
): Result<Fired> {
  const event = PERF_EVENTS[name];
  if (!event) return noSuchHook(`perf event ${name}`, name, Object.keys(PERF_EVENTS));
  const words = sampleWords(sample);
  if (!words.ok) return words;
  const { kernel } = context.machine;
  return context.fire(site, () => {
    const user = sample.user ?? (site.kernelStack ?? []).length === 0;
    const ip = words.value.ip ?? kernel.samplePoint();
    const { addr } = words.value;
    kernel.perf.deliver(event.type, event.config, { ip, user, period: sample.period ?? 1, addr });
    return undefined;
  });
}

function sampleWords({ ip, addr }: HookSample): Result<{ readonly ip?: number; readonly addr: number }> {
  const words = { ip: ip === undefined ? undefined : exactWord(ip), addr: exactWord(addr ?? 0n) };
  if (ip !== undefined && words.ip === undefined) return argumentFault(`${ip} is no address`, 'ip');
  if (words.addr === undefined) return argumentFault(`${addr} is no address`, 'addr');
  return ok({ ip: words.ip, addr: words.addr });
}
