import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { type KernelImage, Machine, type OutputRecord } from '@probed/machine';
import { parseObject } from '@probed/object';
import { findScenario } from '@probed/workload';
import { variantBtf } from './variant-btf';

/** A kernel that wears another layout shows programs the same values at other places. */
const reference = loadKernelImage();
const SHIFT = 64;
const TRACEPOINT = 'sched_process_exec';
const worn = loadKernelImage({
  btf: variantBtf(reference.btf, {
    moved: {
      task_struct: SHIFT,
      mm_struct: SHIFT,
      sock_common: SHIFT,
      trace_event_raw_sched_process_exec: SHIFT,
    },
    renamedMembers: { 'task_struct.__state': 'state' },
    renamed: { btf_trace_sched_process_hang: 'btf_trace_gone' },
    params: {
      vfs_create: ['mode', 'dir', 'dentry'],
      __traceiter_sched_switch: ['__data', 'next', 'prev'],
    },
  }),
  release: '5.10.0-43-cloud-amd64',
});

function recordsOf(image: KernelImage, example: string): string[] {
  const file = join(__dirname, `../../examples/${example}/${example}.bpf.o`);
  const object = parseObject(readFileSync(file), file);
  if (!object.ok) throw new Error(object.error.message);
  const machine = new Machine({ image });
  const loaded = machine.load({ object: object.value });
  if (!loaded.ok) throw new Error(loaded.error.message);
  for (const program of loaded.value.programs)
    expect(loaded.value.attach(program)).toMatchObject({ ok: true });
  machine.start(findScenario('demo')!);
  const records: OutputRecord[] = [];
  machine.run(2e9, (output) => output.kind === 'record' && records.push(output));
  return records.map(({ bytes }) => Buffer.from(bytes).toString('hex'));
}

// execaudit walks task_struct, tcpconnect reads struct sock, the others tracepoint records.
test.each(['execaudit', 'tcpconnect', 'opensnoop'])(
  '%s gives the same records under a moved layout',
  (example) => {
    const seen = recordsOf(worn, example);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).toEqual(recordsOf(reference, example));
  },
);

test('objects are written where the worn BTF has their members', () => {
  const [before, after] = [reference, worn].map((image) => {
    const { kernel } = new Machine({ image });
    const offsetOf = (member: string) =>
      image.btf.memberOffset(image.btf.findByName('task_struct', 'struct')!, member)!;
    const comm = kernel.init.offset + offsetOf('comm');
    const { u8 } = kernel.memory;
    return {
      comm: Buffer.from(u8.subarray(comm, comm + 7)).toString(),
      pid: offsetOf('pid'),
      layout: kernel.layout.task,
    };
  });
  expect(after.comm).toBe('(system');
  expect(after.comm).toBe(before.comm);
  expect(after.pid).toBe(before.pid + SHIFT);
  expect(after.layout.__state.offset).toBe(before.layout.__state.offset + SHIFT);
});

test('the release is what uname and LINUX_KERNEL_VERSION say', () => {
  const machine = new Machine({ image: worn });
  expect(machine.kernel.uname.release).toBe('5.10.0-43-cloud-amd64');
  expect(machine.facts.versionCode).toBe(0x50a00);
});

test('tracepoint records are those of the worn BTF; what it lacks is not there', () => {
  const [before, after] = [reference, worn].map(({ tracepoints }) => tracepoints.get('sched', TRACEPOINT)!);
  expect(after.fields.map(({ name, offset }) => [name, offset])).toEqual(
    before.fields.map(({ name, offset }) => [name, offset + SHIFT]),
  );
  expect(after.fields.map(({ declaration }) => declaration)).toEqual(
    before.fields.map(({ declaration }) => declaration),
  );
  expect(worn.tracepoints.has('sched', 'sched_process_hang')).toBe(false);
  expect(reference.tracepoints.has('sched', 'sched_process_hang')).toBe(true);
});

test('arguments come in the order of the worn prototypes', () => {
  const { kernel } = new Machine({ image: worn });
  const hook = kernel.hooks.kernelFunction('vfs_create')!;
  // The reference kernel's vfs_create(idmap, dentry, mode, …) has what a name matches; `dir` follows from its BTF.
  const proto = reference.btf.type(reference.btf.findByName('vfs_create', 'func')!);
  const params = proto.kind === 'func' ? reference.btf.type(proto.typeId) : undefined;
  const names = params?.kind === 'func_proto' ? params.params.map(({ name }) => name) : [];
  const seen: (readonly number[])[] = [];
  hook.entry.add(({ args }) => seen.push(args));
  hook.call(
    names.map((_, i) => i + 100),
    () => 0,
  );
  expect(seen).toEqual([['mode', 'dir', 'dentry'].map((name) => names.indexOf(name) + 100)]);
  const switches: (readonly number[])[] = [];
  kernel.hooks.rawTracepoint('sched_switch')!.raw.add((words) => switches.push(words));
  kernel.run(kernel.nowNs() + 50e6);
  expect(switches.length).toBeGreaterThan(0);
  expect(switches.every((words) => words.length === 2)).toBe(true);
});
