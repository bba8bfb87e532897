import { type Output, type OutputRecord, type TraceLine, wallTimeOf } from '@probed/machine';
import type { PodIdentity, TaskInfo, WireRecord } from '@probed/protocol';
import type { KernelFrame } from '../kernel/commands';
import type { ClusterNode } from './cluster-boot';
import { wireStacks } from './map-contents';
import type { ObjectTable } from './object-table';
import type { RawOutput } from './outlet';

type Origin = OutputRecord['origin'];

/** Makes records, as they go over the wire, of what programs emit: decoded, and attributed to task, pod and session. */
export class RecordMaker {
  private sequence = 0;

  constructor(
    private readonly boot: string,
    private readonly nodes: readonly ClusterNode[],
    private readonly objects: ObjectTable,
    private readonly identify: (node: string, cgroupId: number) => PodIdentity | undefined,
  ) {}

  frame({ node, output }: RawOutput): KernelFrame {
    return output.kind === 'record'
      ? this.record(this.nodes[node], output)
      : this.lost(this.nodes[node], output);
  }

  trace(node: number, { ns, cpu, pid, comm, text }: TraceLine): KernelFrame {
    const { name, machine } = this.nodes[node];
    const time = wallTimeOf(machine.kernel, ns);
    const line = { type: 'trace', boot: this.boot, ktime_ns: ns, time, node: name, cpu, pid, comm, text };
    return { type: 'trace', trace: line as typeof line & { type: 'trace' } };
  }

  private record({ name: node, machine }: ClusterNode, output: OutputRecord): KernelFrame {
    const { origin, bytes } = output;
    const { kernel } = machine;
    const source = this.objects.sourceOf(output.map);
    const maps = source.object.nodes.find((one) => one.node === node)?.collection.maps;
    const from = { pid: origin.tgid, maps, kernel };
    const { explained, stacks, ...typed } = source.object.decoder.decode(
      output.map,
      bytes,
      kernel.nowNs(),
      from,
    );
    const pod = this.identify(node, origin.cgroupId);
    const record: WireRecord = {
      type: 'record',
      boot: this.boot,
      sequence: ++this.sequence,
      ktime_ns: origin.ns,
      time: wallTimeOf(kernel, origin.ns),
      node,
      cpu: origin.cpu,
      object: source.object.name,
      program: origin.program,
      program_id: this.objects.programId(node, origin.programId),
      map: output.map.name,
      map_id: source.mapId,
      hook: origin.hook,
      task: taskOf(origin, kernel.cgroupPath(origin.cgroupId)),
      ...(pod && { pod }),
      ...(origin.execSession !== undefined && { session: origin.execSession }),
      ...typed,
      ...(explained && { explained: { ...explained } }),
      ...(stacks && { stacks: wireStacks(stacks) }),
    };
    return { type: 'record', record, json: JSON.stringify(record), raw: bytes };
  }

  private lost({ name: node, machine }: ClusterNode, output: Output & { kind: 'lost' }): KernelFrame {
    const { kernel } = machine;
    const { object, mapId } = this.objects.sourceOf(output.map);
    const lost = {
      type: 'lost' as const,
      boot: this.boot,
      time: wallTimeOf(kernel, kernel.nowNs()),
      node,
      object: object.name,
      map: output.map.name,
      map_id: mapId,
      ...(output.cpu !== undefined && { cpu: output.cpu }),
      count: output.count,
    };
    return { type: 'lost', lost };
  }
}

function taskOf(origin: Origin, cgroup: string | undefined): TaskInfo {
  const { pid, tgid, ppid, uid, comm, cgroupId } = origin;
  return { pid, tgid, ppid, uid, comm, cgroup_id: cgroupId, ...(cgroup !== undefined && { cgroup }) };
}
