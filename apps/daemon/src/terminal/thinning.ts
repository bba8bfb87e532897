/** Lets so many lines a second through and counts the others. */
export class Thinning {
  private shown = 0;
  private hidden = 0;

  constructor(private readonly perSecond: number) {}

  /** @returns whether the line is to be shown */
  take(): boolean {
    if (this.shown < this.perSecond) {
      this.shown++;
      return true;
    }
    this.hidden++;
    return false;
  }

  /** A second is over. @returns how many were hidden in it */
  turn(): number {
    const { hidden } = this;
    this.shown = 0;
    this.hidden = 0;
    return hidden;
  }
}
