import type { Insn } from './insn';
import { BPF_CLASS, BPF_MODE, BPF_PSEUDO_CALLEE, BPF_SRC, OP_CALL, OP_LD_IMM64, OP_MAY_GOTO } from './opcode';

/** BPF_CLASS(code). */
export function insnClass(insn: Insn): number {
  return insn.opcode & 0x07;
}

/** BPF_OP(code) of arithmetic and jump classes, comparable with BPF_ALU_OP and BPF_JMP_OP. */
export function insnOp(insn: Insn): number {
  return insn.opcode & 0xf0;
}

/** BPF_SRC(code): the second operand is a register (arithmetic and jump classes). */
export function isRegOperand(insn: Insn): boolean {
  return (insn.opcode & 0x08) === BPF_SRC.X;
}

/** BPF_MODE(code) of load and store classes. */
export function insnMode(insn: Insn): number {
  return insn.opcode & 0xe0;
}

const SIZE_BYTES = [4, 2, 1, 8];

/** Bytes that a load, store or atomic instruction accesses: 1, 2, 4 or 8. */
export function memSizeBytes(insn: Insn): number {
  return SIZE_BYTES[(insn.opcode >> 3) & 3];
}

export function isAluClass(insn: Insn): boolean {
  const cls = insn.opcode & 0x07;
  return cls === BPF_CLASS.ALU || cls === BPF_CLASS.ALU64;
}

export function isJmpClass(insn: Insn): boolean {
  const cls = insn.opcode & 0x07;
  return cls === BPF_CLASS.JMP || cls === BPF_CLASS.JMP32;
}

/** First slot of a 64-bit immediate load, which takes two slots. */
export function isLdImm64(insn: Insn): boolean {
  return insn.opcode === OP_LD_IMM64;
}

/** Slots the instruction takes: 2 for a 64-bit immediate load, else 1. */
export function insnSlots(insn: Insn): number {
  return insn.opcode === OP_LD_IMM64 ? 2 : 1;
}

export function isHelperCall(insn: Insn): boolean {
  return insn.opcode === OP_CALL && insn.src === BPF_PSEUDO_CALLEE.HELPER;
}

/** BPF_PSEUDO_CALL: calls the subprogram at `slot + 1 + imm`. */
export function isSubprogCall(insn: Insn): boolean {
  return insn.opcode === OP_CALL && insn.src === BPF_PSEUDO_CALLEE.SUBPROG;
}

export function isKfuncCall(insn: Insn): boolean {
  return insn.opcode === OP_CALL && insn.src === BPF_PSEUDO_CALLEE.KFUNC;
}

/** `may_goto`; other conditional jumps of its opcode are invalid. */
export function isMayGoto(insn: Insn): boolean {
  return insn.opcode === OP_MAY_GOTO && insn.src === 0;
}

/** Any atomic read-modify-write, load-acquire or store-release. */
export function isAtomic(insn: Insn): boolean {
  return insnClass(insn) === BPF_CLASS.STX && insnMode(insn) === BPF_MODE.ATOMIC;
}

/** The 64 bits of a 64-bit immediate load, unsigned. @param high its second slot */
export function ldImm64Value(low: Insn, high: Insn): bigint {
  return (BigInt(high.imm >>> 0) << 32n) | BigInt(low.imm >>> 0);
}
