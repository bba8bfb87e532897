import { assert, diagnostic, err, ok, type Result } from '@probed/base';
import type { Insn } from '../insn';
import {
  BPF_ALU_OP,
  BPF_CLASS,
  BPF_JMP_OP,
  BPF_MODE,
  BPF_REG_FP,
  BPF_SIZE,
  BPF_SRC,
  OP_CALL,
  OP_EXIT,
  OP_JA,
} from '../opcode';
import { type Ancillary, ancillaryOf } from './ancillary';
import { type ClassicFlavour, checkClassic, SECCOMP_DATA_BYTES } from './check';
import { CLASSIC_MEM_WORDS, type ClassicInsn } from './insn';
import { type ClassicCondition, type ClassicSemantics, classicSemantics } from './table';

/** Registers of converted filters (net/core/filter.c: BPF_REG_A, BPF_REG_X, BPF_REG_TMP, BPF_REG_CTX). */
const A = 0;
const X = 7;
const TMP = 2;
const CTX = 6;

/** Fields of `struct __sk_buff` (include/uapi/linux/bpf.h): offset, and whether it is in network order. */
const SK_BUFF: Partial<Record<Ancillary | 'len', { readonly offset: number; readonly network?: true }>> = {
  len: { offset: 0 },
  type: { offset: 4 },
  mark: { offset: 8 },
  queue: { offset: 12 },
  proto: { offset: 16, network: true },
  vlanp: { offset: 20 },
  vlan_tci: { offset: 24 },
  vlan_tpid: { offset: 28, network: true },
  ifidx: { offset: 40 },
  rxhash: { offset: 68 },
};

/** Helpers that answer an ancillary load: bpf_get_smp_processor_id, bpf_get_prandom_u32. */
const HELPER: Partial<Record<Ancillary, number>> = { cpu: 8, random: 7 };

/** A jump's target by index of the classic instruction, until all are placed. */
interface Emitted {
  readonly insn: Insn;
  readonly target?: number;
}

/**
 * Translates a classic filter to eBPF as the kernel does at attach time (net/core/filter.c: bpf_convert_filter), with
 * the context that programs see: `struct __sk_buff`, or `struct seccomp_data`. Packet loads become BPF_ABS and BPF_IND.
 *
 * Errors: those of {@link checkClassic}; `not-supported` for ancillary loads that no eBPF program can express.
 */
export function convertClassic(
  insns: readonly ClassicInsn[],
  flavour: ClassicFlavour = 'socket',
): Result<Insn[]> {
  const checked = checkClassic(insns, flavour);
  if (!checked.ok) return checked;
  const lost = insns.findIndex((insn) => flavour === 'socket' && !canExpress(insn));
  if (lost >= 0) {
    const what = ancillaryOf(insns[lost].k)!;
    return err(
      diagnostic('not-supported', `the ancillary load [${what}] has no counterpart in eBPF`, {
        where: `instruction ${lost}`,
        errno: 95,
      }),
    );
  }
  return ok(new Converter(insns, flavour).convert());
}

function canExpress({ code, k }: ClassicInsn): boolean {
  const semantics = classicSemantics(code);
  if (semantics?.kind !== 'load' || semantics.mode !== 'abs') return true;
  const what = ancillaryOf(k);
  return what === undefined || what === 'xor_x' || what in HELPER || what in SK_BUFF;
}

class Converter {
  private readonly out: Emitted[] = [];
  /** Slot at which each classic instruction begins. */
  private readonly starts: number[] = [];

  constructor(
    private readonly insns: readonly ClassicInsn[],
    readonly flavour: ClassicFlavour,
  ) {}

  convert(): Insn[] {
    this.alu32(BPF_ALU_OP.XOR, A, A);
    this.alu32(BPF_ALU_OP.XOR, X, X);
    this.mov(CTX, 1);
    this.insns.forEach((insn, index) => {
      this.starts.push(this.out.length);
      const semantics = classicSemantics(insn.code)!;
      (CONVERT[semantics.kind] as Convert<ClassicSemantics['kind']>)(this, insn, semantics, index);
    });
    return this.out.map(({ insn, target }, slot) => {
      if (target === undefined) return insn;
      const off = this.starts[target] - slot - 1;
      assert(off >= 0 && off < 0x8000, `jump of ${off} from ${slot}`);
      return { ...insn, off };
    });
  }

  emit(opcode: number, fields: Partial<Insn> = {}, target?: number): void {
    this.out.push({ insn: { opcode, dst: 0, src: 0, off: 0, imm: 0, ...fields }, target });
  }

  /** dst = src, all 64 bits. */
  mov(dst: number, src: number): void {
    this.emit(BPF_CLASS.ALU64 | BPF_ALU_OP.MOV | BPF_SRC.X, { dst, src });
  }

  alu32(op: number, dst: number, src: number): void {
    this.emit(BPF_CLASS.ALU | op | BPF_SRC.X, { dst, src });
  }

  alu32Imm(op: number, dst: number, imm: number): void {
    this.emit(BPF_CLASS.ALU | op | BPF_SRC.K, { dst, imm: imm | 0 });
  }

  loadField(dst: number, offset: number): void {
    this.emit(BPF_CLASS.LDX | BPF_MODE.MEM | BPF_SIZE.W, { dst, src: CTX, off: offset });
  }

  /** Ends with 0 when X is 0. */
  guardDivisor(): void {
    this.emit(BPF_CLASS.JMP | BPF_JMP_OP.JNE | BPF_SRC.K, { dst: X, off: 2 });
    this.alu32(BPF_ALU_OP.XOR, A, A);
    this.emit(OP_EXIT);
  }
}

type Convert<K extends ClassicSemantics['kind']> = (
  c: Converter,
  insn: ClassicInsn,
  semantics: Extract<ClassicSemantics, { kind: K }>,
  index: number,
) => void;

const REGISTER = { a: A, x: X } as const;
const SIZE = { 1: BPF_SIZE.B, 2: BPF_SIZE.H, 4: BPF_SIZE.W } as const;

/** Place of a word of scratch memory, from the frame pointer. */
function memOffset(k: number): number {
  return -(CLASSIC_MEM_WORDS - k) * 4;
}

const CONVERT: { readonly [K in ClassicSemantics['kind']]: Convert<K> } = {
  load: (c, { k }, { mode, bytes }) => {
    const what = mode === 'abs' ? ancillaryOf(k) : undefined;
    if (c.flavour === 'seccomp') c.loadField(A, k);
    else if (what) convertAncillary(c, what);
    else if (mode === 'abs') c.emit(BPF_CLASS.LD | BPF_MODE.ABS | SIZE[bytes], { imm: k | 0 });
    else c.emit(BPF_CLASS.LD | BPF_MODE.IND | SIZE[bytes], { src: X, imm: k | 0 });
  },
  imm: (c, { k }, { to }) => c.alu32Imm(BPF_ALU_OP.MOV, REGISTER[to], k),
  mem: (c, { k }, { to }) =>
    c.emit(BPF_CLASS.LDX | BPF_MODE.MEM | BPF_SIZE.W, {
      dst: REGISTER[to],
      src: BPF_REG_FP,
      off: memOffset(k),
    }),
  len: (c, _insn, { to }) => {
    if (c.flavour === 'seccomp') c.alu32Imm(BPF_ALU_OP.MOV, REGISTER[to], SECCOMP_DATA_BYTES);
    else c.loadField(REGISTER[to], SK_BUFF.len!.offset);
  },
  // A packet load leaves r1–r5 undefined and takes A, which waits in X.
  msh: (c, { k }) => {
    c.mov(X, A);
    c.emit(BPF_CLASS.LD | BPF_MODE.ABS | BPF_SIZE.B, { imm: k | 0 });
    c.alu32Imm(BPF_ALU_OP.AND, A, 0xf);
    c.alu32Imm(BPF_ALU_OP.LSH, A, 2);
    c.mov(TMP, X);
    c.mov(X, A);
    c.mov(A, TMP);
  },
  store: (c, { k }, { from }) =>
    c.emit(BPF_CLASS.STX | BPF_MODE.MEM | BPF_SIZE.W, {
      dst: BPF_REG_FP,
      src: REGISTER[from],
      off: memOffset(k),
    }),
  alu: (c, { code, k }, { op, source }) => {
    if (source === 'k') {
      c.emit(code, { dst: A, imm: k | 0 });
      return;
    }
    if (op === 'div' || op === 'mod') c.guardDivisor();
    c.emit(code, { dst: A, src: X });
  },
  neg: (c) => c.alu32Imm(BPF_ALU_OP.NEG, A, 0),
  ja: (c, { k }, _semantics, index) => c.emit(OP_JA, {}, index + 1 + k),
  jump: convertJump,
  ret: (c, { k }, { from }) => {
    if (from === 'k') c.alu32Imm(BPF_ALU_OP.MOV, A, k);
    c.emit(OP_EXIT);
  },
  tax: (c) => c.mov(X, A),
  txa: (c) => c.mov(A, X),
};

const JUMP: Readonly<Record<ClassicCondition, { readonly op: number; readonly inverse?: number }>> = {
  jeq: { op: BPF_JMP_OP.JEQ, inverse: BPF_JMP_OP.JNE },
  jgt: { op: BPF_JMP_OP.JGT, inverse: BPF_JMP_OP.JLE },
  jge: { op: BPF_JMP_OP.JGE, inverse: BPF_JMP_OP.JLT },
  jset: { op: BPF_JMP_OP.JSET },
};

/** eBPF jumps in one direction only: the other one is a fall-through, an inverted condition, or a second jump. */
function convertJump(
  c: Converter,
  { jt, jf, k }: ClassicInsn,
  { condition, source }: Extract<ClassicSemantics, { kind: 'jump' }>,
  index: number,
): void {
  const { op, inverse } = JUMP[condition];
  // Immediates are sign-extended, while A has zeros above: large constants are compared from a register.
  const large = source === 'k' && k > 0x7fff_ffff;
  if (large) c.alu32Imm(BPF_ALU_OP.MOV, TMP, k);
  const inRegister = source === 'x' || large;
  const operand = inRegister ? { src: large ? TMP : X } : { imm: k };
  const bit = inRegister ? BPF_SRC.X : BPF_SRC.K;
  const jump = (code: number, target: number) =>
    c.emit(BPF_CLASS.JMP | code | bit, { dst: A, ...operand }, index + 1 + target);
  if (jf === 0) jump(op, jt);
  else if (jt === 0 && inverse !== undefined) jump(inverse, jf);
  else {
    jump(op, jt);
    c.emit(OP_JA, {}, index + 1 + jf);
  }
}

function convertAncillary(c: Converter, what: Ancillary): void {
  const helper = HELPER[what];
  if (what === 'xor_x') c.alu32(BPF_ALU_OP.XOR, A, X);
  else if (helper !== undefined) c.emit(OP_CALL, { imm: helper });
  else {
    const { offset, network } = SK_BUFF[what]!;
    c.loadField(A, offset);
    if (network) c.emit(BPF_CLASS.ALU | BPF_ALU_OP.END | BPF_SRC.X, { dst: A, imm: 16 });
  }
}
