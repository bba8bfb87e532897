/** Pairs of ids of an explored and a current state that were found to stand for each other (`struct bpf_idmap`). */
export class IdMap {
  private readonly old: number[] = [];
  private readonly cur: number[] = [];
  private tmpIdGen = 0;

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

  /** `check_scalar_ids`: a scalar without id counts as one with an id of its own. */
  checkScalarIds(oldId: number, curId: number): boolean {
    return this.checkIds(oldId || ++this.tmpIdGen, curId || ++this.tmpIdGen);
  }
}
