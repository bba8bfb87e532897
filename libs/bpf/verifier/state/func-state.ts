import { RegState } from './reg-state';

/** Registers R0..R10. */
export const MAX_BPF_REG = 11;
const BPF_REG_SIZE = 8;

/** `enum bpf_stack_slot_type`, one a byte. */
export enum SlotType {
  INVALID = 0,
  SPILL,
  MISC,
  ZERO,
  DYNPTR,
  ITER,
  IRQ_FLAG,
}

/** Registers and stack of one frame (`struct bpf_func_state`). */
export class FuncState {
  readonly regs: RegState[] = [];
  /** Slot types, byte `i` of slot `spi` (fp-8·(spi+1)) at `spi*8 + i`; byte 7 is the lowest address, the first of a spilled register. */
  slotType = new Uint8Array(0);
  /** Spilled register of each slot; meaningless unless the slot says SPILL or DYNPTR. */
  spilled: RegState[] = [];
  inCallbackFn = false;
  inAsyncCallbackFn = false;
  /** The function that runs when the program throws. */
  inExceptionCallbackFn = false;
  /** Tells apart entries into one asynchronous callback. */
  asyncEntryCnt = 0;
  callbackDepth = 0;
  /** Values R0 may have when a callback returns; undefined when any. */
  callbackRetRange: { readonly min: number; readonly max: number } | undefined = undefined;

  constructor(
    /** Slot of the call, -1 for the outermost frame. */
    readonly callsite: number,
    readonly frameno: number,
    readonly subprogno: number,
  ) {}

  static initial(callsite: number, frameno: number, subprogno: number): FuncState {
    const func = new FuncState(callsite, frameno, subprogno);
    for (let i = 0; i < MAX_BPF_REG; i++) func.regs.push(new RegState());
    return func;
  }

  /** Bytes of stack with a state; a multiple of 8. */
  get allocatedStack(): number {
    return this.slotType.length;
  }

  get slots(): number {
    return this.spilled.length;
  }

  /** `grow_stack_state`: makes room for `bytes` of stack. */
  growStack(bytes: number): void {
    const size = (bytes + BPF_REG_SIZE - 1) & ~(BPF_REG_SIZE - 1);
    if (size <= this.slotType.length) return;
    const grown = new Uint8Array(size);
    grown.set(this.slotType);
    this.slotType = grown;
    while (this.spilled.length < size / BPF_REG_SIZE) this.spilled.push(new RegState());
  }

  /** True when the slot holds a whole or partial spilled register (`is_spilled_reg`). */
  isSpilled(spi: number): boolean {
    return this.slotType[spi * 8 + 7] === SlotType.SPILL;
  }

  /** True when all eight bytes belong to the spill. */
  isFullSpill(spi: number): boolean {
    return this.slotType[spi * 8] === SlotType.SPILL;
  }

  clone(): FuncState {
    const copy = new FuncState(this.callsite, this.frameno, this.subprogno);
    for (const reg of this.regs) copy.regs.push(reg.clone());
    copy.slotType = this.slotType.slice();
    for (const reg of this.spilled) copy.spilled.push(reg.clone());
    copy.inCallbackFn = this.inCallbackFn;
    copy.inAsyncCallbackFn = this.inAsyncCallbackFn;
    copy.inExceptionCallbackFn = this.inExceptionCallbackFn;
    copy.asyncEntryCnt = this.asyncEntryCnt;
    copy.callbackDepth = this.callbackDepth;
    copy.callbackRetRange = this.callbackRetRange;
    return copy;
  }
}
