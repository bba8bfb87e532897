import { Block, NONE, successors, type Terminator } from './block-graph';
import { ComponentFinder } from './component-finder';

/** Blocks in the order in which their code is written. */
export interface Layout {
  /** The blocks given, and after them those made for irreducible regions. */
  readonly blocks: readonly Block[];
  /** Block indexes by position. */
  readonly order: readonly number[];
  /** By position of a loop's header: the position just past the loop's last block. */
  readonly loopEnd: ReadonlyMap<number, number>;
}

/** What is still to be laid out, last first. */
type Task =
  | { readonly kind: 'block'; readonly block: number }
  | { readonly kind: 'component'; readonly members: readonly number[] }
  | { readonly kind: 'loop-end'; readonly headerAt: number };

/**
 * Orders blocks so that every edge leads forward except those back to the header of a loop around it, and every loop
 * is contiguous with its header first: what structured control flow needs.
 *
 * Loops are the strongly connected components; inside one, without its header, the search goes on for inner loops. A
 * component entered in several places (irreducible) gets a dispatcher for its header: edges to its entries set a label
 * and go there. All other code stays as it was.
 *
 * @param blocks taken over: edges change and blocks are added
 */
export function layOut(blocks: Block[]): Layout {
  return new LayoutBuilder(blocks).build();
}

class LayoutBuilder {
  private readonly predecessors: number[][] = [];
  /** By block: the innermost part of the graph it was found in. */
  private readonly part: number[];
  private readonly finder: ComponentFinder;
  private readonly order: number[] = [];
  private readonly loopEnd = new Map<number, number>();
  private readonly tasks: Task[] = [];
  private parts = 1;

  constructor(private readonly blocks: Block[]) {
    this.part = new Array(blocks.length).fill(0);
    this.finder = new ComponentFinder((block) => successors(this.blocks[block]));
  }

  build(): Layout {
    this.blocks.forEach((_, block) => {
      this.predecessors[block] = [];
    });
    this.blocks.forEach((block, from) => {
      for (const to of successors(block)) this.predecessors[to].push(from);
    });
    if (this.blocks.length > 0) this.pushComponents([0], 0);
    for (let task = this.tasks.pop(); task; task = this.tasks.pop()) {
      if (task.kind === 'block') this.order.push(task.block);
      else if (task.kind === 'loop-end') this.loopEnd.set(task.headerAt, this.order.length);
      else this.layOutComponent(task.members);
    }
    return { blocks: this.blocks, order: this.order, loopEnd: this.loopEnd };
  }

  /** Queues the components of one part of the graph, first one on top. */
  private pushComponents(roots: readonly number[], part: number): void {
    const components = this.finder.find(roots, (block) => this.part[block] === part);
    for (let i = components.length - 1; i >= 0; i--) {
      this.tasks.push({ kind: 'component', members: components[i] });
    }
  }

  private layOutComponent(members: readonly number[]): void {
    const [first] = members;
    if (members.length === 1 && !successors(this.blocks[first]).includes(first)) {
      this.order.push(first);
      return;
    }
    const part = this.parts++;
    for (const block of members) this.part[block] = part;
    const entries = this.entriesOf(members, part);
    const header = entries.length === 1 ? entries[0] : this.addDispatcher(entries, part);
    this.part[header] = NONE;
    this.tasks.push({ kind: 'loop-end', headerAt: this.order.length });
    this.order.push(header);
    this.pushComponents(successors(this.blocks[header]), part);
  }

  /** Members that can be entered from outside, in slot order. */
  private entriesOf(members: readonly number[], part: number): number[] {
    const entered = (block: number) =>
      block === 0 || this.predecessors[block].some((from) => this.part[from] !== part);
    return members.filter(entered).sort((a, b) => a - b);
  }

  /**
   * Makes one block the only entry of the part: every edge to one of `entries` now sets a label and goes there. Edges
   * from outside do so just before the loop, edges from inside within it.
   */
  private addDispatcher(entries: readonly number[], part: number): number {
    const dispatcher = this.addBlock('dispatch', part);
    this.blocks[dispatcher].targets = entries;
    entries.forEach((entry, label) => {
      const from = this.predecessors[entry];
      this.predecessors[entry] = [dispatcher];
      const outside = from.filter((block) => this.part[block] !== part);
      const inside = from.filter((block) => this.part[block] === part);
      if (outside.length > 0) {
        const setter = this.redirect(outside, entry, dispatcher, label, NONE);
        this.order.push(setter);
      }
      if (inside.length > 0) this.redirect(inside, entry, dispatcher, label, part);
    });
    return dispatcher;
  }

  /** Sends the edges from `sources` to `entry` through a new block that sets `label`. @returns that block */
  private redirect(
    sources: readonly number[],
    entry: number,
    dispatcher: number,
    label: number,
    part: number,
  ): number {
    const setter = this.addBlock('set-label', part);
    this.blocks[setter].next = dispatcher;
    this.blocks[setter].label = label;
    this.predecessors[setter] = [...sources];
    this.predecessors[dispatcher].push(setter);
    for (const source of sources) {
      const block = this.blocks[source];
      if (block.next === entry) block.next = setter;
      if (block.taken === entry) block.taken = setter;
      if (block.targets) block.targets = replaced(block.targets, entry, setter);
    }
    return setter;
  }

  private addBlock(terminator: Terminator, part: number): number {
    const index = this.blocks.push(new Block(terminator)) - 1;
    this.part[index] = part;
    this.predecessors[index] = [];
    return index;
  }
}

function replaced(list: readonly number[], from: number, to: number): number[] {
  return list.map((item) => (item === from ? to : item));
}
