import { ok } from '@probed/base';
import type { Attacher } from './attachment';
import { attachFunctionProbe } from './function-probe';
import { userPlace } from './user-target';

/** `SEC("uprobe/path:symbol")`, `SEC("uretprobe/path:symbol")`. */
export const attachUprobe = uprobeAttacher(false);
export const attachUretprobe = uprobeAttacher(true);

function uprobeAttacher(onReturn: boolean): Attacher {
  return (program, target, options, env) => {
    const place = userPlace(target, env);
    if (!place.ok) return place;
    const label = `${onReturn ? 'uretprobe' : 'uprobe'}:${target}`;
    const { cookie = 0, pid } = options;
    const site = { hook: place.value, label, onReturn, user: true, cookie, pid };
    return ok(attachFunctionProbe(program, site, env));
  };
}
