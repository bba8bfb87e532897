import { type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import { parseUsdtArgs, type UsdtSite } from '@probed/hooks';
import type { BpfMap } from '@probed/maps';
import type { ProgramOwner } from './attached-program';
import type { Attacher } from './attachment';
import { badTarget, noSuchHook } from './errors';
import { attachFunctionProbe } from './function-probe';
import { multiAttachment } from './multi';
import { encodeUsdtSpec, USDT_ARGS_MAX } from './usdt-spec';
import { userImage } from './user-target';

/** The map in which `bpf_usdt_arg()` looks its probe up (tools/lib/bpf/usdt.bpf.h). */
const SPECS_MAP = '__bpf_usdt_specs';
const E2BIG = 7;

/**
 * `SEC("usdt/path:provider:name")`: a uprobe at each place of the probe. What the program's own code must know of the
 * arguments goes into its object's map, under the number that is the uprobe's cookie, as tools/lib/bpf/usdt.c does for
 * kernels with cookies.
 */
export const attachUsdt: Attacher = (program, target, options, env) => {
  const [path, provider, name, ...rest] = target.split(':');
  if (!path || !provider || !name || rest.length > 0) {
    const hint = 'e.g. usdt/libc.so.6:libc:setjmp';
    return badTarget(`USDT target "${target}" is not path:provider:name`, hint);
  }
  const image = userImage(path, env);
  if (!image.ok) return image;
  const sites = image.value.probes.filter((site) => site.provider === provider && site.name === name);
  if (sites.length === 0) {
    return noSuchHook(`USDT probe ${provider}:${name} of ${image.value.path}`, hintFor(image.value.probes));
  }
  const specs = takeSpecs(program.owner, sites, options.cookie ?? 0);
  if (!specs.ok) return specs;
  const label = `usdt:${image.value.path}:${provider}:${name}`;
  const parts = sites.map(({ address }, i) => {
    const hook = env.hooks.user.site(address);
    const cookie = specs.value.ids[i];
    const site = { hook, label, onReturn: false, user: true, cookie, pid: options.pid };
    return attachFunctionProbe(program, site, env);
  });
  const { detach, ...attachment } = multiAttachment(label, parts);
  const detachAll = () => {
    detach();
    specs.value.release();
  };
  return ok({ ...attachment, detach: detachAll });
};

function hintFor(probes: readonly UsdtSite[]): string {
  const names = [...new Set(probes.map((site) => `${site.provider}:${site.name}`))];
  return names.length > 0 ? `it has ${names.join(', ')}` : 'it has no USDT probes';
}

interface Specs {
  /** Spec number of each place. */
  readonly ids: readonly number[];
  release(): void;
}

/** Numbers in use, by specs map: several links of an object share it. */
const inUse = new WeakMap<BpfMap, Set<number>>();

/** Writes a spec for each distinct description of arguments. Errors: EINVAL, E2BIG. */
function takeSpecs(
  owner: ProgramOwner,
  sites: readonly UsdtSite[],
  cookie: number,
): Result<Specs, Diagnostic> {
  const map = owner.maps.get(SPECS_MAP);
  if (!map || !owner.btf)
    return badTarget(`the object has no ${SPECS_MAP}`, 'USDT programs include <bpf/usdt.bpf.h>');
  let used = inUse.get(map);
  if (!used) inUse.set(map, (used = new Set()));
  const taken = new Map<string, number>();
  const release = () => {
    for (const id of taken.values()) used.delete(id);
    taken.clear();
  };
  for (const { args } of sites) {
    if (taken.has(args)) continue;
    const fault = writeSpec(map, used, taken, args, cookie, owner);
    if (fault) {
      release();
      return err(fault);
    }
  }
  return ok({ ids: sites.map(({ args }) => taken.get(args)!), release });
}

function writeSpec(
  map: BpfMap,
  used: Set<number>,
  taken: Map<string, number>,
  args: string,
  cookie: number,
  { btf }: ProgramOwner,
): Diagnostic | undefined {
  const parsed = parseUsdtArgs(args);
  if (!parsed || parsed.length > USDT_ARGS_MAX)
    return badTarget(`USDT arguments "${args}" are not understood`).error;
  const bytes = encodeUsdtSpec(btf!, parsed, cookie);
  if (!bytes || bytes.length !== map.info.valueSize)
    return badTarget(`${SPECS_MAP} of the object has no room for the arguments "${args}"`).error;
  let id = 0;
  while (used.has(id)) id++;
  if (id >= map.info.maxEntries) {
    const message = `${SPECS_MAP} is full: ${map.info.maxEntries} descriptions are in use (E2BIG)`;
    return diagnostic('usdt-specs', message, { errno: E2BIG, hint: 'define BPF_USDT_MAX_SPEC_CNT larger' });
  }
  used.add(id);
  taken.set(args, id);
  map.updateElem(keyOf(id), bytes, 0);
  return undefined;
}

function keyOf(id: number): Uint8Array {
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, id, true);
  return key;
}
