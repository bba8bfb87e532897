import type { LoadedProgram } from '@probed/runtime';
import { inContextOf } from '@probed/system';
import { AttachedProgram } from '../attach/attached-program';
import type { FireSite } from '../fire/fire-context';
import type { Machine } from '../machine';

/** A test run hangs at no hook, so nothing asks for its object. */
const NO_OWNER = { maps: new Map() };

/** Where a test run takes place. */
export interface TestRunSite {
  readonly machine: Machine;
  readonly program: LoadedProgram;
  readonly site: FireSite;
  /** Real time in ns, for who wants to know how long a run takes. */
  readonly clock?: () => number;
  /** Told how long all runs took, ns. */
  readonly took?: (ns: number) => void;
}

/** Runs the program on a context in memory, `repeat` times. @returns r0 of the last run, low 32 bits, unsigned */
export function runRepeatedly(at: TestRunSite, ctx: number, repeat = 1): number {
  const { machine, program, site } = at;
  return inContextOf(machine.kernel, site.task, site.cpu, () => {
    const { attachEnv } = machine;
    const outer = attachEnv.active;
    attachEnv.active = { program, hook: 'test_run', stats: new AttachedProgram(program, NO_OWNER).stats };
    try {
      let retval = 0;
      const startedAt = at.clock?.() ?? 0;
      for (let i = Math.max(1, repeat); i > 0; i--) retval = program.run(site.cpu, ctx) >>> 0;
      if (at.clock) at.took?.(at.clock() - startedAt);
      return retval;
    } finally {
      attachEnv.active = outer;
    }
  });
}
