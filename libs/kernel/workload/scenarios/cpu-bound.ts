import { webTree } from '@probed/system';
import { podsOn } from '../pod';
import type { Scenario } from '../scenario';
import { startNodeServices } from '../services';

/** More work than CPUs. */
export const CPU_BOUND: Scenario = {
  name: 'cpu-bound',
  description: 'six Python processes that compute, on fewer CPUs',
  teaches: 'CPU profiles and flame graphs, run-queue latency, preemption, migration',
  defaultDurationNs: 3e9,
  start(kernel, prng, addPod = podsOn(kernel)) {
    startNodeServices(kernel);
    const pod = addPod({
      name: 'report-0',
      ip: '10.244.1.61',
      image: 'registry.example.net/report:4.2',
      tree: webTree('report-0', '10.244.1.61'),
    });
    for (let i = 0; i < kernel.cpus + 2; i++)
      pod.launch({
        path: '/usr/bin/python3',
        argv: ['python3', '/srv/report.py', '30'],
        atNs: kernel.nowNs() + prng.between(1, 60) * 1e6,
      });
  },
};
