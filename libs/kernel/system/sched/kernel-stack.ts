/** Functions that a task (or an interrupt) is in, outermost first; `depth` of them are valid. */
export class KernelStack {
  readonly ips: number[] = [];
  depth = 0;

  push(ip: number): void {
    this.ips[this.depth++] = ip;
  }
}
