import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { encodeBtf } from '@probed/btf';
import { exampleObject, Machine, type MachineOptions } from 'probed';
import { variantBtf } from '../machine/variant-btf';

/** The library's machine with the layout of another kernel: given as bytes, and as a file. */
const SHIFT = 64;
const OBJECT = join(__dirname, 'fixtures/library.bpf.o');
const reference = loadKernelImage();
const bytes = encodeBtf(
  variantBtf(reference.btf, {
    moved: { task_struct: SHIFT, sock_common: SHIFT, trace_event_raw_sched_process_exec: SHIFT },
    params: {
      vfs_write: ['count', 'file', 'buf', 'pos'],
      __traceiter_sched_switch: ['__data', 'next', 'prev'],
    },
  }),
);
const folder = mkdtempSync(join(tmpdir(), 'probed-btf-'));
const file = join(folder, 'vmlinux-5.10.btf');
writeFileSync(file, bytes);
afterAll(() => rmSync(folder, { recursive: true }));

describe.each<[string, MachineOptions, string]>([
  ['bytes', { btf: bytes, release: '5.10.0' }, '5.10.0'],
  ['a file, the release by its name', { btf: file }, '5.10'],
])('%s', (_how, options, release) => {
  const machine = new Machine(options);

  test('programs are fitted to it, and see the same', () => {
    expect(machine.release).toBe(release);
    const coll = machine.load(exampleObject('execaudit'));
    coll.attachAll();
    const shell = machine.task({ pid: 100, comm: 'bash' });
    const task = machine.task({ pid: 101, parent: shell, uid: 33, comm: 'id' });
    machine.fire('tracepoint:sched:sched_process_exec', { filename: '/usr/bin/id' }, { task });
    expect(coll.ringbuf('events').values()).toMatchObject([
      { pid: 101, ppid: 100, uid: 33, comm: 'id', filename: '/usr/bin/id' },
    ]);
  });

  test('objects have its layout, calls its order of arguments', () => {
    const sk = machine.struct('sock_common', { skc_num: 77 });
    expect(sk.bytes).toBe(new Machine().struct('sock_common').bytes + SHIFT);
    expect(sk.read().skc_num).toBe(77);
    const coll = machine.load(OBJECT, { programs: ['write_entry'] });
    coll.attachAll();
    // The program takes the third word, which is `buf` there.
    machine.call('vfs_write', { args: { count: 5, buf: 9 } });
    expect(coll.variables.words[0]).toBe(9n);
    machine.call('vfs_write', { args: [1, 2, 3] });
    expect(coll.variables.words[0]).toBe(3n);
  });
});

test.each<[string, MachineOptions, RegExp]>([
  ['no BTF', { btf: new Uint8Array(64) }, /BTF|magic/],
  ['no such file', { btf: join(folder, 'gone.btf') }, /no such file|ENOENT/],
  ['neither bytes nor a path', { btf: 5 as never }, /neither bytes nor a path/],
])('%s is refused', (_what, options, message) => {
  expect(() => new Machine(options)).toThrow(message);
});
