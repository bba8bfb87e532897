import type { Insn } from '@probed/isa';
import type { ExecutionEnv, InsnFacts, VerifiedProgram } from '@probed/spec';
import type { CodeWriter } from '@probed/wasm';
import type { ConfinedFunctions } from '../confined/confinement';
import type { Registers } from '../registers';

/** How the code counts what runs. */
export interface CoverageImports {
  /** By slot: 1 where the code counts. */
  readonly counted: Uint8Array;
  /** Function index of the import `(slot: i32) => void`. */
  readonly executed: number;
  /** Function index of the import `(slot: i32, taken: i32) => void`. */
  readonly taken: number;
}

/** What all functions of a module share: where imports, subprograms and globals are. */
export interface ModuleContext {
  readonly program: VerifiedProgram;
  readonly env: ExecutionEnv;
  /** Function index of the helper called at `slot`. */
  helperImport(slot: number): number;
  /** Function index of the import `(iterations: i32) => void` that charges the budget. */
  readonly chargeImport: number;
  /** Function index of the import `(ctx, map, index, stackTop) => i32` of bpf_tail_call. */
  readonly tailCallImport: number;
  /** Function index of the import `(ctx, offset, bytes) => i32` of BPF_ABS and BPF_IND. */
  readonly packetImport: number;
  /** Absent unless runs are to be counted. */
  readonly coverage: CoverageImports | undefined;
  /** Present in code that was not verified. */
  readonly confined: ConfinedFunctions | undefined;
  /** Function index of the subprogram that starts at `slot`. */
  subprogram(slot: number): number;
  /** Index in the callback table of the subprogram that starts at `slot`. */
  callbackSlot(slot: number): number;
  /** Global: offset of the lowest byte of the frame that a callback will run in. */
  readonly callbackFrame: number;
  /** Global: `may_goto` iterations left in this run. */
  readonly mayGotoLeft: number;
}

/** The function being compiled. */
export interface FunctionContext {
  readonly module: ModuleContext;
  readonly code: CodeWriter;
  readonly regs: Registers;
  readonly insns: readonly Insn[];
  readonly facts: readonly InsnFacts[];
  /** i32 local with the offset of the frame's lowest byte. */
  readonly frameBase: number;
  /** What the function returns: the main program the low half of r0, a subprogram all of it. */
  readonly returns: 'i32' | 'i64';
  /** Scratch locals, made at first use. Distinct names are distinct locals. */
  temp(type: 'i32' | 'i64', name: string): number;
}
