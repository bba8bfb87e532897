import { checkReturnCode } from '../return-code';
import type { SpecialKfunc } from './special';

const R1 = 1;

/** Throwing ends the program; without a callback of its own with the value thrown. */
export const THROW_KFUNCS: Readonly<Record<string, SpecialKfunc>> = {
  bpf_throw: {
    endsPath: true,
    afterRelease(env) {
      if (env.exceptionCallback === 0) checkReturnCode(env, R1);
    },
  },
};
