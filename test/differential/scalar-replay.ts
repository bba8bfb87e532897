/**
 * Follows the kernel's verifier log of a {@link scalarProgram} instruction by instruction, computes each abstract value
 * with our scalar domain, and compares the prints.
 */
import {
  BPF_ALU_OP,
  BPF_CLASS,
  BPF_MODE,
  type Insn,
  insnClass,
  insnMode,
  insnOp,
  isAluClass,
  isJmpClass,
  isLdImm64,
  isRegOperand,
  ldImm64Value,
  memSizeBytes,
} from '@probed/isa';
import {
  adjustScalarMinMaxVals,
  coerceRegToSizeSx,
  coerceSubregToSizeSx,
  isScalarBranchTaken,
  loadedScalar,
  maybeForkScalars,
  printScalar,
  regSetMinMax,
  type ScalarState,
  scalarByteSwap,
  scalarConst,
  UNKNOWN,
  zext32To64,
} from '../../libs/bpf/verifier/scalar';

type Regs = (ScalarState | undefined)[];

const STEP = /^(\d+): \([0-9a-f]{2}\) (?:[^;]*)(?:; (.*))?$/;
const BRANCH = /^from (\d+) to (\d+): (.*)$/;
const REGISTER = /R(\d+)=(P?(?:0x[0-9a-f]+|-?\d+)|P?scalar\((?:[^()]|\([^()]*\))*\))/g;

function printed(text: string): Map<number, string> {
  const regs = new Map<number, string>();
  for (const [, reg, value] of text.matchAll(REGISTER)) {
    regs.set(Number(reg), value.replace(/^P/, '').replace(/id=\d+([+-]\d+)?,?/, ''));
  }
  return regs;
}

function moved(insn: Insn, src: ScalarState): ScalarState {
  const bytes = insn.off / 8;
  if (insnClass(insn) === BPF_CLASS.ALU64) return bytes ? coerceRegToSizeSx(src, bytes) : src;
  return bytes ? coerceSubregToSizeSx(src, bytes) : zext32To64(src);
}

function operand(insn: Insn, regs: Regs): ScalarState {
  return isRegOperand(insn) ? (regs[insn.src] ?? UNKNOWN) : scalarConst(BigInt(insn.imm));
}

function computed(insn: Insn, regs: Regs): ScalarState {
  const op = insnOp(insn);
  const alu32 = insnClass(insn) === BPF_CLASS.ALU;
  if (op === BPF_ALU_OP.END) {
    const isSwapped = !alu32 || isRegOperand(insn);
    return scalarByteSwap(regs[insn.dst]!, insn.imm, isSwapped);
  }
  if (op === BPF_ALU_OP.MOV && isRegOperand(insn)) return moved(insn, regs[insn.src]!);
  if (op === BPF_ALU_OP.MOV) return scalarConst(alu32 ? BigInt(insn.imm >>> 0) : BigInt(insn.imm));
  return adjustScalarMinMaxVals(op, alu32, regs[insn.dst]!, operand(insn, regs));
}

/** What the log says and what the domain says, at the first place where they differ. */
export interface Difference {
  readonly at: number;
  readonly what: string;
  readonly kernel: string;
  readonly ours: string;
  readonly before: string;
}

class Replay {
  private regs: Regs = new Array(11).fill(undefined);
  private readonly pending: { from: number; to: number; regs: Regs }[] = [];
  private expectedNext = 0;

  constructor(
    private readonly insns: readonly Insn[],
    private readonly lines: readonly string[],
  ) {}

  run(): Difference | undefined {
    for (const line of this.lines) {
      const branch = BRANCH.exec(line);
      const step = STEP.exec(line);
      const difference = branch
        ? this.resume(Number(branch[1]), Number(branch[2]), branch[3])
        : step
          ? this.step(Number(step[1]), step[2] ?? '')
          : undefined;
      if (difference) return difference;
    }
    const left = this.pending.pop();
    return left && this.differ(left.from, 'branch', 'decided: fall through', 'not decided', '');
  }

  private differ(at: number, what: string, kernel: string, ours: string, before: string): Difference {
    return { at, what, kernel, ours, before };
  }

  private compare(at: number, text: string, before: string): Difference | undefined {
    for (const [reg, kernel] of printed(text)) {
      const state = this.regs[reg];
      const ours = state ? printScalar(state) : 'not a scalar';
      if (ours !== kernel) return this.differ(at, `R${reg}`, kernel, ours, before);
    }
    return undefined;
  }

  private resume(from: number, to: number, text: string): Difference | undefined {
    const top = this.pending.pop();
    if (top?.from !== from || top.to !== to) {
      const ours = top ? `from ${top.from} to ${top.to}` : 'decided';
      return this.differ(from, 'branch', `from ${from} to ${to}`, ours, '');
    }
    this.regs = top.regs;
    this.expectedNext = to;
    return this.compare(from, text, 'taken side');
  }

  private before(insn: Insn): string {
    const show = (reg: number) => (this.regs[reg] ? `R${reg}=${printScalar(this.regs[reg])}` : '');
    return `${show(insn.dst)} ${isRegOperand(insn) ? show(insn.src) : `imm=${insn.imm}`}`;
  }

  private step(at: number, text: string): Difference | undefined {
    if (at !== this.expectedNext) {
      return this.differ(this.expectedNext, 'path', `at ${at}`, `at ${this.expectedNext}`, '');
    }
    const insn = this.insns[at];
    const before = this.before(insn);
    this.expectedNext = at + (isLdImm64(insn) ? 2 : 1);
    if (isLdImm64(insn)) {
      if (insn.src === 0) this.regs[insn.dst] = scalarConst(ldImm64Value(insn, this.insns[at + 1]));
    } else if (insnClass(insn) === BPF_CLASS.LDX) {
      this.regs[insn.dst] = loadedScalar(memSizeBytes(insn), insnMode(insn) === BPF_MODE.MEMSX);
    } else if (isAluClass(insn)) this.arithmetic(at, insn);
    else if (isJmpClass(insn) && insnOp(insn) !== 0x90) this.jump(at, insn);
    return this.compare(at, text, before);
  }

  private arithmetic(at: number, insn: Insn): void {
    const forked = maybeForkScalars(insnOp(insn), this.regs[insn.dst]!, operand(insn, this.regs));
    if (forked) {
      const aside = [...this.regs];
      aside[insn.dst] = forked.zero;
      this.pending.push({ from: at, to: at, regs: aside });
      this.regs[insn.dst] = forked.minusOne;
    }
    this.regs[insn.dst] = computed(insn, this.regs);
  }

  private jump(at: number, insn: Insn): void {
    const dst = this.regs[insn.dst]!;
    const src = operand(insn, this.regs);
    const jmp32 = insnClass(insn) === BPF_CLASS.JMP32;
    const decision = isScalarBranchTaken(dst, src, insnOp(insn), jmp32);
    const to = at + 1 + insn.off;
    if (decision === 1) this.expectedNext = to;
    if (decision >= 0) return;
    const isSameReg = isRegOperand(insn) && insn.dst === insn.src;
    const sides = regSetMinMax(dst, src, insnOp(insn), jmp32, isSameReg);
    const taken = [...this.regs];
    taken[insn.dst] = sides.takenDst;
    this.regs[insn.dst] = sides.fallDst;
    if (isRegOperand(insn)) {
      taken[insn.src] = sides.takenSrc;
      this.regs[insn.src] = sides.fallSrc;
    }
    this.pending.push({ from: at, to, regs: taken });
  }
}

/** @param log of level 2 */
export function replayScalars(insns: readonly Insn[], log: string): Difference | undefined {
  return new Replay(insns, log.split('\n')).run();
}
