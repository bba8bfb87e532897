/**
 * Loops and states kept inside them. A state inside a loop whose walk met another kept state of the same loop has not
 * collected all precision marks: what it still misses arrives over the back edge once the loop is left
 * (kernel/bpf/verifier.c: struct bpf_scc_visit).
 */
import type { VerifierEnv } from '../env';
import type { VerifierState } from '../state/verifier-state';
import { forceAllPrecise, propagatePrecision } from './precision';
import { frameInsn } from './states-equal';

/** Rounds after which all scalars of the loop's back edges are taken as precise. */
const MAX_BACKEDGE_ITERS = 64;

interface SccVisit {
  readonly name: string;
  entry: VerifierState | undefined;
  backedges: VerifierState[];
}

/** The loops entered so far, by chain of calls and component. */
export class SccVisits {
  private readonly visits = new Map<string, SccVisit>();
  private backedgeCount = 0;

  constructor(private readonly env: VerifierEnv) {}

  /** Back edges that wait for their loop to be left; they count as states. */
  get pendingBackedges(): number {
    return this.backedgeCount;
  }

  /** `(calls…,component)` of the outermost loop a state is in (`compute_scc_callchain`). */
  private chainOf(st: VerifierState): string | undefined {
    let chain = '';
    for (let i = 0; i < st.frame.length; i++) {
      const insn = frameInsn(st, i);
      const { scc } = this.env.aux[insn];
      if (scc) return `(${chain}${scc})`;
      chain += `${insn},`;
    }
    return undefined;
  }

  private visitOf(st: VerifierState): SccVisit | undefined {
    const chain = this.chainOf(st);
    return chain === undefined ? undefined : this.visits.get(chain);
  }

  /** A state was kept (`maybe_enter_scc`). */
  enter(st: VerifierState): void {
    const name = this.chainOf(st);
    if (name === undefined) return;
    let visit = this.visits.get(name);
    if (!visit) {
      visit = { name, entry: undefined, backedges: [] };
      this.visits.set(name, visit);
    }
    if (visit.entry) return;
    visit.entry = st;
    if (this.env.log.level2) this.env.verbose(`SCC enter ${name}\n`);
  }

  /** All paths from a state ended (`maybe_exit_scc`); when it was the loop's entry, the back edges settle. */
  exit(st: VerifierState): void {
    const visit = this.visitOf(st);
    if (!visit || visit.entry !== st) return;
    if (this.env.log.level2) this.env.verbose(`SCC exit ${visit.name}\n`);
    visit.entry = undefined;
    this.backedgeCount -= visit.backedges.length;
    this.settle(visit);
  }

  /** A path stopped at a kept state of a loop that is still being walked (`add_scc_backedge`). */
  addBackedge(old: VerifierState, backedge: VerifierState): void {
    const visit = this.visitOf(old);
    if (!visit) return;
    if (this.env.log.level2) this.env.verbose(`SCC backedge ${visit.name}\n`);
    visit.backedges.unshift(backedge);
    this.backedgeCount++;
  }

  /** `incomplete_read_marks`. */
  isIncomplete(st: VerifierState): boolean {
    const visit = this.visitOf(st);
    return visit !== undefined && visit.backedges.length > 0;
  }

  /** `propagate_backedges`. */
  private settle(visit: SccVisit): void {
    for (let round = 0, changed = true; changed; round++) {
      if (round > MAX_BACKEDGE_ITERS) {
        for (const st of visit.backedges) forceAllPrecise(this.env, st);
        break;
      }
      changed = false;
      for (const st of visit.backedges) {
        if (st.equalState && propagatePrecision(this.env, st.equalState, st)) changed = true;
      }
    }
    visit.backedges = [];
  }
}
