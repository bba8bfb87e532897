import { DT } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { readDirectory, statPath } from '../os/io';
import { hasPattern, matchesComponent, unescapePattern } from './pattern';

/** Names that one pattern may match. */
const MATCHES_MAX = 20_000;

/** Files that a pattern matches, sorted; none when nothing does. */
export function* glob(u: UserContext, pattern: string): Sys<string[]> {
  const absolute = pattern.startsWith('/');
  const components = pattern.split('/').filter(Boolean);
  const wantsDirectory = pattern.endsWith('/');
  let bases = [absolute ? '/' : ''];
  for (const [i, component] of components.entries()) {
    const last = i === components.length - 1;
    const next: string[] = [];
    for (const base of bases) {
      if (next.length >= MATCHES_MAX) break;
      if (hasPattern(component)) next.push(...(yield* match(u, base, component, !last || wantsDirectory)));
      else next.push(base + unescapePattern(component) + (last ? '' : '/'));
    }
    bases = next;
  }
  if (!components.some(hasPattern)) return [];
  const literalTail = components.length > 0 && !hasPattern(components[components.length - 1]);
  return literalTail ? yield* existing(u, bases) : bases;
}

function* match(u: UserContext, base: string, component: string, directories: boolean): Sys<string[]> {
  const entries = yield* readDirectory(u, base === '' ? '.' : base);
  if (typeof entries === 'number') return [];
  const fits = matchesComponent(component);
  const out: string[] = [];
  for (const { name, type } of entries) {
    if (!fits(name)) continue;
    if (directories && type !== DT.DIR && type !== DT.LNK) continue;
    out.push(directories ? `${base}${name}/` : base + name);
  }
  return out;
}

/** After the last pattern come plain names: those that are there. */
function* existing(u: UserContext, paths: readonly string[]): Sys<string[]> {
  const out: string[] = [];
  for (const path of paths) if (typeof (yield* statPath(u, path, false)) !== 'number') out.push(path);
  return out;
}
