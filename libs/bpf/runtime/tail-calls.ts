import { type MapRegistry, ProgArrayMap } from '@probed/maps';
import type { LoadedProgram } from './loaded-program';

/** MAX_TAIL_CALL_CNT (include/linux/bpf.h): tail calls that one run may make, subprograms' included. */
export const TAIL_CALLS_MAX = 33;

/** bpf_tail_call for all programs of one kernel, and the count of the run in flight. */
export class TailCalls {
  /** Tail calls left to the run in flight. */
  left = 0;

  constructor(private readonly maps: MapRegistry) {}

  /**
   * The program to go on with. Only a call that is made counts (arch/x86/net/bpf_jit_comp.c raises the count once the
   * slot is known to be populated).
   * @returns undefined when the call falls through
   */
  target(map: number, index: number): LoadedProgram | undefined {
    const array = this.maps.at(map);
    if (!(array instanceof ProgArrayMap) || this.left === 0) return undefined;
    const program = array.programAt(index >>> 0) as LoadedProgram | undefined;
    if (program) this.left--;
    return program;
  }
}
