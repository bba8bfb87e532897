import { ok } from '@probed/base';
import type { Attacher } from './attachment';
import { badTarget, noSuchHook, notSupported } from './errors';
import { attachFunctionProbe } from './function-probe';

/** `SEC("uprobe/path:symbol")`, `SEC("uretprobe/path:symbol")`. */
export const attachUprobe = uprobeAttacher(false);
export const attachUretprobe = uprobeAttacher(true);

function uprobeAttacher(onReturn: boolean): Attacher {
  return (program, target, options, env) => {
    const colon = target.lastIndexOf(':');
    const path = target.slice(0, colon);
    const [symbol, offset] = target.slice(colon + 1).split('+');
    if (colon < 1 || !symbol) {
      return badTarget(`uprobe target "${target}" is not path:symbol`, 'e.g. uprobe//bin/bash:readline');
    }
    if (offset !== undefined && Number(offset) !== 0) return notSupported(`uprobe at an offset (${target})`);
    const hook = env.hooks.userFunction(path, symbol);
    if (!hook) return noSuchHook(`user function ${symbol} of ${path}`, `see: probectl hooks 'uprobe:*'`);
    const label = `${onReturn ? 'uretprobe' : 'uprobe'}:${path}:${symbol}`;
    return ok(attachFunctionProbe(program, { hook, label, onReturn, user: true }, options, env));
  };
}
