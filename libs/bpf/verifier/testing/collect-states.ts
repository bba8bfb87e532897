/** For tests of soundness: all that the verifier holds possible at each instruction. */
import type { KernelFacts, MapInfo, ProgramSpec } from '@probed/spec';
import type { VerifyOptions } from '../env';
import type { WalkObserver } from '../explain/recorder';
import type { FuncState } from '../state/func-state';
import type { VerifierState } from '../state/verifier-state';
import { runPasses } from '../verify';

/** The frame in hand at one visit of an instruction, and how deep it is. */
export interface AbstractVisit {
  readonly depth: number;
  readonly func: FuncState;
}

/** Visits that are kept of one program; programs with more ways say nothing. */
const VISITS_MAX = 5000;

class TooManyVisits extends Error {}

class StateCollector implements WalkObserver {
  readonly isExhaustive = true;
  readonly visits = new Map<number, AbstractVisit[]>();
  private count = 0;

  before(state: VerifierState, insn: number): void {
    if (++this.count > VISITS_MAX) throw new TooManyVisits();
    const list = this.visits.get(insn) ?? [];
    list.push({ depth: state.curframe, func: state.curFunc.clone() });
    this.visits.set(insn, list);
  }

  start(): void {}
  step(): void {}
  fork(): void {}
  resume(): void {}
  finish(): void {}
}

/**
 * Walks all ways through a program, none cut short.
 * @returns by slot, what the verifier held possible there; undefined when there are too many ways
 */
export function collectStates(
  program: ProgramSpec,
  maps: ReadonlyMap<string, MapInfo>,
  facts: KernelFacts,
  options: VerifyOptions,
): ReadonlyMap<number, readonly AbstractVisit[]> | undefined {
  const collector = new StateCollector();
  try {
    const { fault } = runPasses(program, maps, facts, options, collector);
    return fault ? undefined : collector.visits;
  } catch (error) {
    if (error instanceof TooManyVisits) return undefined;
    throw error;
  }
}
