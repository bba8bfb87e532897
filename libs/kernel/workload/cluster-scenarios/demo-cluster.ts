import type { Cluster, Pod } from '@probed/cluster';
import { webService } from '@probed/cluster';
import { databaseTree, shellTree, webTree } from '@probed/system';
import type { ClusterScenario } from '../cluster-scenario';
import { LOG_AGENT, LOG_AGENT_FILES } from '../programs/log-agent';
import { REDIS, REDIS_FILES } from '../programs/redis';
import { startNodeServices } from '../services';
import type { ExecScript } from '../typed-session';

const NODES = ['node-1', 'node-2'] as const;
const NAMESPACE = 'shop';
const WEB = { image: 'docker.io/library/nginx:1.29', app: 'web', hash: '7d4b9c6f5' };

/** Requests a second at rate 1. */
const RATES = { web: 6, database: 2, cache: 5 } as const;
const NODE_DELAY_NS = 377e6;
/** Requests a second that one load generator is asked for at most. */
const RATE_MAX = 300;

/** Somebody looks around in the web server, takes what they find, and tries to get tools. */
const SESSION: ExecScript = {
  pod: `web-${WEB.hash}-x2x8z`,
  namespace: NAMESPACE,
  container: 'nginx',
  user: 'alice@example.com',
  command: ['bash'],
  lines: [
    'id',
    'ls -la /var/www/html',
    'ps aux',
    'cat /var/run/secrets/kubernetes.io/serviceaccount/token; echo',
    'curl -s http://web.shop.svc/ | head -n 3',
    'curl -s https://paste.example.net/upload | wc -c',
    'apt-get install -y nmap',
    '/srv/backup.sh',
    'cat /etc/kubernetes/admin.conf',
    'exit',
  ],
  thinkNs: 0.9e9,
  everyNs: 40e9,
};

function web(cluster: Cluster, node: string, suffix: string, ip: string, sidecar: boolean): Pod {
  const name = `${WEB.app}-${WEB.hash}-${suffix}`;
  const nginx = {
    name: 'nginx',
    image: WEB.image,
    tree: webTree(name, ip),
    command: ['/usr/sbin/nginx', '-g', 'daemon off;'],
    env: { NGINX_VERSION: '1.29.0' },
  };
  const logAgent = {
    name: 'log-agent',
    image: 'registry.example.net/log-agent:3.1',
    tree: { ...shellTree(name, ip), ...LOG_AGENT_FILES },
    command: ['/opt/log-agent/bin/log-agent', '-c', '/etc/log-agent.conf'],
  };
  return cluster.addPod({
    name,
    namespace: NAMESPACE,
    node,
    ip,
    labels: { app: WEB.app, 'pod-template-hash': WEB.hash },
    containers: sidecar ? [nginx, logAgent] : [nginx],
    ports: { 80: webService(10_671, 0.4e6) },
  });
}

function database(cluster: Cluster): Pod {
  const [name, ip] = ['db-0', '10.244.1.23'];
  const container = {
    name: 'postgres',
    image: 'docker.io/library/postgres:16',
    tree: databaseTree(name, ip),
    command: ['/usr/lib/postgresql/16/bin/postgres', '-D', '/var/lib/postgresql/data'],
    uid: 999,
    env: { PGDATA: '/var/lib/postgresql/data' },
  };
  return cluster.addPod({
    name,
    namespace: NAMESPACE,
    node: NODES[0],
    ip,
    labels: { app: 'db' },
    containers: [container],
    ports: { 5432: () => ({ data: new Uint8Array(400), afterNs: 0.5e6 }) },
  });
}

function cache(cluster: Cluster): Pod {
  const [name, ip] = ['cache-0', '10.244.2.31'];
  const container = {
    name: 'redis',
    image: 'docker.io/library/redis:8',
    tree: { ...shellTree(name, ip), ...REDIS_FILES },
    command: ['redis-server', '*:6379'],
    uid: 999,
  };
  return cluster.addPod({
    name,
    namespace: NAMESPACE,
    node: NODES[1],
    ip,
    labels: { app: 'cache' },
    containers: [container],
    ports: { 6379: () => ({ data: new TextEncoder().encode('$5\r\nhello\r\n'), afterNs: 0.05e6 }) },
  });
}

function toolbox(cluster: Cluster): void {
  const [name, ip] = ['toolbox', '10.244.1.40'];
  const shell = { name: 'shell', image: 'docker.io/library/debian:12', tree: shellTree(name, ip) };
  cluster.addPod({
    name,
    namespace: 'default',
    node: NODES[0],
    ip,
    labels: { run: name },
    containers: [shell],
  });
}

/** Load generators in a pod's first container that together ask `target` so many times a second. */
function load(from: Pod, target: Pod, port: number, perSecond: number): void {
  const generators = Math.ceil(perSecond / RATE_MAX);
  const [container] = from.containers;
  for (let i = 0; i < generators; i++)
    container.launch({
      path: '/usr/bin/wrk',
      argv: ['wrk', target.ip, String(port), String(perSecond / generators)],
      uid: 1000,
      gid: 1000,
      atNs: container.kernel.nowNs() + 0.1e9 + i * 7e6,
    });
}

/** What the daemon runs unless told otherwise. */
export const DEMO_CLUSTER: ClusterScenario = {
  name: 'demo-cluster',
  description: 'a shop on two nodes: web servers, a database, a cache, a toolbox, and somebody in a shell',
  teaches: 'auditing kubectl exec sessions, and telling whose container an event comes from',
  nodes: NODES,
  session: SESSION,
  start(cluster, _prng, { rate = 1 } = {}) {
    for (const [i, { kernel }] of cluster.nodes.entries()) {
      kernel.programs.register(REDIS);
      kernel.programs.register(LOG_AGENT);
      startNodeServices(kernel, undefined, i * NODE_DELAY_NS);
    }
    const first = web(cluster, NODES[0], 'x2x8z', '10.244.1.17', true);
    const second = web(cluster, NODES[1], 'q8k4m', '10.244.2.18', false);
    const db = database(cluster);
    const redis = cache(cluster);
    toolbox(cluster);
    cluster.addService('web', NAMESPACE, [first, second]);
    cluster.addService('db', NAMESPACE, [db]);
    cluster.addService('cache', NAMESPACE, [redis]);
    // Who talks a lot shares a node; what crosses over goes to a stand-in.
    load(first, first, 80, RATES.web * rate);
    load(first, db, 5432, RATES.database * rate);
    load(second, redis, 6379, RATES.cache * rate);
    load(second, second, 80, (RATES.web * rate) / 2);
    load(second, db, 5432, (RATES.database * rate) / 4);
  },
};
