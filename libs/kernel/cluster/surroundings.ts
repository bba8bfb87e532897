import { dnsAnswer, type Kernel, parseIp, type RemoteHost, type Service } from '@probed/system';
import { API_SERVER_IP } from './kubelet-env';

const MS_NS = 1e6;
const encoder = new TextEncoder();

interface OutsideHost {
  readonly ip: string;
  readonly rttMs: number;
  readonly names: readonly string[];
  readonly lossRate?: number;
}

/** Hosts that no node emulates: the cluster's DNS, an API server, and servers on the internet. */
const HOSTS: Readonly<Record<string, OutsideHost>> = {
  dns: { ip: '10.96.0.10', rttMs: 0.4, names: ['kube-dns.kube-system.svc.cluster.local'] },
  apiServer: {
    ip: API_SERVER_IP,
    rttMs: 0.5,
    names: ['kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'],
  },
  example: { ip: '93.184.215.14', rttMs: 18, names: ['example.com', 'www.example.com'] },
  packages: { ip: '151.101.2.132', rttMs: 9, names: ['deb.debian.org', 'pypi.org'] },
  drop: { ip: '198.51.100.23', rttMs: 42, names: ['paste.example.net'], lossRate: 0.08 },
};

/** Addresses by name. */
export type Zone = ReadonlyMap<string, number>;

/** The names of {@link HOSTS}. */
export function outsideNames(): Map<string, number> {
  const zone = new Map<string, number>();
  for (const { ip, names } of Object.values(HOSTS)) for (const name of names) zone.set(name, address(ip));
  return zone;
}

/** An address that code of ours has written down. */
export function address(ip: string): number {
  const parsed = parseIp(ip);
  if (parsed === undefined) throw new Error(`invariant broken: address ${ip}`);
  return parsed;
}

/** A web server that answers every request with a page of `bytes` bytes after `thinkNs`. */
export function webService(bytes: number, thinkNs: number): Service {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${bytes}\r\n\r\n`;
  const data = encoder.encode(head + '.'.repeat(bytes));
  return () => ({ data, afterNs: thinkNs });
}

/** Gives a node its address and what it can reach outside. @param zone what the DNS knows, now and later */
export function connectNode(kernel: Kernel, ip: string, zone: Zone): void {
  kernel.net.addAddress(kernel.ns.initNet, address(ip));
  for (const [kind, host] of Object.entries(HOSTS)) {
    const dns = kind === 'dns';
    const remote: RemoteHost = {
      ip: address(host.ip),
      rttNs: host.rttMs * MS_NS,
      lossRate: host.lossRate,
      tcp: dns ? {} : { 80: webService(1_256, 3 * MS_NS), 443: webService(1_900, 4 * MS_NS) },
      udp: dns ? { 53: (query) => answer(query, zone) } : {},
    };
    kernel.net.addRemote(remote);
  }
}

function answer(query: Uint8Array, zone: Zone): ReturnType<Service> {
  const data = dnsAnswer(query, zone);
  return data && { data, afterNs: 0.2 * MS_NS };
}
