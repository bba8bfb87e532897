import { BPF_REG_FP, MAX_BPF_REG } from '@probed/isa';
import { type AbstractValue, joined, pointer, same, unknown } from './abstract-value';

/** Spilled words that are kept track of; a stack of 512 bytes has 64. */
const SPILLS_MAX = 128;
const CALLER_SAVED = 6;

/** Registers and spilled words at one point of a subprogram. */
export class FlowState {
  private constructor(
    private readonly registers: AbstractValue[],
    /** By place, `base+offset`. */
    private readonly spills: Map<string, AbstractValue>,
  ) {}

  /** At the start of the subprogram at a slot: parameters are unknown. */
  static atEntry(start: number): FlowState {
    const registers = Array.from({ length: MAX_BPF_REG }, () => unknown());
    registers[BPF_REG_FP] = pointer(`stack@${start}`, 0, start);
    return new FlowState(registers, new Map());
  }

  copy(): FlowState {
    return new FlowState([...this.registers], new Map(this.spills));
  }

  get(register: number): AbstractValue {
    return this.registers[register] ?? unknown();
  }

  set(register: number, value: AbstractValue): void {
    if (register < BPF_REG_FP) this.registers[register] = value;
  }

  /** r0–r5 after a call. */
  clobber(slot: number): void {
    for (let register = 0; register < CALLER_SAVED; register++) this.registers[register] = unknown(slot);
  }

  spilled(base: string, offset: number): AbstractValue | undefined {
    return this.spills.get(`${base}+${offset}`);
  }

  spill(base: string, offset: number, value: AbstractValue | undefined): void {
    const key = `${base}+${offset}`;
    if (value === undefined) this.spills.delete(key);
    else if (this.spills.size < SPILLS_MAX || this.spills.has(key)) this.spills.set(key, value);
  }

  /** Takes in what holds on another way to the same point. @returns whether that changed anything */
  merge(other: FlowState): boolean {
    let changed = false;
    for (let register = 0; register < BPF_REG_FP; register++) {
      const merged = joined(this.registers[register], other.registers[register]);
      if (same(merged, this.registers[register])) continue;
      this.registers[register] = merged;
      changed = true;
    }
    for (const [key, value] of this.spills) {
      const theirs = other.spills.get(key);
      const merged = theirs && joined(value, theirs);
      if (merged && same(merged, value)) continue;
      if (merged) this.spills.set(key, merged);
      else this.spills.delete(key);
      changed = true;
    }
    return changed;
  }
}
