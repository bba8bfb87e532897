/** Small instructions by their usual names, and a list of them with jumps that are filled in later. */
import {
  BPF_ALU_OP,
  BPF_CLASS,
  BPF_MODE,
  BPF_PSEUDO_CALLEE,
  BPF_PSEUDO_LD,
  BPF_SRC,
  type Insn,
  OP_CALL,
  OP_EXIT,
  OP_JA,
  OP_JA32,
  OP_LD_IMM64,
} from '@probed/isa';

export const insn = (opcode: number, dst: number, src: number, off: number, imm: number): Insn => ({
  opcode,
  dst,
  src,
  off,
  imm,
});

export const movReg = (dst: number, src: number) =>
  insn(BPF_CLASS.ALU64 | BPF_ALU_OP.MOV | BPF_SRC.X, dst, src, 0, 0);
export const movImm = (dst: number, imm: number) =>
  insn(BPF_CLASS.ALU64 | BPF_ALU_OP.MOV | BPF_SRC.K, dst, 0, 0, imm);
export const aluReg = (op: number, dst: number, src: number) =>
  insn(BPF_CLASS.ALU64 | op | BPF_SRC.X, dst, src, 0, 0);
export const aluImm = (op: number, dst: number, imm: number) =>
  insn(BPF_CLASS.ALU64 | op | BPF_SRC.K, dst, 0, 0, imm);
export const load = (size: number, dst: number, base: number, off: number) =>
  insn(BPF_CLASS.LDX | BPF_MODE.MEM | size, dst, base, off, 0);
export const loadSigned = (size: number, dst: number, base: number, off: number) =>
  insn(BPF_CLASS.LDX | BPF_MODE.MEMSX | size, dst, base, off, 0);
export const store = (size: number, base: number, off: number, src: number) =>
  insn(BPF_CLASS.STX | BPF_MODE.MEM | size, base, src, off, 0);
export const storeImm = (size: number, base: number, off: number, imm: number) =>
  insn(BPF_CLASS.ST | BPF_MODE.MEM | size, base, 0, off, imm);
export const atomic = (size: number, base: number, off: number, src: number, op: number) =>
  insn(BPF_CLASS.STX | BPF_MODE.ATOMIC | size, base, src, off, op);
export const callHelper = (id: number) => insn(OP_CALL, 0, BPF_PSEUDO_CALLEE.HELPER, 0, id);
export const exit = () => insn(OP_EXIT, 0, 0, 0, 0);
export const ldImm64 = (dst: number, low: number, high: number) => [
  insn(OP_LD_IMM64, dst, BPF_PSEUDO_LD.NONE, 0, low),
  insn(0, 0, 0, 0, high),
];
/** The map itself. */
export const ldMap = (dst: number, map: number) => [
  insn(OP_LD_IMM64, dst, BPF_PSEUDO_LD.MAP_FD, 0, map),
  insn(0, 0, 0, 0, 0),
];
/** Its value of entry 0, `off` bytes in. */
export const ldMapValue = (dst: number, map: number, off: number) => [
  insn(OP_LD_IMM64, dst, BPF_PSEUDO_LD.MAP_VALUE, 0, map),
  insn(0, 0, 0, 0, off),
];

export class Emitter {
  readonly insns: Insn[] = [];

  emit(...insns: Insn[]): void {
    this.insns.push(...insns);
  }

  /** Emits a jump whose target is filled in by {@link land}. */
  jump(jump: Insn = insn(OP_JA, 0, 0, 0, 0)): number {
    this.insns.push(jump);
    return this.insns.length - 1;
  }

  /** Makes a jump go here. */
  land(at: number): void {
    const slots = this.insns.length - at - 1;
    if (this.insns[at].opcode === OP_JA32) this.insns[at].imm = slots;
    else this.insns[at].off = slots;
  }

  /** Emits a jump back to a slot. */
  jumpBack(jump: Insn, to: number): void {
    this.insns.push({ ...jump, off: to - this.insns.length - 1 });
  }
}
