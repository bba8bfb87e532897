import { BPF_ADD_CONST } from '../state/reg-state';

/** Pairs of ids of an explored and a current state that were found to stand for each other (`struct bpf_idmap`). */
export class IdMap {
  private readonly old: number[] = [];
  private readonly cur: number[] = [];
  private tmpIdGen = 0;
  /** Scalars must be the same even where they are not precise (`explore_alu_limits`). */
  exactScalars = false;

  /** @param idGen ids above it are free for unnamed scalars */
  reset(idGen: number): void {
    this.old.length = 0;
    this.cur.length = 0;
    this.tmpIdGen = idGen;
  }

  /** `check_ids`: the two ids may stand for each other. */
  checkIds(oldId: number, curId: number): boolean {
    if ((oldId === 0) !== (curId === 0)) return false;
    if (oldId === 0) return true;
    for (let i = 0; i < this.old.length; i++) {
      if (this.old[i] === oldId) return this.cur[i] === curId;
      if (this.cur[i] === curId) return false;
    }
    this.old.push(oldId);
    this.cur.push(curId);
    return true;
  }

  /**
   * `check_scalar_ids`: an explored scalar without id was linked to nothing, so any link of the current one only adds
   * knowledge. A current scalar without id counts as one with an id of its own.
   */
  checkScalarIds(oldId: number, curId: number): boolean {
    if (oldId === 0) return true;
    const cur = curId || ++this.tmpIdGen;
    if (!this.checkIds(oldId, cur)) return false;
    // A distance says little unless both are distances from the same register.
    return (oldId & BPF_ADD_CONST) === 0 || this.checkIds(oldId & ~BPF_ADD_CONST, cur & ~BPF_ADD_CONST);
  }
}
