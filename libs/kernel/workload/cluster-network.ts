import { connectNode, outsideNames } from '@probed/cluster';
import { type Kernel, parseIp } from '@probed/system';

const NODE_IP = '192.168.56.11';

/** Gives the node its address and its surroundings. @param services cluster names of pods, by name */
export function connectCluster(kernel: Kernel, services: Readonly<Record<string, string>>): void {
  const zone = outsideNames();
  for (const [name, ip] of Object.entries(services))
    for (const suffix of ['', '.default', '.default.svc.cluster.local'])
      zone.set(name + suffix, parseIp(ip)!);
  connectNode(kernel, NODE_IP, zone);
}
