/**
 * Which stack slots may still be read, independent of the path (kernel/bpf/liveness.c). Reads and certain writes are
 * noted per call chain and instruction while the walk goes on; when a path ends, they are propagated against the
 * control flow to a fixed point. A kept state whose paths have all ended drops the slots that nobody reads.
 *
 * Invariants: the read sets only grow, the certain writes of an instruction only shrink.
 */
import type { VerifierEnv } from '../env';
import type { VerifierState } from '../state/verifier-state';

/** Words of one instruction's row: four sets of 64 slots. */
const ROW = 8;
const MAY_READ = 0;
const MUST_WRITE = 2;
const MUST_WRITE_ACC = 4;
const LIVE_BEFORE = 6;
const MAX_FRAMES = 8;

/** A function reached by one chain of calls (`struct func_instance`). */
class FuncInstance {
  updated = false;
  mustWriteDropped = false;
  readonly frames: (Int32Array | undefined)[] = [];
  readonly mustWriteSet: Uint8Array;

  constructor(
    readonly start: number,
    readonly insnCount: number,
    /** Slots of the calls that lead here, outermost first. */
    readonly callsites: readonly number[],
    readonly outer: FuncInstance | undefined,
  ) {
    this.mustWriteSet = new Uint8Array(insnCount);
  }

  get curframe(): number {
    return this.callsites.length;
  }

  /** Rows of a frame, made on first use. */
  rows(frame: number): Int32Array {
    let rows = this.frames[frame];
    if (!rows) {
      rows = new Int32Array(this.insnCount * ROW);
      this.frames[frame] = rows;
    }
    return rows;
  }

  isLiveBefore(insn: number, frame: number, spi: number): boolean {
    const rows = this.frames[frame];
    if (!rows) return false;
    const word = rows[(insn - this.start) * ROW + LIVE_BEFORE + (spi >> 5)];
    return ((word >>> (spi & 31)) & 1) === 1;
  }

  /** `(3,9)`: calls, then the start of the function, as the log names a chain. */
  chainText(): string {
    return `(${[...this.callsites, this.start].join(',')})`;
  }
}

/** The analysis of one verification (`struct bpf_liveness`). */
export class BpfLiveness {
  private readonly instances = new Map<string, FuncInstance>();
  private current: FuncInstance | undefined;
  private readonly writeMasks = new Int32Array(MAX_FRAMES * 2);
  private writeInsn = 0;
  private query: (FuncInstance | undefined)[] = [];
  private queryInsn = 0;

  constructor(private readonly env: VerifierEnv) {}

  private lookup(st: VerifierState, frame: number): FuncInstance {
    const callsites: number[] = [];
    let key = '';
    for (let i = 0; i <= frame; i++) {
      const { callsite, subprogno } = st.frame[i];
      if (i > 0) callsites.push(callsite);
      key += `${callsite}:${subprogno};`;
    }
    let instance = this.instances.get(key);
    if (!instance) {
      const { subprogno } = st.frame[frame];
      const { start } = this.env.subprogs[subprogno];
      const outer = frame > 0 ? this.lookup(st, frame - 1) : undefined;
      instance = new FuncInstance(start, this.env.subprogEnd(subprogno) - start, callsites, outer);
      this.instances.set(key, instance);
    }
    return instance;
  }

  private ensureCurrent(): FuncInstance {
    this.current ??= this.lookup(this.env.cur, this.env.cur.curframe);
    return this.current;
  }

  /** The call chain of the current state changed (`bpf_reset_live_stack_callchain`). */
  resetCallchain(): void {
    this.current = undefined;
  }

  /** Before an instruction is checked (`bpf_reset_stack_write_marks`). */
  resetWriteMarks(insn: number): void {
    this.ensureCurrent();
    this.writeInsn = insn;
    this.writeMasks.fill(0);
  }

  /** The instruction in hand writes all eight bytes of a slot (`bpf_mark_stack_write`). */
  markStackWrite(frame: number, spi: number): void {
    this.writeMasks[frame * 2 + (spi >> 5)] |= 1 << (spi & 31);
  }

  /** An instruction may read a slot (`bpf_mark_stack_read`). */
  markStackRead(frame: number, insn: number, spi: number): void {
    const low = spi < 32 ? 1 << spi : 0;
    const high = spi < 32 ? 0 : 1 << (spi - 32);
    this.addReads(this.ensureCurrent(), frame, insn, low, high);
  }

  private addReads(instance: FuncInstance, frame: number, insn: number, low: number, high: number): void {
    const rows = instance.rows(frame);
    const at = (insn - instance.start) * ROW;
    for (let half = 0; half < 2; half++) {
      const mask = half === 0 ? low : high;
      const was = rows[at + MAY_READ + half];
      const live = rows[at + LIVE_BEFORE + half];
      const now = was | mask;
      if (now !== was && (now | live) !== live) instance.updated = true;
      rows[at + MAY_READ + half] = now;
    }
  }

  /** After an instruction was checked (`bpf_commit_stack_write_marks`). */
  commitWriteMarks(): void {
    if (this.current) this.commit(this.current);
  }

  private commit(instance: FuncInstance): void {
    const idx = this.writeInsn - instance.start;
    const seen = instance.mustWriteSet[idx] === 1;
    for (let frame = 0; frame <= instance.curframe; frame++) {
      const none = (this.writeMasks[frame * 2] | this.writeMasks[frame * 2 + 1]) === 0;
      if (none && (!seen || !instance.frames[frame])) continue;
      const rows = instance.rows(frame);
      this.mergeWrites(instance, rows, idx * ROW + MUST_WRITE, frame, seen);
    }
    instance.mustWriteSet[idx] = 1;
    this.writeInsn = 0;
  }

  /** What an instruction surely writes: all that it wrote at every visit. */
  private mergeWrites(
    instance: FuncInstance,
    rows: Int32Array,
    at: number,
    frame: number,
    seen: boolean,
  ): void {
    const low = rows[at];
    // A kernel that looks at 32 bits takes nothing from deep slots, and notes no change of theirs by itself.
    const narrow = this.env.facts.deviations.has('narrow-write-marks');
    const high = narrow ? 0 : rows[at + 1];
    const newLow = seen ? low & this.writeMasks[frame * 2] : this.writeMasks[frame * 2];
    const newHigh = seen ? high & this.writeMasks[frame * 2 + 1] : this.writeMasks[frame * 2 + 1];
    if (newLow !== low || newHigh !== high) {
      rows[at] = newLow;
      rows[at + 1] = newHigh;
      instance.updated = true;
    }
    if ((low & ~newLow) !== 0 || (high & ~newHigh) !== 0) instance.mustWriteDropped = true;
  }

  /** A path or a function ended: brings all chains of the current state up to date (`bpf_update_live_stack`). */
  update(): void {
    this.resetCallchain();
    const st = this.env.cur;
    for (let frame = st.curframe; frame >= 0; frame--) {
      const instance = this.lookup(st, frame);
      if (instance.updated) this.updateInstance(instance);
    }
  }

  private updateInstance(instance: FuncInstance): void {
    const { env } = this;
    if (instance.mustWriteDropped) {
      for (const rows of instance.frames) {
        if (!rows) continue;
        for (let at = MUST_WRITE_ACC; at < rows.length; at += ROW) {
          rows[at] = 0;
          rows[at + 1] = 0;
        }
      }
    }
    const n = env.subprogOf(instance.start);
    const from = env.subprogs[n].postorderStart;
    const to = n + 1 < env.subprogs.length ? env.subprogs[n + 1].postorderStart : env.postorder.length;
    let rounds = 0;
    let changed = true;
    while (changed) {
      rounds++;
      changed = false;
      for (let frame = 0; frame <= instance.curframe; frame++) {
        const rows = instance.frames[frame];
        if (!rows) continue;
        for (let i = from; i < to; i++)
          changed = this.updateInsn(instance, rows, frame, env.postorder[i]) || changed;
      }
    }
    if (env.log.level2)
      env.verbose(`${instance.chainText()} live stack update done in ${rounds} iterations\n`);
    if (instance.outer) this.propagateOut(instance, instance.outer);
    instance.updated = false;
    instance.mustWriteDropped = false;
  }

  private updateInsn(instance: FuncInstance, rows: Int32Array, frame: number, insn: number): boolean {
    const succ = this.env.successors(insn);
    if (succ.length === 0) return false;
    const at = (insn - instance.start) * ROW;
    let changed = false;
    const before = this.env.log.level2 ? rows.slice(at, at + ROW) : undefined;
    for (let half = 0; half < 2; half++) {
      let after = 0;
      let acc = -1;
      for (const s of succ) {
        const to = (s - instance.start) * ROW + half;
        after |= rows[to + LIVE_BEFORE];
        acc &= rows[to + MUST_WRITE_ACC];
      }
      const write = rows[at + MUST_WRITE + half];
      acc |= write;
      const live = (after & ~write) | rows[at + MAY_READ + half];
      if (live !== rows[at + LIVE_BEFORE + half] || acc !== rows[at + MUST_WRITE_ACC + half]) changed = true;
      rows[at + LIVE_BEFORE + half] = live;
      rows[at + MUST_WRITE_ACC + half] = acc;
    }
    if (before && changed) this.logInsn(instance, rows, before, frame, insn);
    return changed;
  }

  private logInsn(
    instance: FuncInstance,
    rows: Int32Array,
    before: Int32Array,
    frame: number,
    insn: number,
  ): void {
    const at = (insn - instance.start) * ROW;
    const marked = (rows[at] | rows[at + 1] | rows[at + MUST_WRITE] | rows[at + MUST_WRITE + 1]) !== 0;
    if (!marked && insn !== instance.start && !this.env.aux[insn].prunePoint) return;
    const head = `${instance.chainText()} frame ${frame} insn ${insn} `;
    for (const [name, word] of [
      ['live', LIVE_BEFORE],
      ['written', MUST_WRITE_ACC],
    ] as const) {
      const added = slotList(rows[at + word] & ~before[word], rows[at + word + 1] & ~before[word + 1]);
      const gone = slotList(before[word] & ~rows[at + word], before[word + 1] & ~rows[at + word + 1]);
      if (!added && !gone) continue;
      this.env.verbose(`${head}${added ? `+${name} ${added} ` : ''}${gone ? `-${name} ${gone}` : ''}\n`);
    }
  }

  /** What a function surely writes and may read of its callers' stacks holds for the call. */
  private propagateOut(instance: FuncInstance, outer: FuncInstance): void {
    const callsite = instance.callsites[instance.callsites.length - 1];
    this.writeInsn = callsite;
    this.writeMasks.fill(0);
    for (let frame = 0; frame < instance.curframe; frame++) {
      const rows = instance.frames[frame];
      if (!rows) continue;
      this.writeMasks[frame * 2] |= rows[MUST_WRITE_ACC];
      this.writeMasks[frame * 2 + 1] |= rows[MUST_WRITE_ACC + 1];
      this.addReads(outer, frame, callsite, rows[LIVE_BEFORE], rows[LIVE_BEFORE + 1]);
    }
    this.commit(outer);
  }

  /** Prepares {@link isSlotAlive} for a state (`bpf_live_stack_query_init`). */
  startQuery(st: VerifierState): void {
    this.query = st.frame.map((_, frame) => this.lookup(st, frame));
    this.queryInsn = st.insnIdx;
  }

  /** Whether the queried state may still read a slot of one of its frames (`bpf_stack_slot_alive`). */
  isSlotAlive(frame: number, spi: number): boolean {
    const last = this.query.length - 1;
    for (let i = frame; i < last; i++) {
      const callsite = (this.query[i + 1] as FuncInstance).callsites[i];
      const insn = this.env.aux[callsite].callsCallback ? callsite : callsite + 1;
      if (this.query[i]?.isLiveBefore(insn, frame, spi)) return true;
    }
    return this.query[last]?.isLiveBefore(this.queryInsn, frame, spi) ?? false;
  }
}

function slotList(low: number, high: number): string {
  const names: string[] = [];
  for (let spi = 0; spi < 64; spi++)
    if (((spi < 32 ? low >>> spi : high >>> (spi - 32)) & 1) === 1) names.push(`${-8 * (spi + 1)}`);
  return names.join(',');
}
