import { BPF_SIZE, type Insn } from '@probed/isa';
import type { VerifiedProgram } from '@probed/spec';

/** Bits of an opcode that say how wide an access is. */
const SIZE_MASK = 0x18;

/**
 * The program as it is compiled: stores to context fields that the kernel keeps in 16 bits are halfwords
 * (net/core/filter.c: bpf_convert_ctx_access), so that what a program reads back is what Linux would give it.
 */
export function withKeptBytes(program: VerifiedProgram): VerifiedProgram {
  const { facts, insns } = program;
  if (!facts.some(({ keptBytes }) => keptBytes === 2)) return program;
  const narrowed = (insn: Insn, slot: number): Insn =>
    facts[slot].keptBytes === 2 ? { ...insn, opcode: (insn.opcode & ~SIZE_MASK) | BPF_SIZE.H } : insn;
  return { ...program, insns: insns.map(narrowed) };
}
