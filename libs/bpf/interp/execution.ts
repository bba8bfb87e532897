import {
  type AtomicOp,
  BPF_REG_FP,
  type Insn,
  insnRow,
  MAX_BPF_REG,
  MAX_BPF_STACK,
  type MemBytes,
  type Operand,
  type Semantics,
} from '@probed/isa';
import { alu, reverseBytes, signExtend } from './arithmetic';
import { holds } from './conditions';
import { ExecutionFault } from './faults';

/** MAX_CALL_FRAMES (include/linux/bpf_verifier.h). */
export const MAX_CALL_FRAMES = 8;

/** Helper id of bpf_tail_call, which is an instruction of the machine (JMP_TAIL_CALL). */
export const TAIL_CALL = 12;

/** What an execution stands on. Words are unsigned 64-bit; memory is little endian. */
export interface Machine {
  /** Zero-extended. @throws MemoryFault */
  load(address: bigint, bytes: MemBytes, slot: number): bigint;
  /** Stores the low bytes of a value. @throws MemoryFault */
  store(address: bigint, bytes: MemBytes, value: bigint, slot: number): void;
  /** What a 64-bit immediate load puts into its register. @param high the second slot, if the code has one */
  immediate(insn: Insn, high: Insn | undefined, slot: number): bigint;
  /** Calls the helper with r1–r5 of the execution. @returns r0 */
  callHelper(id: number, slot: number, caller: Execution): bigint;
  /** Calls the kernel function named at a slot with r1–r5 of the execution. @returns r0 */
  callKfunc?(slot: number, caller: Execution): bigint;
  /** bpf_tail_call with r1–r3 of the execution. @returns r0 of the target, undefined when it falls through */
  tailCall?(caller: Execution): bigint | undefined;
  /**
   * Bytes of the packet in host order, for a context in r6. @param offset signed 32-bit
   * @returns undefined when they are not all there
   */
  loadPacket?(caller: Execution, offset: number, bytes: number): bigint | undefined;
  /** Charges a jump backwards or to itself. @throws BudgetExceeded */
  backEdge(): void;
  /** Takes one iteration off what `may_goto` allows; false when none is left. */
  mayGoOn(): boolean;
  /** Told the outcome of each conditional jump. */
  branched?(slot: number, taken: boolean): void;
  /** Called before each instruction. */
  readonly observe?: StepObserver;
}

/**
 * Sees each instruction before it runs.
 * @param slot of the instruction
 * @param registers r0–r10, unsigned; the live array: copy what is to be kept
 * @param depth call depth, 0 in the main program
 */
export type StepObserver = (slot: number, registers: BigUint64Array, depth: number) => void;

/** What a call sets aside. */
interface SavedFrame {
  readonly returnSlot: number;
  readonly r6: bigint;
  readonly r7: bigint;
  readonly r8: bigint;
  readonly r9: bigint;
}

/** Code with each slot's meaning looked up once. */
export class DecodedProgram {
  readonly semantics: readonly (Semantics | undefined)[];

  constructor(readonly insns: readonly Insn[]) {
    this.semantics = insns.map((insn) => insnRow(insn)?.semantics);
  }
}

type Handler<K extends Semantics['kind']> = (
  execution: Execution,
  insn: Insn,
  semantics: Extract<Semantics, { kind: K }>,
) => void;

/** One activation of a program, or of a callback of it, with its registers and call frames. */
export class Execution {
  readonly regs = new BigUint64Array(MAX_BPF_REG);
  /** Slot of the next instruction. */
  pc = 0;
  private returned = false;
  private readonly frames: SavedFrame[] = [];

  /**
   * @param depth call depth of the first frame
   * @param fp its frame pointer
   */
  constructor(
    readonly program: DecodedProgram,
    readonly machine: Machine,
    readonly depth: number,
    fp: bigint,
  ) {
    this.regs[BPF_REG_FP] = fp;
  }

  /** Runs from a slot until the frame it began in returns. @returns r0 */
  run(start: number): bigint {
    this.pc = start;
    while (!this.returned) this.step();
    return this.regs[0];
  }

  /** Runs a subprogram in the frame below the current one, as a helper does with its callback. @returns its r0 */
  invoke(start: number, args: readonly bigint[]): bigint {
    const depth = this.depth + this.frames.length + 1;
    if (depth >= MAX_CALL_FRAMES)
      throw new ExecutionFault(this.pc, `more than ${MAX_CALL_FRAMES} call frames`);
    const callee = new Execution(
      this.program,
      this.machine,
      depth,
      this.regs[BPF_REG_FP] - BigInt(MAX_BPF_STACK),
    );
    args.forEach((value, i) => {
      callee.regs[i + 1] = value;
    });
    return callee.run(start);
  }

  /** Executes the instruction at `pc`. */
  private step(): void {
    const { pc, machine } = this;
    const semantics = this.program.semantics[pc];
    if (!semantics) throw new ExecutionFault(pc, 'no instruction');
    machine.observe?.(pc, this.regs, this.depth + this.frames.length);
    const insn = this.program.insns[pc];
    const highest = Math.max(insn.dst, insn.src);
    if (highest >= MAX_BPF_REG) throw new ExecutionFault(pc, `no register r${highest}`);
    this.pc = pc + 1;
    (HANDLERS[semantics.kind] as Handler<Semantics['kind']>)(this, insn, semantics);
  }

  operand(insn: Insn, operand: Operand): bigint {
    return operand === 'imm' ? BigInt(insn.imm) : this.regs[insn.src];
  }

  address(register: number, insn: Insn): bigint {
    return BigInt.asUintN(64, this.regs[register] + BigInt(insn.off));
  }

  /** Slot of the instruction in progress. */
  get slot(): number {
    return this.pc - 1;
  }

  jump(delta: number): void {
    if (delta < 0) this.machine.backEdge();
    this.pc += delta;
  }

  call(delta: number): void {
    const { regs } = this;
    if (this.depth + this.frames.length + 1 >= MAX_CALL_FRAMES)
      throw new ExecutionFault(this.slot, `more than ${MAX_CALL_FRAMES} call frames`);
    this.frames.push({ returnSlot: this.pc, r6: regs[6], r7: regs[7], r8: regs[8], r9: regs[9] });
    regs[BPF_REG_FP] -= BigInt(MAX_BPF_STACK);
    this.jump(delta);
  }

  /** The target's result is that of the function which called it; without one the call falls through. */
  tailCall(result: bigint | undefined): void {
    if (result === undefined) return;
    this.regs[0] = result;
    this.exit();
  }

  exit(): void {
    const frame = this.frames.pop();
    if (!frame) {
      this.returned = true;
      return;
    }
    const { regs } = this;
    regs[6] = frame.r6;
    regs[7] = frame.r7;
    regs[8] = frame.r8;
    regs[9] = frame.r9;
    regs[BPF_REG_FP] += BigInt(MAX_BPF_STACK);
    this.pc = frame.returnSlot;
  }
}

const HANDLERS: { readonly [K in Semantics['kind']]: Handler<K> } = {
  alu: (x, insn, { op, bits, operand }) => {
    x.regs[insn.dst] = alu(op, x.regs[insn.dst], x.operand(insn, operand), bits);
  },
  neg: (x, insn, { bits }) => {
    x.regs[insn.dst] = alu('sub', 0n, x.regs[insn.dst], bits);
  },
  movsx: (x, insn, { from, bits }) => {
    x.regs[insn.dst] = signExtend(x.regs[insn.src], from, bits);
  },
  endian: (x, insn, { order, bits }) => {
    const value = x.regs[insn.dst];
    x.regs[insn.dst] = order === 'le' ? BigInt.asUintN(bits, value) : reverseBytes(value, bits);
  },
  ld_imm64: (x, insn) => {
    x.regs[insn.dst] = x.machine.immediate(insn, x.program.insns[x.pc], x.slot);
    x.pc++;
  },
  load: (x, insn, { bytes, signed }) => {
    const value = x.machine.load(x.address(insn.src, insn), bytes, x.slot);
    x.regs[insn.dst] = signed ? signExtend(value, bytes * 8, 64) : value;
  },
  store: (x, insn, { bytes, operand }) => {
    x.machine.store(x.address(insn.dst, insn), bytes, x.operand(insn, operand), x.slot);
  },
  atomic: (x, insn, { op, fetch, bytes }) => readModifyWrite(x, insn, op, fetch, bytes),
  load_acquire: (x, insn, { bytes }) => {
    x.regs[insn.dst] = x.machine.load(x.address(insn.src, insn), bytes, x.slot);
  },
  store_release: (x, insn, { bytes }) => {
    x.machine.store(x.address(insn.dst, insn), bytes, x.regs[insn.src], x.slot);
  },
  jump: (x, insn, { long }) => x.jump(long ? insn.imm : insn.off),
  branch: (x, insn, { cond, bits, operand }) => {
    const taken = holds(cond, x.regs[insn.dst], x.operand(insn, operand), bits);
    x.machine.branched?.(x.slot, taken);
    if (taken) x.jump(insn.off);
  },
  may_goto: (x, insn) => {
    if (!x.machine.mayGoOn()) x.jump(insn.off);
  },
  call: (x, insn, { callee }) => {
    if (callee === 'subprog') x.call(insn.imm);
    else if (callee === 'kfunc') x.regs[0] = callKfunc(x, insn);
    else if (insn.imm === TAIL_CALL && x.machine.tailCall) x.tailCall(x.machine.tailCall(x));
    else x.regs[0] = x.machine.callHelper(insn.imm, x.slot, x);
  },
  callx: (x, insn) => {
    x.regs[0] = x.machine.callHelper(Number(BigInt.asIntN(32, x.regs[insn.dst])), x.slot, x);
  },
  exit: (x) => x.exit(),
  packet: (x, insn, { mode, bytes }) => {
    if (!x.machine.loadPacket) throw new ExecutionFault(x.slot, 'there is no packet (BPF_ABS, BPF_IND)');
    const offset = mode === 'ind' ? x.regs[insn.src] + BigInt(insn.imm) : BigInt(insn.imm);
    const value = x.machine.loadPacket(x, Number(BigInt.asIntN(32, offset)), bytes);
    x.regs[0] = value ?? 0n;
    if (value === undefined) x.exit();
  },
  addr_space_cast: (x) => {
    throw new ExecutionFault(x.slot, 'addr_space_cast needs an arena map, which is not supported');
  },
};

function callKfunc(x: Execution, insn: Insn): bigint {
  if (x.machine.callKfunc) return x.machine.callKfunc(x.slot, x);
  throw new ExecutionFault(x.slot, `call of kernel function ${insn.imm} is not supported`);
}

/** What is stored, from the old value and src. */
const COMBINE: Readonly<Record<Exclude<AtomicOp, 'cmpxchg'>, (old: bigint, src: bigint) => bigint>> = {
  add: (old, src) => old + src,
  or: (old, src) => old | src,
  and: (old, src) => old & src,
  xor: (old, src) => old ^ src,
  xchg: (_old, src) => src,
};

function readModifyWrite(x: Execution, insn: Insn, op: AtomicOp, fetch: boolean, bytes: 4 | 8): void {
  const address = x.address(insn.dst, insn);
  const old = x.machine.load(address, bytes, x.slot);
  const src = x.regs[insn.src];
  if (op === 'cmpxchg') {
    if (old === BigInt.asUintN(bytes * 8, x.regs[0])) x.machine.store(address, bytes, src, x.slot);
    x.regs[0] = old;
    return;
  }
  x.machine.store(address, bytes, COMBINE[op](old, src), x.slot);
  if (fetch) x.regs[insn.src] = old;
}
