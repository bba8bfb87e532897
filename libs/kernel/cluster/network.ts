import type { Kernel } from '@probed/system';
import type { Pod } from './pod';
import type { PodSpec } from './pod-spec';
import { address, connectNode, outsideNames } from './surroundings';

/** Round trip between pods on different nodes, ns. */
const NODE_TO_NODE_NS = 380_000;
const NODE_IP_BASE = 11;

/** One node's end of the cluster's network. */
interface NodeEnd {
  readonly kernel: Kernel;
  readonly ip: string;
  /** What its pods' DNS answers. */
  readonly zone: Map<string, number>;
}

/**
 * What pods can reach: hosts outside, each other by address and name. Pods on the same node talk through that node's
 * kernel; a pod on another node is a host outside that answers on the ports its spec names.
 */
export class ClusterNetwork {
  private readonly ends = new Map<string, NodeEnd>();

  addNode(name: string, kernel: Kernel): string {
    const ip = `192.168.56.${NODE_IP_BASE + this.ends.size}`;
    const zone = outsideNames();
    zone.set(name, address(ip));
    connectNode(kernel, ip, zone);
    this.ends.set(name, { kernel, ip, zone });
    return ip;
  }

  /** Makes a pod known to the other nodes, and its name to all. */
  addPod(pod: Pod, spec: PodSpec): void {
    for (const [node, { kernel }] of this.ends) {
      if (node === pod.node) continue;
      kernel.net.addRemote({
        ip: address(pod.ip),
        rttNs: NODE_TO_NODE_NS,
        tcp: spec.ports ?? {},
        udp: {},
      });
    }
    this.addNames(pod.name, pod.namespace, () => pod);
  }

  /** A service name: pods ask the one of `pods` on their own node if there is one, else the first. */
  addService(name: string, namespace: string, pods: readonly Pod[]): void {
    this.addNames(name, namespace, (node) => pods.find((pod) => pod.node === node) ?? pods[0]);
  }

  private addNames(name: string, namespace: string, target: (node: string) => Pod): void {
    const suffixes = ['', `.${namespace}`, `.${namespace}.svc`, `.${namespace}.svc.cluster.local`];
    for (const [node, { zone }] of this.ends)
      for (const suffix of suffixes) zone.set(name + suffix, address(target(node).ip));
  }
}
