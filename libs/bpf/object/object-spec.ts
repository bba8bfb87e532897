import type { Diagnostic } from '@probed/base';
import type { Btf } from '@probed/btf';
import type { CollectionSpec, ProgramSpec } from '@probed/spec';
import type { InsnCore } from './code';
import type { Extern } from './externs';

/** A program of an object, linked but not fitted to a kernel: what {@link relocate} still has to apply goes with it. */
export interface ObjectProgram extends ProgramSpec {
  /** CO-RE relocations by slot, in order of application. */
  readonly cores: readonly InsnCore[];
  /** Why its code could not be linked; then `insns` are the function's own. {@link programFault} tells all faults. */
  readonly linkFault?: Diagnostic;
}

/** An object file as pure data. Valid for every kernel; {@link relocate} makes a collection for one of it. */
export interface ObjectSpec extends CollectionSpec {
  readonly programs: readonly ObjectProgram[];
  /** Kernel symbols, kernel functions and configuration values that the object refers to, by name. */
  readonly externs: ReadonlyMap<string, Extern>;
  /** `version` section; 0 when there is none. */
  readonly version: number;
  /** What was left out because it could not be read and nothing needs it, one line each. */
  readonly warnings?: readonly string[];
  /** Types of the object's DWARF, read when first asked for; undefined when it has none. */
  debugTypes(): Btf | undefined;
}
