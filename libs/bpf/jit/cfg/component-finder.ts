/**
 * Strongly connected components of parts of a graph (Tarjan 1972, without recursion). One finder serves many searches
 * over the same graph, which may gain nodes between them; a search costs no more than the part it looks at.
 */
export class ComponentFinder {
  /** Order of first visit, over all searches: an entry below `base` means not visited in this one. */
  private readonly index: number[] = [];
  private readonly low: number[] = [];
  private readonly onStack: boolean[] = [];
  private readonly stack: number[] = [];
  private path: { node: number; successors: readonly number[]; at: number }[] = [];
  private counter = 0;
  private base = 0;

  /** @param successorsOf of a node, in the order in which to search them */
  constructor(private readonly successorsOf: (node: number) => readonly number[]) {}

  /**
   * Components of the nodes for which `inside` holds and that can be reached from `roots`, in topological order.
   * Where the order is free, what a later root or successor leads to comes first.
   */
  find(roots: readonly number[], inside: (node: number) => boolean): number[][] {
    this.base = this.counter;
    const components: number[][] = [];
    for (const root of roots) {
      if (!inside(root) || this.visited(root)) continue;
      this.enter(root);
      while (this.path.length > 0) this.step(inside, components);
    }
    return components.reverse();
  }

  private visited(node: number): boolean {
    return this.index[node] !== undefined && this.index[node] >= this.base;
  }

  private enter(node: number): void {
    this.index[node] = this.low[node] = this.counter++;
    this.stack.push(node);
    this.onStack[node] = true;
    this.path.push({ node, successors: this.successorsOf(node), at: 0 });
  }

  private step(inside: (node: number) => boolean, components: number[][]): void {
    const { low, index } = this;
    const top = this.path[this.path.length - 1];
    if (top.at < top.successors.length) {
      const to = top.successors[top.at++];
      if (!inside(to)) return;
      if (!this.visited(to)) this.enter(to);
      else if (this.onStack[to]) low[top.node] = Math.min(low[top.node], index[to]);
      return;
    }
    this.path.pop();
    if (this.path.length > 0) {
      const parent = this.path[this.path.length - 1].node;
      low[parent] = Math.min(low[parent], low[top.node]);
    }
    if (low[top.node] === index[top.node]) components.push(this.popComponent(top.node));
  }

  private popComponent(first: number): number[] {
    const component: number[] = [];
    let node: number;
    do {
      node = this.stack.pop()!;
      this.onStack[node] = false;
      component.push(node);
    } while (node !== first);
    return component;
  }
}
