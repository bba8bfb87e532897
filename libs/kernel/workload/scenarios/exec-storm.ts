import { shellTree } from '@probed/system';
import { podsOn } from '../pod';
import type { Scenario } from '../scenario';
import { startNodeServices } from '../services';

const SCRIPT = Array.from(
  { length: 400 },
  (_, i) => ['true', 'date', 'uname', 'hostname', `echo ${i}`][i % 5],
).join('; ');

/** Nothing but short processes. */
export const EXEC_STORM: Scenario = {
  name: 'exec-storm',
  description: 'two shells that start one short process after the other',
  teaches:
    'fork, exec and exit at a high rate: ring buffers that overflow, short-lived pids, scheduler latency',
  defaultDurationNs: 3e9,
  start(kernel, prng, addPod = podsOn(kernel)) {
    startNodeServices(kernel);
    const pod = addPod({
      name: 'build-1',
      ip: '10.244.1.31',
      image: 'registry.example.net/build:11',
      tree: shellTree('build-1', '10.244.1.31'),
    });
    for (let i = 0; i < 2; i++)
      pod.launch({
        path: '/bin/bash',
        argv: ['bash', '-c', Array.from({ length: 6 }, () => SCRIPT).join('; ')],
        atNs: kernel.nowNs() + prng.between(1, 20) * 1e6,
      });
  },
};
