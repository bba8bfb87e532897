import { dnsAnswer, type Kernel, parseIp, type RemoteHost, type Service } from '@probed/system';

const MS_NS = 1e6;
const encoder = new TextEncoder();

interface OutsideHost {
  readonly ip: string;
  readonly rttMs: number;
  readonly names: readonly string[];
  readonly lossRate?: number;
}

/** Hosts outside the node: the cluster's DNS, an API server, and servers on the internet. */
const HOSTS: Readonly<Record<string, OutsideHost>> = {
  dns: { ip: '10.96.0.10', rttMs: 0.4, names: ['kube-dns.kube-system.svc.cluster.local'] },
  apiServer: {
    ip: '10.96.0.1',
    rttMs: 0.5,
    names: ['kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'],
  },
  example: { ip: '93.184.215.14', rttMs: 18, names: ['example.com', 'www.example.com'] },
  packages: { ip: '151.101.2.132', rttMs: 9, names: ['deb.debian.org', 'pypi.org'] },
  drop: { ip: '198.51.100.23', rttMs: 42, names: ['paste.example.net'], lossRate: 0.08 },
};

/** Replies to anything with a page of `bytes` bytes after `thinkNs`. */
function page(bytes: number, thinkNs: number): Service {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${bytes}\r\n\r\n`;
  const data = encoder.encode(head + '.'.repeat(bytes));
  return () => ({ data, afterNs: thinkNs });
}

/** Gives the node its address and its surroundings. @param services cluster names of pods, by name */
export function connectCluster(kernel: Kernel, services: Readonly<Record<string, string>>): void {
  const zone = new Map<string, number>();
  for (const { ip, names } of Object.values(HOSTS)) for (const name of names) zone.set(name, parseIp(ip)!);
  for (const [name, ip] of Object.entries(services))
    for (const suffix of ['', '.default', '.default.svc.cluster.local'])
      zone.set(name + suffix, parseIp(ip)!);
  kernel.net.addAddress(kernel.ns.initNet, parseIp('192.168.56.11')!);
  for (const [kind, { ip, rttMs, lossRate }] of Object.entries(HOSTS)) {
    const host: RemoteHost = {
      ip: parseIp(ip)!,
      rttNs: rttMs * MS_NS,
      lossRate,
      tcp: kind === 'dns' ? {} : { 80: page(1_256, 3 * MS_NS), 443: page(1_900, 4 * MS_NS) },
      udp: kind === 'dns' ? { 53: (query) => answer(query, zone) } : {},
    };
    kernel.net.addRemote(host);
  }
}

function answer(query: Uint8Array, zone: ReadonlyMap<string, number>): ReturnType<Service> {
  const data = dnsAnswer(query, zone);
  return data && { data, afterNs: 0.2 * MS_NS };
}
