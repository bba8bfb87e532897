import type { Workload } from '@probed/protocol';
import { CLUSTER_SCENARIOS } from '@probed/workload';
import type { KernelCommands } from '../../kernel/commands';
import type { CommandHandlers } from '../../threads/rpc';
import { scenarioOf } from '../cluster-boot';
import type { KernelHost } from '../host';
import { orRefuse } from '../refuse';

type WorkloadCommands = 'workload.get' | 'workload.start' | 'workload.stop' | 'go';

/** What runs on the cluster, and how fast. */
export function workloadCommands(host: KernelHost): Pick<CommandHandlers<KernelCommands>, WorkloadCommands> {
  const { cluster, pace } = host;
  return {
    go: () => {
      pace.resume(performance.now(), cluster.nowNs());
      return null;
    },
    'workload.get': () => workload(host),
    'workload.start': ({ scenario, speed }) => {
      if (scenario !== undefined) orRefuse(scenarioOf(scenario));
      if (speed !== undefined) pace.setSpeed(speed, performance.now(), cluster.nowNs());
      if (pace.paused) pace.resume(performance.now(), cluster.nowNs());
      return workload(host);
    },
    'workload.stop': () => {
      pace.pause();
      return workload(host);
    },
  };
}

function workload({ boot, scenario, pace, cluster, startNs, wallTime, nodes }: KernelHost): Workload {
  return {
    scenario: scenario.name,
    state: pace.paused ? 'stopped' : 'running',
    seed: boot.seed,
    speed: pace.speed,
    rate: boot.rate,
    virtual_ns: cluster.nowNs() - startNs,
    time: wallTime(cluster.nowNs()),
    nodes: nodes.map(({ name }) => name),
    scenarios: CLUSTER_SCENARIOS.map(({ name, description }) => ({ name, description })),
  };
}
