import type { Insn } from '@probed/isa';
import type { ProgramSpec } from './program-spec';

/** What the verifier learned of one instruction; the compilers rely on nothing else. */
export interface InsnFacts {
  /** False for code the verifier never reached; compilers emit nothing for it. */
  reachable: boolean;
  /**
   * Loads and stores. `direct`: proved in bounds, its address is a direct-map address whose low 32 bits index memory.
   * `probe`: a load through a BTF pointer (PROBE_MEM): checked at run time, 0 on a fault.
   * `ctx-ptr`: a 32-bit context field that holds a packet pointer (`data`, `data_end`, `data_meta`): the loaded
   * offset gets the direct map's high half.
   */
  access?: 'direct' | 'probe' | 'ctx-ptr';
  /** Stores: only so many low bytes of the value are kept. */
  keptBytes?: number;
  /** Calls: index into {@link VerifiedProgram.maps} when every path passes that same map. */
  map?: number;
  /** Calls that take a callback: start slot of the one subprogram passed on every path. */
  callback?: number;
  /** Conditional jumps with one live side. */
  branch?: 'always' | 'never';
}

/** A function of the program: slots [start, end). Entry 0 is the main program. */
export interface Subprogram {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  /** Bytes of stack used, a multiple of 8. */
  readonly stackDepth: number;
  /** Reached only as a callback or by calls. */
  readonly isCallback: boolean;
}

/** What the verifier must know of a map that a program names. Sizes in bytes. */
export interface MapInfo {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** `map_extra`: hash functions of a BLOOM_FILTER. */
  readonly mapExtra?: number;
  readonly frozen: boolean;
  /** Type ids in the object's BTF; 0 when unknown. */
  readonly keyTypeId: number;
  readonly valueTypeId: number;
  /** DATASEC of a data-section map's variables in the object's BTF. */
  readonly dataSecTypeId?: number;
  /** Value bytes of a frozen, read-only map: loads from it are constants to the verifier. */
  readonly frozenContents?: Uint8Array;
  readonly inner?: MapInfo;
}

declare const verified: unique symbol;

/** A program the verifier accepted. Only lib `verifier` makes one; JIT, interpreter and runtime take nothing else. */
export interface VerifiedProgram {
  readonly [verified]: true;
  readonly spec: ProgramSpec;
  /** Final code, same slots as `spec.insns`. */
  readonly insns: readonly Insn[];
  /** By slot. */
  readonly facts: readonly InsnFacts[];
  readonly subprograms: readonly Subprogram[];
  /** The maps that the program names, in order of first use; `refs` of the spec resolve by name. */
  readonly maps: readonly MapInfo[];
  /** Verifier log, kernel format, at the level asked for. */
  readonly log: readonly string[];
  /** Instructions processed (`insn_processed`). */
  readonly processed: number;
  /** How far it reaches into the buffers that an iterator hands it, bytes: the attachment refuses shorter ones. */
  readonly bufferBytes: { readonly rdonly: number; readonly rdwr: number };
  /** How far it reaches into its context, bytes (`max_ctx_offset`). */
  readonly contextBytes: number;
}
