import type { BpfMap } from '@probed/maps';
import { type HelperFn, helperById } from '@probed/spec';
import { HelperContext, type HelperEnv } from './helper-context';
import { KFUNC_IMPLEMENTATIONS } from './kfuncs/registry';
import { IMPLEMENTATIONS } from './registry';

/** The helpers of one collection's programs. */
export interface Helpers {
  /**
   * Implementation of a helper by its id, in the calling convention of `helperAbi`; bound to `map` when every call
   * passes that one. The verifier has refused helpers without an implementation.
   */
  get(id: number, map?: BpfMap): HelperFn;
  /** Implementation of a kernel function by its name, in the calling convention of `kfuncAbi`. */
  kfunc(name: string): HelperFn;
}

export function createHelpers(env: HelperEnv): Helpers {
  const context = new HelperContext(env);
  return {
    get(id, map) {
      const name = helperById(id)?.name;
      const make = name === undefined ? undefined : IMPLEMENTATIONS.get(name);
      if (!make) throw new Error(`invariant broken: helper ${name ?? id} has no implementation`);
      return make(context, map);
    },
    kfunc(name) {
      const make = KFUNC_IMPLEMENTATIONS.get(name);
      if (!make) throw new Error(`invariant broken: kernel function ${name} has no implementation`);
      return make(context);
    },
  };
}
