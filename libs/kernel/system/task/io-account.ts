import type { Kernel } from '../kernel';
import type { Field } from '../layout/struct-table';

/** `struct task_io_accounting` of the current task. */
export class IoAccount {
  constructor(private readonly k: Kernel) {}

  read(bytes: number): void {
    const L = this.k.layout.task;
    this.add(L['ioac.rchar'], bytes);
    this.add(L['ioac.syscr'], 1);
  }

  write(bytes: number): void {
    const L = this.k.layout.task;
    this.add(L['ioac.wchar'], bytes);
    this.add(L['ioac.syscw'], 1);
  }

  /** 64-bit counters that stay below 2^53: the low word carries into the high one. */
  private add(field: Field, amount: number): void {
    if (field.offset < 0) return;
    const { u32 } = this.k.memory;
    const at = (this.k.task.offset + field.offset) >> 2;
    const sum = u32[at] + amount;
    u32[at] = sum;
    if (sum > 0xffff_ffff) u32[at + 1] += Math.floor(sum / 0x1_0000_0000);
  }
}
