import type { BatchItem } from '@probed/protocol';
import type { Observable, Subscription } from 'rxjs';
import { type Paint } from './style';
import { Thinning } from './thinning';
import { TraceLines } from './trace-lines';

export interface TraceOutput {
  line(text: string): void;
}

/** Lines a second of what nobody does by hand, in pods and on the nodes; a person can read about as many. */
const PODS_PER_SECOND = 6;
const NODES_PER_SECOND = 2;
/** … and of what happens in exec sessions. */
const SESSION_PER_SECOND = 100;
const TURN_MS = 1_000;

/**
 * The live trace: exec sessions stand out, background records are thinned with a count of what is not shown. It thins
 * only what it prints.
 */
export class TracePrinter {
  private readonly lines: TraceLines;
  private readonly pods = new Thinning(PODS_PER_SECOND);
  private readonly nodes = new Thinning(NODES_PER_SECOND);
  private readonly sessions = new Thinning(SESSION_PER_SECOND);
  private subscription: Subscription | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Lines that wait for {@link release}. */
  private held: string[] | undefined = [];

  constructor(
    private readonly output: TraceOutput,
    private readonly paint: Paint,
  ) {
    this.lines = new TraceLines(paint);
  }

  /** It prints nothing before {@link release}, and then all that has come. */
  start(items: Observable<readonly BatchItem[]>): void {
    this.subscription = items.subscribe((batch) => this.print(batch));
    this.timer = setInterval(() => this.turn(), TURN_MS);
  }

  /** What goes before the trace has been said. */
  release(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const line of held) this.output.line(line);
  }

  stop(): void {
    this.subscription?.unsubscribe();
    clearInterval(this.timer);
    this.turn();
  }

  print(batch: readonly BatchItem[]): void {
    for (const item of batch) {
      const line = this.lines.line(item);
      if (line !== undefined && this.budgetOf(item).take()) this.put(line);
    }
  }

  /** A second is over. */
  turn(): void {
    this.tellHidden(this.sessions.turn(), 'of exec sessions ');
    this.tellHidden(this.pods.turn() + this.nodes.turn(), '');
  }

  private budgetOf(item: BatchItem): Pick<Thinning, 'take'> {
    if (item.type === 'trace') return this.pods;
    if (item.type !== 'record') return UNLIMITED;
    if (item.session !== undefined) return this.sessions;
    return item.pod ? this.pods : this.nodes;
  }

  private put(line: string): void {
    if (this.held) this.held.push(line);
    else this.output.line(line);
  }

  private tellHidden(count: number, what: string): void {
    if (count > 0) this.put(this.paint(`… and ${count} more ${what}`.trimEnd(), 'dim'));
  }
}

const UNLIMITED = { take: () => true };
