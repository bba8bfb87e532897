import { diagnostic, err, type Result, suggestion, type Word } from '@probed/base';
import { parseUsdtArgs } from '@probed/hooks';
import { hitProbe } from '@probed/system';
import type { HookArguments } from './arguments';
import { type FireContext, type Fired, type FireSite, noSuchHook } from './fire-context';
import { userArguments } from './user-function';
import { argumentFault, carried } from './words';

const EINVAL = 22;

/**
 * Hits a USDT probe: its arguments are put where the note of the executable says (registers, the stack), then what hangs
 * at its nop runs. Of a probe with several places it is the first.
 * @param target `path:provider:name`
 * @param given arguments in order; text and bytes go to the task's memory
 * Errors: `bad-hook-name`, `no-such-hook` (ENOENT), `hook-argument`.
 */
export function fireUsdt(
  context: FireContext,
  target: string,
  given: HookArguments,
  site: FireSite,
): Result<Fired> {
  const { kernel } = context.machine;
  const { user } = kernel.hooks;
  const [path, provider, name, ...rest] = target.split(':');
  if (!path || !provider || !name || rest.length > 0) {
    const hint = 'usdt:PATH:PROVIDER:NAME, e.g. usdt:libc.so.6:libc:setjmp';
    return err(
      diagnostic('bad-hook-name', `"${target}" names no USDT probe (EINVAL)`, { errno: EINVAL, hint }),
    );
  }
  const what = `USDT probe ${provider}:${name} of ${path}`;
  const image = user.find(path);
  if (!image) {
    const hint = suggestion(
      path,
      [...user.all()].map((known) => known.path),
    );
    const message = `${path} does not exist (ENOENT)`;
    return err(diagnostic('no-such-hook', message, { errno: 2, hint, where: what }));
  }
  const probe = image.probes.find((known) => known.provider === provider && known.name === name);
  if (!probe) {
    const known = image.probes.map((one) => `${one.provider}:${one.name}`);
    return noSuchHook(what, `${provider}:${name}`, known);
  }
  const words = probeWords(context, what, probe.args, given, site);
  if (!words.ok) return words;
  return context.fire(site, () => {
    hitProbe(kernel, user.site(probe.address), probe, carried(words.value));
    return undefined;
  });
}

function probeWords(
  context: FireContext,
  what: string,
  args: string,
  given: HookArguments,
  site: FireSite,
): Result<readonly Word[]> {
  const values = userArguments(context, what, Object.keys(given).length > 0 ? given : [], site);
  if (!values.ok) return values;
  const count = parseUsdtArgs(args)?.length ?? 0;
  if (values.value.length > count)
    return argumentFault(
      `${values.value.length} arguments for ${count}`,
      what,
      `its note says: ${args || 'none'}`,
    );
  return context.args.words(what, undefined, values.value);
}
