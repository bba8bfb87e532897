import { BPF_JMP_OP, type Insn, insnOp } from '@probed/isa';

/** A jump that may also fall through, may_goto included; the class must be a jump's. */
export function isConditional(insn: Insn): boolean {
  const op = insnOp(insn);
  return op !== BPF_JMP_OP.JA && op !== BPF_JMP_OP.CALL && op !== BPF_JMP_OP.EXIT;
}
