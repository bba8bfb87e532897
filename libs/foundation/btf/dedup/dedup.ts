import { diagnostic, err, ok, type Result } from '@probed/base';
import type { Btf } from '../btf';
import { encodeSections } from '../encode';
import { KIND } from '../kinds';
import { compactTypes } from './compact';
import { dedupComposites, resolveForwards } from './composites';
import { DedupFault } from './fault';
import { dedupNames } from './names';
import { dedupPrimitives } from './primitives';
import { dedupReferences } from './references';
import { DedupState } from './state';

/** Ids and string offsets that lie outside the types, as those of `.BTF.ext`; each visitor passes all of them. */
export interface OutsideReferences {
  strings(rewrite: (offset: number) => number): void;
  typeIds(rewrite: (id: number) => number): void;
}

/** What {@link dedupBtf} may be told. */
export interface DedupOptions {
  /** Told the new ids and offsets. */
  readonly outside?: OutsideReferences;
  /** Each name lies in the string section once, as {@link BtfBuilder} writes it: the section stays as it is. */
  readonly keepStrings?: boolean;
}

/**
 * The same types, each once: what compilers repeat in every unit is merged, forward declarations become what they
 * declare where some unit defines it, strings are kept once and only if used. Of split BTF only its own part changes,
 * and what the base has goes. tools/lib/bpf/btf.c: btf__dedup.
 *
 * @returns bytes of a `.BTF` section. Errors: `btf-dedup`, for types that no compiler writes: tags in a circle, or
 * types made to look alike so that comparing them would take forever
 */
export function dedupBtf(btf: Btf, { outside, keepStrings }: DedupOptions = {}): Result<Uint8Array> {
  const parsed = btf.raw();
  const state = new DedupState(parsed);
  try {
    const strings = keepStrings
      ? parsed.strings.bytes.subarray(parsed.baseStringBytes)
      : dedupNames(state, parsed, (rewrite) => outside?.strings(rewrite));
    prepare(state);
    dedupPrimitives(state);
    dedupComposites(state);
    resolveForwards(state);
    dedupReferences(state);
    const types = compactTypes(state);
    outside?.typeIds(types.newId);
    return ok(encodeSections(types.bytes, strings));
  } catch (cause) {
    if (!(cause instanceof DedupFault)) throw cause;
    return err(diagnostic('btf-dedup', cause.message, { errno: 22 }));
  }
}

/** The base's types stay; variables and data sections are never merged. */
function prepare(state: DedupState): void {
  for (let id = 1; id < state.count; id++) {
    const kind = state.kind(id);
    const single = kind === KIND.var || kind === KIND.datasec;
    if (single || id < state.firstId) state.map[id] = id;
    if (!single && id < state.firstId) state.keep(id);
  }
}
