import { E } from './errno';
import { IdArrayMap } from './id-array';
import type { ProgramRef } from './map-env';
import { indexOf } from './u32-key';

/**
 * BPF_MAP_TYPE_PROG_ARRAY (kernel/bpf/arraymap.c): programs to jump to by bpf_tail_call. An entry keeps its program
 * runnable after user space has unloaded it. All programs, those that call and those that are called, are of one type.
 */
export class ProgArrayMap extends IdArrayMap {
  private readonly programs = new Map<number, ProgramRef>();
  private ownerType: number | undefined;

  /** The program at an index, undefined when there is none. */
  programAt(index: number): ProgramRef | undefined {
    return this.programs.get(index);
  }

  /** kernel/bpf/core.c: bpf_prog_map_compatible. False when the map belongs to programs of another type. */
  claim(programType: number): boolean {
    this.ownerType ??= programType;
    return this.ownerType === programType;
  }

  override updateElem(key: Uint8Array, value: Uint8Array, flags: number): number {
    const program = this.env.programById?.(indexOf(value));
    if (flags === 0 && indexOf(key) < this.info.maxEntries) {
      if (!program) return this.userWriteFault() || E.BADF;
      if (!this.claim(program.type)) return E.INVAL;
    }
    const result = super.updateElem(key, value, flags);
    if (result === 0 && program) this.programs.set(indexOf(key), program);
    return result;
  }

  override deleteElem(key: Uint8Array): number {
    const result = super.deleteElem(key);
    if (result === 0) this.programs.delete(indexOf(key));
    return result;
  }

  override destroy(): void {
    this.programs.clear();
    super.destroy();
  }
}
