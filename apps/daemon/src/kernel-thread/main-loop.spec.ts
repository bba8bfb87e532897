import { setTimeout as sleep } from 'node:timers/promises';
import { Heartbeat } from './heartbeat';
import { type LoopWork, MainLoop } from './main-loop';
import { Pace } from './pace';

const NEVER = new Promise<void>(() => undefined);

/** A cluster on which nothing happens; a task of it can be in user mode and not come back. */
class QuietCluster {
  ns = 0;
  /** Resolves when the task's code comes back; undefined when there is none. */
  driver: Promise<void> | undefined;
  readonly aborted: number[] = [];
  readonly kernel = {
    nextEventNs: () => undefined,
    drivers: {
      waiting: [42],
      ready: () => this.driver ?? Promise.resolve(),
      abort: (pid: number) => this.aborted.push(pid),
    },
  };
  readonly nodes = [{ kernel: this.kernel }];

  nowNs(): number {
    return this.ns;
  }

  run(untilNs: number): boolean {
    if (this.driver) return false;
    this.ns = untilNs;
    return true;
  }

  get waiting() {
    return this.driver ? this.kernel : undefined;
  }
}

/** A loop that runs until `stop`. */
function start(cluster: QuietCluster, speed: number, driverMsMax?: number) {
  const pace = new Pace(0, performance.now(), speed);
  const words = new SharedArrayBuffer(8);
  const work: LoopWork = {
    cluster: cluster as unknown as LoopWork['cluster'],
    pace,
    heartbeat: new Heartbeat(words),
    drain: () => true,
    notify: () => undefined,
  };
  const loop = new MainLoop(work, driverMsMax);
  const ended = loop.run().catch((error: Error) => error.message);
  const stop = () => {
    loop.fail(new Error('stopped'));
    return ended;
  };
  return { loop, pace, stop, beats: () => new Int32Array(words)[0] };
}

describe('MainLoop', () => {
  it('keeps pace with the wall clock, and shows signs of life', async () => {
    const cluster = new QuietCluster();
    const startMs = performance.now();
    const { stop, beats } = start(cluster, 2);
    await sleep(200);
    const wallMs = performance.now() - startMs;
    expect(cluster.ns / 1e6).toBeGreaterThan(200);
    expect(cluster.ns / 1e6).toBeLessThanOrEqual(2 * wallMs);
    expect(beats()).toBeGreaterThan(10);
    expect(await stop()).toBe('stopped');
  });

  it('lets time stand still while paused, but not its heartbeat', async () => {
    const cluster = new QuietCluster();
    const { pace, stop, beats } = start(cluster, 1);
    pace.pause();
    await sleep(50);
    const { ns } = cluster;
    const before = beats();
    await sleep(300);
    expect(cluster.ns).toBe(ns);
    expect(beats()).toBeGreaterThan(before);
    await stop();
  });

  it('lets others have their turn while a task is in user mode, and goes on when it comes back', async () => {
    const cluster = new QuietCluster();
    let comeBack = () => {};
    cluster.driver = new Promise((resolve) => {
      comeBack = resolve;
    });
    const { stop } = start(cluster, 1);
    await sleep(60);
    expect(cluster.ns).toBe(0);
    cluster.driver = undefined;
    comeBack();
    await sleep(60);
    expect(cluster.ns).toBeGreaterThan(0);
    expect(cluster.aborted).toEqual([]);
    await stop();
  });

  it('kills a task whose code does not come back', async () => {
    const cluster = new QuietCluster();
    cluster.driver = NEVER;
    const { stop } = start(cluster, 1, 50);
    await sleep(200);
    expect(cluster.aborted[0]).toBe(42);
    await stop();
  });
});
