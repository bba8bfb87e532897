import { SOFTIRQ } from '@probed/abi';
import type { Kernel } from '../kernel';
import { frame } from '../trace/traced';

const F_ENTRY = frame('asm_common_interrupt');
const F_COMMON = frame('common_interrupt');
const F_IRQ_EXIT = frame('irq_exit_rcu');
const F_SOFTIRQS = frame('handle_softirqs');
const F_TIMER_ENTRY = frame('asm_sysvec_apic_timer_interrupt');
const F_TIMER = frame('sysvec_apic_timer_interrupt');
const F_HRTIMER = frame('hrtimer_interrupt');
const F_WAKEUP = frame('hrtimer_wakeup');
const F_NET_RX = frame('net_rx_action');

const TIMER_FRAMES = [F_TIMER_ENTRY, F_TIMER, F_HRTIMER, F_WAKEUP];
const NET_RX_FRAMES = [F_ENTRY, F_COMMON, F_IRQ_EXIT, F_SOFTIRQS, F_NET_RX];
const BLOCK_FRAMES = [F_ENTRY, F_COMMON, F_IRQ_EXIT, F_SOFTIRQS];

/** One interrupt line of the machine. */
interface IrqLine {
  readonly irq: number;
  readonly name: string;
}

const NET_LINE: IrqLine = { irq: 26, name: 'virtio0-input.0' };
const BLOCK_LINE: IrqLine = { irq: 28, name: 'virtio1-req.0' };

/** Interrupt contexts: they borrow the task that the CPU runs, add their frames to its stack, and are paid by it. */
export class Interrupts {
  constructor(private readonly k: Kernel) {}

  /** A timer fires on the current CPU. */
  timer(run: () => void): void {
    this.nested(TIMER_FRAMES, 350, run);
  }

  /** A packet arrives: hard interrupt, then NET_RX softirq. */
  netRx(run: () => void): void {
    this.device(NET_LINE);
    this.nested(NET_RX_FRAMES, 600, () => this.softirq(SOFTIRQ.NET_RX_SOFTIRQ, run));
  }

  /** Loopback: no device interrupts, the backlog's softirq runs on the sender's way out. */
  netBacklog(run: () => void): void {
    this.nested(NET_RX_FRAMES, 300, () => this.softirq(SOFTIRQ.NET_RX_SOFTIRQ, run));
  }

  /** A disk has finished a request. */
  blockDone(run: () => void): void {
    this.device(BLOCK_LINE);
    this.nested(BLOCK_FRAMES, 400, () => this.softirq(SOFTIRQ.BLOCK_SOFTIRQ, run));
  }

  /** What the periodic tick leaves behind: timers, and now and then scheduling and RCU work. */
  tickSoftirqs(): void {
    const { softirqEntry, softirqRaise } = this.k.tp;
    if (!softirqEntry.active && !softirqRaise.active && !this.k.tp.softirqExit.active) return;
    this.softirq(SOFTIRQ.TIMER_SOFTIRQ, () => this.k.sched.spend(800));
    this.softirq(SOFTIRQ.SCHED_SOFTIRQ, () => this.k.sched.spend(1_200));
    this.softirq(SOFTIRQ.RCU_SOFTIRQ, () => this.k.sched.spend(600));
  }

  private softirq(vec: number, run: () => void): void {
    const { tp } = this.k;
    if (tp.softirqRaise.active) tp.softirqRaise.fire(vec);
    if (tp.softirqEntry.active) tp.softirqEntry.fire(vec);
    run();
    if (tp.softirqExit.active) tp.softirqExit.fire(vec);
  }

  private device(line: IrqLine): void {
    const { tp, sched } = this.k;
    if (tp.irqHandlerEntry.active) tp.irqHandlerEntry.fire(line.irq, line.name);
    sched.spend(500);
    if (tp.irqHandlerExit.active) tp.irqHandlerExit.fire(line.irq, 1);
  }

  private nested(frames: readonly number[], costNs: number, run: () => void): void {
    const { k } = this;
    const { cur } = k.sched;
    const stack = cur.stack();
    const { depth } = stack;
    for (const f of frames) stack.push(k.frames[f]);
    cur.irqDepth++;
    k.sched.spend(costNs);
    run();
    cur.irqDepth--;
    stack.depth = depth;
  }
}
