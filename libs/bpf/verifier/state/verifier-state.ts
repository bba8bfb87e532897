import { type FuncState, SlotType } from './func-state';
import type { RegState } from './reg-state';

/** `enum ref_state_type`: what an acquired reference is. */
export enum RefType {
  PTR = 1 << 1,
  /** Interrupts are off since `bpf_local_irq_save` or an `irqsave` lock. */
  IRQ = 1 << 2,
  LOCK = 1 << 3,
  RES_LOCK = 1 << 4,
  RES_LOCK_IRQ = 1 << 5,
}

/** All kinds of locks (`REF_TYPE_LOCK_MASK`). */
export const LOCK_MASK = RefType.LOCK | RefType.RES_LOCK | RefType.RES_LOCK_IRQ;

/** `struct bpf_reference_state`. */
export interface Reference {
  readonly type: RefType;
  readonly id: number;
  /** Slot of the acquiring instruction. */
  readonly insn: number;
  /** Locks: what holds the lock (a map, or a BTF object). */
  readonly ptr?: unknown;
}

/** Flags of {@link JmpHistoryEntry}: the instruction spills or fills a register of the stack. */
export const INSN_F_STACK_ACCESS = 1;
/** A conditional jump whose destination or source register is a stack pointer. */
export const INSN_F_DST_REG_STACK = 2;
export const INSN_F_SRC_REG_STACK = 4;

/** `struct bpf_jmp_history_entry`. */
export interface JmpHistoryEntry {
  readonly idx: number;
  readonly prevIdx: number;
  flags: number;
  /** Frame and slot of the stack access. */
  frame: number;
  spi: number;
  /** Scalars linked by id at a conditional jump. */
  linked: readonly LinkedReg[] | undefined;
}

/** `struct linked_reg`: a register or a stack slot of some frame. */
export interface LinkedReg {
  readonly frame: number;
  readonly isReg: boolean;
  /** Register number or stack slot. */
  readonly index: number;
}

/** Number of spin locks, RCU and preempt regions and the like held, and the references acquired. */
class RefSet {
  items: Reference[] = [];
  activeLocks = 0;
  activeLockId = 0;
  activeLockPtr: unknown = undefined;
  activePreemptLocks = 0;
  activeRcuLocks = 0;
  /** Id of the innermost IRQ reference, 0 while interrupts are on. */
  activeIrqId = 0;

  clone(): RefSet {
    const copy = new RefSet();
    copy.items = this.items.slice();
    copy.activeLocks = this.activeLocks;
    copy.activeLockId = this.activeLockId;
    copy.activeLockPtr = this.activeLockPtr;
    copy.activePreemptLocks = this.activePreemptLocks;
    copy.activeRcuLocks = this.activeRcuLocks;
    copy.activeIrqId = this.activeIrqId;
    return copy;
  }
}

/** One point of the walk: all frames, references and the way that led here (`struct bpf_verifier_state`). */
export class VerifierState {
  frame: FuncState[] = [];
  refs = new RefSet();
  speculative = false;
  inSleepable = false;
  /** Paths that started here and are not finished yet. */
  branches = 0;
  insnIdx = 0;
  cleaned = false;
  /** Dropped from the list of kept states. */
  evicted = false;
  parent: VerifierState | undefined = undefined;
  /** The explored state that made this one stop, for back edges of loops. */
  equalState: VerifierState | undefined = undefined;
  firstInsnIdx = 0;
  lastInsnIdx = 0;
  dfsDepth = 0;
  callbackUnrollDepth = 0;
  mayGotoDepth = 0;
  jmpHistory: JmpHistoryEntry[] = [];

  get curframe(): number {
    return this.frame.length - 1;
  }

  get curFunc(): FuncState {
    return this.frame[this.frame.length - 1];
  }

  /** `copy_verifier_state`: everything but the jump history, which belongs to the path. */
  copyFrom(src: VerifierState): void {
    this.frame = src.frame.map((f) => f.clone());
    this.refs = src.refs.clone();
    this.speculative = src.speculative;
    this.inSleepable = src.inSleepable;
    this.branches = src.branches;
    this.parent = src.parent;
    this.firstInsnIdx = src.firstInsnIdx;
    this.lastInsnIdx = src.lastInsnIdx;
    this.dfsDepth = src.dfsDepth;
    this.callbackUnrollDepth = src.callbackUnrollDepth;
    this.mayGotoDepth = src.mayGotoDepth;
    this.equalState = src.equalState;
    this.jmpHistory = src.jmpHistory.slice();
  }

  /** Runs `visit` over every register and every spilled register (`bpf_for_each_reg_in_vstate`). */
  forEachReg(visit: (reg: RegState, func: FuncState) => void): void {
    for (const func of this.frame) {
      for (const reg of func.regs) visit(reg, func);
      for (let spi = 0; spi < func.spilled.length; spi++)
        if (func.slotType[spi * 8 + 7] === SlotType.SPILL) visit(func.spilled[spi], func);
    }
  }

  /** {@link forEachReg}, and the slots of iterators. */
  forEachRegAndIter(visit: (reg: RegState, func: FuncState) => void): void {
    this.forEachReg(visit);
    for (const func of this.frame)
      for (let spi = 0; spi < func.spilled.length; spi++)
        if (func.slotType[spi * 8 + 7] === SlotType.ITER) visit(func.spilled[spi], func);
  }
}
