import type { LineInfo } from '@probed/spec';

/** What a kernel lacks for a program, or what is wrong with the program there. */
export type GapKind =
  | 'field'
  | 'field-type'
  | 'type'
  | 'enum-value'
  | 'relocation'
  | 'ksym'
  | 'kfunc'
  | 'kconfig'
  | 'attach-target'
  | 'helper'
  | 'map-type'
  | 'program-type'
  | 'attach-type'
  | 'verifier';

/** Why a program does not load or attach on a kernel. */
export interface Gap {
  readonly kind: GapKind;
  /** What is missing, e.g. `task_struct.state`, `bpf_ringbuf_output`, `vfs_create`; empty when nothing is. */
  readonly subject: string;
  /** One line for people. */
  readonly message: string;
  /** Position of the CO-RE relocation in its program, as libbpf counts (`relo #3`). */
  readonly relocation?: number;
  /** The relocation in libbpf's words: `<byte_off> [9] struct task_struct.state (0:1 @ offset 24)`. */
  readonly spec?: string;
  /** Slot of the instruction. */
  readonly insn?: number;
  readonly source?: GapSource;
  /** What the verifier said, kernel format. */
  readonly log?: readonly string[];
}

/** The C source line that an instruction was compiled from. */
export interface GapSource {
  /** As the compiler recorded it. */
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** The line that a slot belongs to: the last one that begins at or before it. */
export function sourceOf(lines: readonly LineInfo[], slot: number): GapSource | undefined {
  let found: LineInfo | undefined;
  for (const line of lines) {
    if (line.insn <= slot && (!found || line.insn >= found.insn)) found = line;
  }
  return found && { file: found.file, line: found.line, text: found.text.trim() };
}
