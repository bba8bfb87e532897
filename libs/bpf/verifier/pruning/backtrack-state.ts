import type { LinkedReg } from '../state/verifier-state';

/** Frames of calls at most (include/linux/bpf_verifier.h: MAX_CALL_FRAMES). */
export const MAX_CALL_FRAMES = 8;
/** R1–R5. */
export const REGMASK_ARGS = 0b111110;

/** Registers and stack slots, by frame, whose exact value still has to be traced (`struct backtrack_state`). */
export class BacktrackState {
  frame = 0;
  private readonly regs = new Int32Array(MAX_CALL_FRAMES);
  private readonly slotsLow = new Int32Array(MAX_CALL_FRAMES);
  private readonly slotsHigh = new Int32Array(MAX_CALL_FRAMES);

  reset(frame: number): void {
    this.frame = frame;
    this.regs.fill(0);
    this.slotsLow.fill(0);
    this.slotsHigh.fill(0);
  }

  get empty(): boolean {
    for (let i = 0; i <= this.frame; i++)
      if ((this.regs[i] | this.slotsLow[i] | this.slotsHigh[i]) !== 0) return false;
    return true;
  }

  regMask(frame = this.frame): number {
    return this.regs[frame];
  }

  hasSlots(frame = this.frame): boolean {
    return (this.slotsLow[frame] | this.slotsHigh[frame]) !== 0;
  }

  isRegSet(reg: number, frame = this.frame): boolean {
    return ((this.regs[frame] >> reg) & 1) === 1;
  }

  setReg(reg: number, frame = this.frame): void {
    this.regs[frame] |= 1 << reg;
  }

  clearReg(reg: number, frame = this.frame): void {
    this.regs[frame] &= ~(1 << reg);
  }

  clearArgs(): void {
    this.regs[this.frame] &= ~REGMASK_ARGS;
  }

  isSlotSet(frame: number, spi: number): boolean {
    const half = spi < 32 ? this.slotsLow : this.slotsHigh;
    return ((half[frame] >>> (spi & 31)) & 1) === 1;
  }

  setSlot(frame: number, spi: number): void {
    const half = spi < 32 ? this.slotsLow : this.slotsHigh;
    half[frame] |= 1 << (spi & 31);
  }

  clearSlot(frame: number, spi: number): void {
    const half = spi < 32 ? this.slotsLow : this.slotsHigh;
    half[frame] &= ~(1 << (spi & 31));
  }

  /** The walk goes back into a callee: `bt_subprog_enter`. */
  enterSubprog(): boolean {
    if (this.frame === MAX_CALL_FRAMES - 1) return false;
    this.frame++;
    return true;
  }

  /** The walk goes back out of a callee to its call: `bt_subprog_exit`. */
  exitSubprog(): boolean {
    if (this.frame === 0) return false;
    this.frame--;
    return true;
  }

  /** `bt_sync_linked_regs`: what one of the linked registers needs, all of them need. */
  syncLinked(linked: readonly LinkedReg[] | undefined): void {
    if (!linked) return;
    const some = linked.some((l) =>
      l.isReg ? this.isRegSet(l.index, l.frame) : this.isSlotSet(l.frame, l.index),
    );
    if (!some) return;
    for (const l of linked) {
      if (l.isReg) this.setReg(l.index, l.frame);
      else this.setSlot(l.frame, l.index);
    }
  }

  /** `r1,r6` as the log shows it (`fmt_reg_mask`). */
  regsText(frame = this.frame): string {
    const names: string[] = [];
    for (let r = 0; r < 32; r++) if (this.isRegSet(r, frame)) names.push(`r${r}`);
    return names.join(',');
  }

  /** `-8,-16` (`fmt_stack_mask`). */
  slotsText(frame = this.frame): string {
    const names: string[] = [];
    for (let spi = 0; spi < 64; spi++) if (this.isSlotSet(frame, spi)) names.push(`${-8 * (spi + 1)}`);
    return names.join(',');
  }
}
