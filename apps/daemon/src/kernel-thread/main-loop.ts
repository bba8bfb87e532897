import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Cluster } from '@probed/cluster';
import type { Heartbeat } from './heartbeat';
import type { Pace } from './pace';

/** Wall time that a slice of emulation takes at most before commands have their turn, ms. */
const SLICE_MS = 5;
/** For handing over what the slice has brought, ms. */
const DRAIN_MS = 2;
/** Who reads the output is not woken more often than this, ms, except before a rest. */
const NOTIFY_MS = 3;
/** Virtual time between two looks at the clock and the output buffers. */
const STEP_NS = 1e6;
const DRAIN_INTERVAL_NS = 10e6;
/** The thread shows a sign of life at least so often, ms. */
const REST_MS_MAX = 100;
/** While anything may become due without notice (input of sessions), ms. */
const IDLE_MS_MAX = 10;
/** Code of a driven task that does not come back for this long is killed, ms. */
const DRIVER_MS_MAX = 10_000;

/** What the loop moves. */
export interface LoopWork {
  readonly cluster: Pick<Cluster, 'nowNs' | 'run' | 'waiting' | 'nodes'>;
  readonly pace: Pace;
  readonly heartbeat: Heartbeat;
  /**
   * Hands over what programs and sessions have emitted, until `untilMs` of performance.now at most.
   * @returns false when there is more, and room for it: then no time should pass before
   */
  drain(untilMs: number): boolean;
  /** Tells the other side that there is something to read. */
  notify(): void;
}

/** Lets virtual time pass in short slices, at its pace, so that commands are served in between. */
export class MainLoop {
  private wakeUp: (() => void) | undefined;
  private stalled:
    | { readonly pid: number; readonly sinceMs: number; readonly ready: Promise<void> }
    | undefined;
  private failure: Error | undefined;

  /** @param driverMsMax see {@link DRIVER_MS_MAX} */
  constructor(
    private readonly work: LoopWork,
    private readonly driverMsMax = DRIVER_MS_MAX,
  ) {}

  /** Goes on for ever. @throws what the emulation throws: an invariant of ours is broken */
  async run(): Promise<never> {
    const { heartbeat } = this.work;
    for (let notifiedMs = 0; ; ) {
      heartbeat.begin();
      const more = await this.slice();
      heartbeat.end();
      if (this.failure) throw this.failure;
      // Waking another thread is dear, and a slice can be short.
      if (!more || performance.now() - notifiedMs > NOTIFY_MS) {
        this.work.notify();
        notifiedMs = performance.now();
      }
      await (more ? nextTurn() : this.rest());
    }
  }

  /** Something has come from outside: a rest ends at once. */
  wake(): void {
    this.wakeUp?.();
  }

  /** Makes the loop throw: a failure that a command has come upon, or that is rehearsed. */
  fail(error: Error): void {
    this.failure = error;
    this.wake();
  }

  /** @returns true when more is due already */
  private async slice(): Promise<boolean> {
    const { cluster, pace } = this.work;
    const startMs = performance.now();
    const untilMs = startMs + SLICE_MS;
    const dueNs = pace.dueNs(startMs, cluster.nowNs());
    let drainNs = 0;
    let drained = this.work.drain(untilMs);
    while (drained && performance.now() < untilMs) {
      const next = nextStepNs(cluster.nowNs());
      if (next > dueNs) break;
      if (!cluster.run(next) && !(await this.driverCame(untilMs))) break;
      if (cluster.nowNs() < drainNs) continue;
      drained = this.work.drain(untilMs);
      drainNs = cluster.nowNs() + DRAIN_INTERVAL_NS;
    }
    if (drained) drained = this.work.drain(performance.now() + DRAIN_MS);
    return !drained || (this.stalled === undefined && nextStepNs(cluster.nowNs()) <= dueNs);
  }

  /** Waits for the code of the task that virtual time waits for, as long as that takes no time of others. */
  private async driverCame(untilMs: number): Promise<boolean> {
    const kernel = this.work.cluster.waiting;
    if (!kernel) return true;
    const [pid] = kernel.drivers.waiting;
    if (this.stalled?.pid !== pid || pid === undefined) {
      const ready = kernel.drivers.ready().then(() => {
        if (this.stalled?.ready === ready) this.stalled = undefined;
        this.wake();
      });
      this.stalled = { pid, sinceMs: performance.now(), ready };
    }
    const { stalled } = this;
    await Promise.race([stalled.ready, nextTurn()]);
    if (this.stalled !== stalled) return performance.now() < untilMs;
    if (performance.now() - stalled.sinceMs > this.driverMsMax) kernel.drivers.abort(pid);
    return false;
  }

  /** Until something is due, somebody wakes it, or it is time for a sign of life. */
  private rest(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.wake(), this.restMs());
      this.wakeUp = () => {
        clearTimeout(timer);
        this.wakeUp = undefined;
        resolve();
      };
    });
  }

  private restMs(): number {
    const { cluster, pace } = this.work;
    if (pace.paused) return REST_MS_MAX;
    if (this.stalled) return IDLE_MS_MAX;
    const dueNs = Math.max(nextStepNs(cluster.nowNs()), nextDueNs(cluster));
    return Math.min(IDLE_MS_MAX, pace.waitMs(performance.now(), dueNs));
  }
}

/** Steps end at multiples, so that a run does not depend on how it is cut into slices. */
function nextStepNs(nowNs: number): number {
  return (Math.floor(nowNs / STEP_NS) + 1) * STEP_NS;
}

function nextDueNs(cluster: LoopWork['cluster']): number {
  return Math.min(...cluster.nodes.map(({ kernel }) => kernel.nextEventNs() ?? Number.POSITIVE_INFINITY));
}
