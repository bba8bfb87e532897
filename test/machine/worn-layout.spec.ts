import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { Prng } from '@probed/base';
import type { Btf } from '@probed/btf';
import { type KernelImage, Machine, type OutputRecord } from '@probed/machine';
import { parseObject } from '@probed/object';
import { findScenario } from '@probed/workload';
import { shuffledBtf } from './shuffled-btf';
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
    renamed: {
      btf_trace_sched_process_hang: 'btf_trace_gone',
      filemap_read: 'generic_file_buffered_read',
      ovl_read_iter: 'vfs_only_there',
    },
    params: {
      vfs_create: ['mode', 'dir', 'dentry'],
      __traceiter_sched_switch: ['__data', 'next', 'prev'],
    },
  }),
  release: '5.10.0-43-cloud-amd64',
});

/** Most of what is modelled, in any order: what a pointer of another type is cast to stays in front. */
const SHUFFLED = [
  ...['task_struct', 'signal_struct', 'cred', 'nsproxy', 'pid', 'pid_namespace', 'uts_namespace', 'net'],
  ...['mm_struct', 'files_struct', 'fdtable', 'fs_struct', 'file', 'path', 'inode', 'dentry', 'mount'],
  ...['super_block', 'file_system_type', 'cgroup', 'css_set', 'kernfs_node', 'linux_binprm'],
  ...['sock', 'sock_common', 'inet_sock', 'tcp_sock', 'socket', 'proto', 'sk_buff', 'net_device'],
  ...['request', 'request_queue', 'gendisk', 'block_device', 'bio', 'trace_event_raw_sys_enter'],
  ...['trace_event_raw_sched_process_fork', 'trace_event_raw_sched_process_exec', 'trace_event_raw_block_rq'],
];

function shuffled(seed: number): KernelImage {
  const prng = new Prng(seed);
  return loadKernelImage({
    btf: shuffledBtf(reference.btf, new Set(SHUFFLED), (below) => prng.u32() % below),
  });
}

const example = (name: string) => join(__dirname, `../../examples/${name}/${name}.bpf.o`);

function recordsOf(image: KernelImage, file: string): string[] {
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
  (name) => {
    const seen = recordsOf(worn, example(name));
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).toEqual(recordsOf(reference, example(name)));
  },
);

// Tasks, credentials, namespaces, cgroups, files, sockets, block requests.
const KERNEL_OBJECTS = join(__dirname, 'fixtures/kernel_objects.bpf.o');

test.each([1, 2])('kernel objects read the same under shuffled structs (seed %i)', (seed) => {
  const image = shuffled(seed);
  const placeOf = (btf: Btf, struct: string, member: string) =>
    btf.memberOffset(btf.findByName(struct, 'struct')!, member);
  for (const [struct, member] of [
    ['task_struct', 'comm'],
    ['dentry', 'd_name.name'],
    ['request', '__sector'],
  ])
    expect(placeOf(image.btf, struct, member)).not.toBe(placeOf(reference.btf, struct, member));
  for (const file of [KERNEL_OBJECTS, example('execaudit'), example('tcpconnect')]) {
    const seen = recordsOf(image, file);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).toEqual(recordsOf(reference, file));
  }
});

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

test('functions of the worn kernel can be probed, under the names that it has for them', () => {
  const { hooks } = new Machine({ image: worn }).kernel;
  expect(hooks.kernelFunction('generic_file_buffered_read')).toMatchObject({ live: true });
  expect(hooks.kernelFunction('generic_file_buffered_read')).toBe(hooks.kernelFunction('filemap_read'));
  expect(hooks.kernelFunction('vfs_only_there')).toMatchObject({ live: false });
  expect(reference.symbols.has('vfs_only_there')).toBe(false);
});
