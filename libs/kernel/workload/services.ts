import { databaseTree, type Kernel, webTree } from '@probed/system';
import { connectCluster } from './cluster-network';
import type { NodePod, PodMaker } from './pod';

const SECOND_NS = 1e9;

/**
 * What runs on every node: the container runtime, kubelet, cron.
 * @param delayNs nodes that boot together do not do everything at the same moment
 */
export function startNodeServices(kernel: Kernel, cronEverySeconds = 60, delayNs = 0): void {
  const now = kernel.nowNs() + delayNs;
  kernel.launch({
    path: '/usr/bin/containerd',
    argv: ['/usr/bin/containerd'],
    cgroup: '/system.slice/containerd.service',
    atNs: now + 1e6,
  });
  kernel.launch({
    path: '/usr/bin/kubelet',
    argv: ['/usr/bin/kubelet', '--config=/var/lib/kubelet/config.yaml'],
    cgroup: '/system.slice/kubelet.service',
    atNs: now + 4e6,
  });
  kernel.launch({
    path: '/usr/sbin/cron',
    argv: ['/usr/sbin/cron', String(cronEverySeconds)],
    cgroup: '/system.slice/cron.service',
    atNs: now + 7e6,
  });
}

/** A web pod and a database pod that talk to each other, and clients that ask. */
export function startShop(
  kernel: Kernel,
  addPod: PodMaker,
  requestsPerSecond: number,
): { web: NodePod; database: NodePod } {
  const web = addPod({
    name: 'web-7d4b9c6f5-x2x8z',
    ip: '10.244.1.17',
    image: 'docker.io/library/nginx:1.29',
    tree: webTree('web-7d4b9c6f5-x2x8z', '10.244.1.17'),
  });
  const database = addPod({
    name: 'db-0',
    ip: '10.244.1.23',
    image: 'docker.io/library/postgres:16',
    tree: databaseTree('db-0', '10.244.1.23'),
    uid: 999,
  });
  connectCluster(kernel, { web: web.ip, db: database.ip });
  const now = kernel.nowNs();
  web.launch({ path: '/usr/sbin/nginx', argv: ['nginx', '-g', 'daemon off;'], atNs: now + 12e6 });
  database.launch({
    path: '/usr/lib/postgresql/16/bin/postgres',
    argv: ['postgres', '-D', '/var/lib/postgresql/data'],
    uid: 999,
    gid: 999,
    atNs: now + 15e6,
  });
  const client = (target: NodePod, port: number, rate: number, atNs: number) =>
    web.launch({
      path: '/usr/bin/wrk',
      argv: ['wrk', target.ip, String(port), String(rate)],
      uid: 1000,
      gid: 1000,
      atNs: now + atNs,
    });
  client(web, 80, requestsPerSecond, 0.1 * SECOND_NS);
  client(database, 5432, requestsPerSecond / 4, 0.12 * SECOND_NS);
  return { web, database };
}
