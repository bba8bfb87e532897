/**
 * The way that the walk took, for explanations: every instruction since the entry of the program (or of the global
 * function in hand) with what was known after it. Paths that end are forgotten; those still to be walked share the
 * steps up to their fork.
 */
import { scalarEquals } from '../scalar';
import type { FuncState } from '../state/func-state';
import type { RegState } from '../state/reg-state';
import type { VerifierState } from '../state/verifier-state';

/** What is known of one frame at a point; entries are never changed, and shared between points. */
export interface FrameView {
  readonly subprogno: number;
  readonly regs: readonly RegState[];
  /** Spilled registers by slot; undefined where bytes are. */
  readonly slots: readonly (RegState | undefined)[];
}

/** One instruction of the way. */
export interface TraceStep {
  readonly prev: TraceStep | undefined;
  /** Slot that ran, -1 for the entry, and the one that runs next. */
  readonly insn: number;
  readonly next: number;
  /** After it, outermost frame first. */
  readonly frames: readonly FrameView[];
  /** Steps before it. */
  readonly depth: number;
}

/** Steps that are kept of one way; what lies further back is forgotten. */
const STEPS_MAX = 100_000;

/** Goes along with the walk. */
export interface WalkObserver {
  /** All paths are walked to their ends, none stops at a state that was met before. */
  readonly isExhaustive: boolean;
  /** The walk begins at the entry of a function. */
  start(state: VerifierState, entry: number): void;
  /** An instruction is about to be checked. */
  before(state: VerifierState, insn: number): void;
  /** An instruction was checked. */
  step(state: VerifierState, insn: number, next: number): void;
  /** A path is put aside for later. */
  fork(state: VerifierState): void;
  /** A path that was put aside goes on behind the instruction that forked it. */
  resume(state: VerifierState, insn: number, next: number): void;
  /** All paths ended well: what is refused later has no way that leads to it. */
  finish(): void;
}

/** Notes the way to the instruction in hand. */
export class PathRecorder implements WalkObserver {
  readonly isExhaustive = false;
  private current: TraceStep | undefined = undefined;
  private readonly forks = new WeakMap<VerifierState, TraceStep>();

  get last(): TraceStep | undefined {
    return this.current;
  }

  start(state: VerifierState, entry: number): void {
    this.current = { prev: undefined, insn: -1, next: entry, frames: viewsOf(state, []), depth: 0 };
  }

  before(): void {}

  finish(): void {
    this.current = undefined;
  }

  step(state: VerifierState, insn: number, next: number): void {
    const prev = this.current;
    const frames = viewsOf(state, prev?.frames ?? []);
    const depth = (prev?.depth ?? 0) + 1;
    const cut = depth > STEPS_MAX;
    this.current = { prev: cut ? undefined : prev, insn, next, frames, depth: cut ? 0 : depth };
  }

  fork(state: VerifierState): void {
    if (this.current) this.forks.set(state, this.current);
  }

  resume(state: VerifierState, insn: number, next: number): void {
    this.current = this.forks.get(state);
    this.step(state, insn, next);
  }
}

function viewsOf(state: VerifierState, before: readonly FrameView[]): readonly FrameView[] {
  const views = state.frame.map((func, i) => viewOf(func, before[i]));
  const same = views.length === before.length && views.every((view, i) => view === before[i]);
  return same ? before : views;
}

function viewOf(func: FuncState, before: FrameView | undefined): FrameView {
  const old = before?.subprogno === func.subprogno ? before : undefined;
  const regs = func.regs.map((reg, i) => kept(reg, old?.regs[i]));
  const slots = func.spilled.map((reg, i) => (func.isSpilled(i) ? kept(reg, old?.slots[i]) : undefined));
  const same =
    old !== undefined &&
    slots.length === old.slots.length &&
    regs.every((reg, i) => reg === old.regs[i]) &&
    slots.every((reg, i) => reg === old.slots[i]);
  return same ? old : { subprogno: func.subprogno, regs, slots };
}

/** The earlier entry where nothing new is known. */
function kept(reg: RegState, old: RegState | undefined): RegState {
  return old && sameKnowledge(reg, old) ? old : reg.clone();
}

/** Whether both say the same of the value; ids and marks of precision say nothing of it. */
function sameKnowledge(a: RegState, b: RegState): boolean {
  return (
    a.type === b.type &&
    a.off === b.off &&
    a.range === b.range &&
    a.map === b.map &&
    (a.v === b.v || scalarEquals(a.v, b.v))
  );
}
