import { Btf } from '@probed/btf';
import { KernelMemory } from '@probed/memory';
import { Kernel, type KernelSymbols, type Program, shellTree } from '@probed/system';
import { Cluster } from './cluster';
import type { Pod } from './pod';

const SECOND_NS = 1e9;

/** What a kernel is made of. */
interface Reference {
  readonly btf: Uint8Array;
  readonly symbols: KernelSymbols;
}

/** Boots kernels of one image, each with the name of its node. */
function booter({ btf: bytes, symbols }: Reference): (hostname: string, seed: number) => Kernel {
  const btf = Btf.parse(bytes);
  if (!btf.ok) throw new Error(btf.error.message);
  return (hostname, seed) =>
    new Kernel({ memory: new KernelMemory(), btf: btf.value, symbols, seed, hostname });
}

/** `leave COMMAND…`: starts it in a session of its own and is gone, as daemons begin. */
const LEAVE: Program = {
  name: 'leave',
  image: { path: '/usr/bin/leave', symbols: ['main'], entry: ['main'] },
  *main(u) {
    const [, command, ...args] = u.argv;
    yield* u.fork(function* (child) {
      yield* child.setsid();
      yield* child.exec(command, [command, ...args]);
      return 127;
    });
    return 0;
  },
};

/** Kernels and clusters to test with. */
export function fixtures(reference: Reference) {
  const bootNode = booter(reference);
  return { bootNode, smallCluster: (seed = 5) => smallCluster(bootNode, seed) };
}

/** Two nodes; on the first a pod with a shell container and a sidecar, on the second a pod with one container. */
function smallCluster(
  bootNode: ReturnType<typeof booter>,
  seed: number,
): { cluster: Cluster; box: Pod; far: Pod } {
  const cluster = new Cluster([bootNode('node-1', seed), bootNode('node-2', seed + 1)]);
  for (const { kernel } of cluster.nodes) kernel.programs.register(LEAVE);
  const tree = (name: string, ip: string) => ({
    ...shellTree(name, ip),
    'srv/plain.txt': 'no program\n',
    'usr/bin/leave': { program: LEAVE.name },
  });
  const box = cluster.addPod({
    name: 'box-5f6d8-k2x4z',
    namespace: 'team',
    node: 'node-1',
    ip: '10.244.1.5',
    labels: { app: 'box' },
    containers: [
      { name: 'shell', image: 'debian:12', tree: tree('box-5f6d8-k2x4z', '10.244.1.5') },
      { name: 'sidecar', image: 'sidecar:1', tree: tree('box-5f6d8-k2x4z', '10.244.1.5'), uid: 1000 },
    ],
  });
  const far = cluster.addPod({
    name: 'far-0',
    node: 'node-2',
    ip: '10.244.2.5',
    containers: [{ name: 'main', image: 'debian:12', tree: tree('far-0', '10.244.2.5') }],
    ports: { 80: () => ({ data: new TextEncoder().encode('HTTP/1.1 200 OK\r\n\r\nhi'), afterNs: 1e5 }) },
  });
  return { cluster, box, far };
}

/** Lets so many virtual seconds pass. */
export function pass(cluster: Cluster, seconds: number): void {
  cluster.run(cluster.nowNs() + seconds * SECOND_NS);
}
