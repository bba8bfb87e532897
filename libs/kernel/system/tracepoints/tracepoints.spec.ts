import { loadReferenceKernel } from '@probed/assets';
import { Btf } from '@probed/btf';
import type { FieldValue } from '@probed/hooks';
import { KernelMemory } from '@probed/memory';
import { Kernel } from '../kernel';
import { shellTree } from '../vfs/images/containers';

const reference = loadReferenceKernel();
const parsed = Btf.parse(reference.btf);
if (!parsed.ok) throw new Error(parsed.error.message);
const btf = parsed.value;

/** Number of arguments of TP_PROTO, from the `btf_trace_X` typedef. */
function protoArgs(name: string): number | undefined {
  const id = btf.findByName(`btf_trace_${name}`, 'typedef');
  if (id === undefined) return undefined;
  const pointer = btf.resolve(id);
  const proto = pointer.kind === 'ptr' ? btf.resolve(pointer.typeId) : undefined;
  return proto?.kind === 'func_proto' ? proto.params.length - 1 : undefined;
}

const SCRIPT =
  'cat /cold; ls /tmp; cat /etc/passwd | wc; cp /etc/passwd /tmp/a; rm /tmp/a; cat /nope; curl http://10.0.0.9/; sleep 0.01';

test('every event that fires has the fields of its format file and the arguments of its prototype', () => {
  const kernel = new Kernel({ memory: new KernelMemory(), btf, symbols: reference.symbols, seed: 2 });
  const wrong = new Set<string>();
  const fired = new Set<string>();
  for (const { kind, name: path, state } of kernel.hooks.catalogue()) {
    if (kind !== 'tracepoint' || state !== 'live') continue;
    const [group, name] = path.split(':');
    const format = reference.tracepoints.get(group, name);
    if (!format) {
      wrong.add(`${path}: no such format`);
      continue;
    }
    const expected = format.fields.map((field) => field.name).sort();
    const count = group === 'syscalls' ? undefined : protoArgs(name);
    const hook = kernel.hooks.tracepoint(group, name)!;
    hook.record.add((fields: Readonly<Record<string, FieldValue>>) => {
      fired.add(path);
      const got = Object.keys(fields).sort();
      if (got.join() !== expected.join()) wrong.add(`${path}: ${got} instead of ${expected}`);
    });
    hook.raw.add((words) => {
      if (count !== undefined && words.length !== count)
        wrong.add(`${path}: ${words.length} words, not ${count}`);
    });
  }
  kernel.net.addAddress(kernel.ns.initNet, 0x0a000001);
  kernel.net.addRemote({ ip: 0x0a000009, rttNs: 1e6, tcp: {}, udp: {}, lossRate: 0.9 });
  const root = kernel.createRoot({ ...shellTree('p', '10.0.0.3'), cold: { size: 500_000, cold: true } });
  kernel.launch({ path: '/bin/bash', argv: ['bash', '-c', `${SCRIPT}; ${SCRIPT}; ${SCRIPT}`], root });
  kernel.run(kernel.nowNs() + 9e9);
  expect([...wrong]).toEqual([]);
  for (const path of [
    'sched:sched_switch',
    'net:net_dev_queue',
    'tcp:tcp_retransmit_skb',
    'block:block_rq_issue',
    'block:block_rq_complete',
    'irq:softirq_entry',
    'sched:sched_process_wait',
  ])
    expect(fired).toContain(path);
});
