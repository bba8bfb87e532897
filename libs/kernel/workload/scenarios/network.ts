import { shellTree } from '@probed/system';
import { podsOn } from '../pod';
import type { Scenario } from '../scenario';
import { startNodeServices, startShop } from '../services';

const TARGETS = [
  'http://web/',
  'http://example.com/',
  'https://pypi.org/simple/',
  'https://paste.example.net/raw',
  'http://db:9999/',
  'http://no-such-host.example/',
] as const;

/** Connections of every kind. */
export const NETWORK: Scenario = {
  name: 'network',
  description: 'HTTP and SQL traffic between pods, DNS, TLS, refused connections and unknown hosts',
  teaches: 'TCP states and lifetimes, connect and accept, DNS latency, plain text of TLS through uprobes',
  defaultDurationNs: 4e9,
  start(kernel, prng, addPod = podsOn(kernel)) {
    startNodeServices(kernel);
    startShop(kernel, addPod, 200);
    const pod = addPod({
      name: 'probe-0',
      ip: '10.244.1.51',
      image: 'docker.io/library/debian:12',
      tree: shellTree('probe-0', '10.244.1.51'),
    });
    const script = Array.from({ length: 80 }, () => `curl ${prng.pick(TARGETS)}; sleep 0.03`).join('; ');
    pod.launch({ path: '/bin/bash', argv: ['bash', '-c', script], atNs: kernel.nowNs() + 0.2e9 });
  },
};
