import { ok, type Result } from '@probed/base';
import type { HookArguments } from './arguments';
import { type FireContext, type Fired, type FireSite, noSuchHook } from './fire-context';
import { type CallPart, fireCall, type HookCall } from './kernel-function';
import type { HookValue } from './pointer';
import { placedInUser } from './user-data';
import { argumentFault } from './words';

/**
 * Fires the hooks of a function of an executable or library: uprobe at its entry, uretprobe at its return. Text and
 * bytes among the arguments are put into the task's memory.
 * Errors: `no-such-hook` (ENOENT), `hook-argument`.
 */
export function fireUserFunction(
  context: FireContext,
  path: string,
  symbol: string,
  part: CallPart,
  call: HookCall,
  site: FireSite,
): Result<Fired> {
  const { hooks } = context.machine.kernel;
  const hook = hooks.user.function(path, symbol);
  if (!hook) {
    const known = [...hooks.userCatalogue()].map(({ name }) => name);
    return noSuchHook(`user function ${symbol} of ${path}`, `${path}:${symbol}`, known);
  }
  const what = `${path}:${symbol}`;
  const given = userArguments(context, what, call.args ?? [], site);
  if (!given.ok) return given;
  const words = context.args.words(what, undefined, given.value);
  if (!words.ok) return words;
  return context.fire(site, () => {
    const { userFrames } = site.task;
    site.task.userFrames = [...userFrames, hook.ip];
    try {
      return fireCall(hook, part, words.value, call);
    } finally {
      site.task.userFrames = userFrames;
    }
  });
}

/** User functions have no prototypes here: arguments go by order, and data goes to the task's memory. */
export function userArguments(
  context: FireContext,
  what: string,
  given: HookArguments,
  site: FireSite,
): Result<readonly HookValue[]> {
  if (!Array.isArray(given)) {
    return argumentFault('arguments of user functions have no names', what, 'give them as a list');
  }
  const values: HookValue[] = [];
  for (const value of given as readonly HookValue[]) {
    const placed = placedInUser(context, value, what, site);
    if (!placed.ok) return placed;
    values.push(placed.value);
  }
  return ok(values);
}
