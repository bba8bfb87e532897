import { loadKernelImage, readCustomKernel } from '@probed/assets';
import { diagnostic, err, formatDiagnostic, ok, Prng, type Result, suggestion } from '@probed/base';
import { Cluster } from '@probed/cluster';
import { type KernelImage, Machine } from '@probed/machine';
import { installShell } from '@probed/shell';
import {
  CLUSTER_SCENARIOS,
  type ClusterScenario,
  findClusterScenario,
  startTypedSession,
} from '@probed/workload';
import type { KernelBoot } from '../kernel/commands';

/** Emulated memory of one node, bytes. */
export const NODE_MEMORY_BYTES = 512 * 1024 * 1024;
/** Digits of the boot id that make the ids of the scenario's own sessions differ from boot to boot. */
const SESSION_BOOT_DIGITS = 6;
const ENOENT = 2;

/** One node: its kernel with the BPF runtime. */
export interface ClusterNode {
  readonly name: string;
  readonly machine: Machine;
}

/** What this thread emulates. */
export interface BootedCluster {
  readonly scenario: ClusterScenario;
  readonly cluster: Cluster;
  readonly nodes: readonly ClusterNode[];
  /** CLOCK_MONOTONIC when it was booted, ns. */
  readonly startNs: number;
}

/** The scenario of that name. Errors: `no-such-scenario` with the nearest names. */
export function scenarioOf(name: string): Result<ClusterScenario> {
  const scenario = findClusterScenario(name);
  if (scenario) return ok(scenario);
  const hint = suggestion(
    name,
    CLUSTER_SCENARIOS.map((one) => one.name),
  );
  return err(diagnostic('no-such-scenario', `no scenario ${name}`, { errno: ENOENT, hint }));
}

/** @throws when the file that was good at the daemon's start is no more */
function kernelImage({ btf, release }: KernelBoot): KernelImage {
  if (btf === undefined && release === undefined) return loadKernelImage();
  if (btf === undefined) return loadKernelImage({ btf: loadKernelImage().btf, release });
  const custom = readCustomKernel(btf, release);
  if (!custom.ok) throw new Error(formatDiagnostic(custom.error));
  return loadKernelImage(custom.value);
}

/** Boots the scenario's nodes and starts its workload; virtual time stands still. @throws when there is no such scenario */
export function bootCluster(boot: KernelBoot): BootedCluster {
  const found = scenarioOf(boot.scenario);
  if (!found.ok) throw new Error(found.error.message);
  const scenario = found.value;
  const image = kernelImage(boot);
  const prng = new Prng(boot.seed);
  const nodes = scenario.nodes.map((name, index) => ({
    name,
    machine: new Machine({
      image,
      hostname: name,
      // Nodes alike would have the same pids and ids.
      seed: index === 0 ? boot.seed : prng.fork(`node:${name}`).u32(),
      epochNs: BigInt(boot.epoch_ns),
      memoryLimitBytes: NODE_MEMORY_BYTES,
    }),
  }));
  const cluster = new Cluster(nodes.map(({ machine }) => machine.kernel));
  for (const { name, machine } of nodes) {
    machine.kernel.drivers.onCrash = (pid, error) =>
      console.error(`probed: node ${name}: the code of task ${pid} failed: ${(error as Error)?.message}`);
    installShell(machine.kernel, {
      onLine: (note) => cluster.noteLine(name, note),
      onBuiltin: (note) => cluster.noteBuiltin(name, note),
    });
  }
  scenario.start(cluster, prng.fork(`scenario:${scenario.name}`), { rate: boot.rate });
  if (scenario.session)
    startTypedSession(cluster, scenario.session, prng.fork('session'), {
      newId: (n) => `demo-${boot.boot.slice(0, SESSION_BOOT_DIGITS)}-${n}`,
    });
  return { scenario, cluster, nodes, startNs: cluster.nowNs() };
}
