import { parentPort, workerData } from 'node:worker_threads';
import { wallTimeOf } from '@probed/machine';
import { SharedRing } from '@probed/stream';
import type { KernelBoot, KernelCommands } from '../kernel/commands';
import { type CommandHandlers, serveRpc } from '../threads/rpc';
import { bootCluster, type ClusterNode } from './cluster-boot';
import { kernelCommands } from './commands';
import { Heartbeat } from './heartbeat';
import type { KernelHost } from './host';
import { MainLoop } from './main-loop';
import { ObjectTable } from './object-table';
import { Outlet } from './outlet';
import { collectOutputs, podIdentity } from './outputs';
import { Pace } from './pace';
import { RecordMaker } from './record-maker';
import { SessionWire, sendSessions } from './session-frames';

const NS_PER_MS = 1_000_000n;

/** Boots what the main thread asks for and serves it; time stands still until it says `go`. */
function start(boot: KernelBoot): void {
  const heartbeat = new Heartbeat(boot.heartbeat);
  heartbeat.begin();
  const booted = bootCluster(boot);
  const { cluster, nodes } = booted;
  const wallTime = (ns: number) => wallTimeOf(nodes[0].machine.kernel, ns);
  const objects = new ObjectTable();
  const identify = podIdentity(cluster);
  const records = new RecordMaker(boot.boot, nodes, objects, identify);
  const outlet = new Outlet(new SharedRing(boot.ring), (raw) => records.frame(raw));
  const sessions = new SessionWire(boot.boot, wallTime);
  sendSessions(cluster, sessions, (frame) => outlet.push(frame));
  for (const [index, { machine }] of nodes.entries())
    machine.tracePipe.read((line) => outlet.push(records.trace(index, line)));
  const pace = new Pace(cluster.nowNs(), performance.now(), boot.speed, () => catchUpWallClock(nodes));
  pace.pause();
  const drain = () => {
    if (!outlet.clogged) collectOutputs(nodes, outlet);
  };
  const loop = new MainLoop({
    cluster,
    pace,
    heartbeat,
    drain: (untilMs) => {
      drain();
      return outlet.flush(untilMs);
    },
    notify: () => outlet.notify(),
  });
  const host: KernelHost = {
    ...booted,
    boot,
    objects,
    pace,
    wallTime,
    sessions,
    drain,
    fail: (error) => loop.fail(error),
  };
  serveRpc(parentPort!, watched(kernelCommands(host), heartbeat, loop));
  heartbeat.end();
  // What it throws ends the thread, and the main thread boots another one.
  loop.run().catch((error: unknown) => {
    setImmediate(() => {
      throw error;
    });
  });
}

/** The code of shells is full of promises; one of them that goes wrong unheard is no reason to end everything else. */
function reportRejection(reason: unknown): void {
  const { name, message } = (reason ?? {}) as Partial<Error>;
  // Its task has been killed.
  if (name !== 'TaskExited')
    console.error(`probed: kernel thread: unhandled rejection: ${message ?? reason}`);
}

/** Records should tell the time of day: where emulated time has fallen behind, the nodes' clocks are set, never back. */
function catchUpWallClock(nodes: readonly ClusterNode[]): void {
  const behind = BigInt(Date.now()) * NS_PER_MS - nodes[0].machine.kernel.realtimeNs();
  if (behind <= 0n) return;
  for (const { machine } of nodes) machine.kernel.setRealtime(machine.kernel.realtimeNs() + behind);
}

/** Commands show that they are being worked on, and wake the loop when they are done. */
function watched(
  handlers: CommandHandlers<KernelCommands>,
  heartbeat: Heartbeat,
  loop: MainLoop,
): CommandHandlers<KernelCommands> {
  const wrapped = Object.entries(handlers).map(([name, handler]) => [
    name,
    async (params: never) => {
      heartbeat.begin();
      try {
        return await (handler as (params: never) => unknown)(params);
      } finally {
        heartbeat.end();
        loop.wake();
      }
    },
  ]);
  return Object.fromEntries(wrapped) as CommandHandlers<KernelCommands>;
}

process.on('unhandledRejection', reportRejection);
start(workerData as KernelBoot);
