import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { Btf, BtfBuilder } from '@probed/btf';
import { checkedKernel, checkObject, kernelFacts, type ProgramCheck } from '@probed/machine';
import { parseObject } from '@probed/object';
import { type Variant, variantBtf } from './variant-btf';

const reference = loadKernelImage();
const ROOT = join(__dirname, '../..');

function check(file: string, btf: Btf): ProgramCheck[] {
  const object = parseObject(readFileSync(join(ROOT, file)), file);
  if (!object.ok) throw new Error(object.error.message);
  const image = loadKernelImage({ btf, release: '5.4' });
  return checkObject(object.value, checkedKernel(kernelFacts(image, 4), reference.btf));
}

const OPENSNOOP = 'examples/opensnoop/opensnoop.bpf.o';
const EXECAUDIT = 'examples/execaudit/execaudit.bpf.o';

test.each([OPENSNOOP, EXECAUDIT, 'examples/tcpconnect/tcpconnect.bpf.o'])('%s loads on 6.18', (file) => {
  expect(check(file, reference.btf).map(({ verdict, gap, doubt }) => ({ verdict, gap, doubt }))).toEqual([
    { verdict: 'loads' },
    { verdict: 'loads' },
  ]);
});

test('a missing field is a fault where it is reached, and none where it is guarded', () => {
  const [entry, reaches] = check('libs/bpf/object/fixtures/core.bpf.o', reference.btf);
  expect(entry.verdict).toBe('loads');
  expect(entry.guarded.map(({ subject }) => subject)).toContain('task_struct.no_such_field');
  expect(reaches).toMatchObject({
    verdict: 'fails',
    gap: {
      kind: 'field',
      subject: 'task_struct.no_such_field',
      message: "struct task_struct has no member 'no_such_field'",
      relocation: 0,
      spec: '<byte_off> [5] struct task_struct.no_such_field (0:3 @ offset 16)',
      source: { file: expect.stringContaining('core.bpf.c'), line: expect.any(Number) },
    },
  });
});

test.each<[string, string, Variant, object]>([
  [
    'a renamed member',
    EXECAUDIT,
    { moved: { task_struct: 0 }, renamedMembers: { 'task_struct.real_parent': '_real_parent' } },
    { kind: 'field', message: "struct task_struct has no member 'real_parent' (has '_real_parent')" },
  ],
  [
    'a missing struct',
    EXECAUDIT,
    { renamed: { task_struct: 'proc' } },
    { kind: 'type', message: 'no struct task_struct' },
  ],
  [
    'a missing helper',
    EXECAUDIT,
    { withoutEnumerators: new Set(['BPF_FUNC_ringbuf_reserve']) },
    { kind: 'helper', subject: 'bpf_ringbuf_reserve' },
  ],
  [
    'a missing map type',
    EXECAUDIT,
    { withoutEnumerators: new Set(['BPF_MAP_TYPE_RINGBUF']) },
    { kind: 'map-type', subject: 'BPF_MAP_TYPE_RINGBUF' },
  ],
  [
    'a missing program type',
    OPENSNOOP,
    { withoutEnumerators: new Set(['BPF_PROG_TYPE_TRACEPOINT']) },
    { kind: 'program-type', subject: 'BPF_PROG_TYPE_TRACEPOINT' },
  ],
])('%s is named', (_what, file, variant, gap) => {
  const checks = check(file, variantBtf(reference.btf, variant));
  expect(checks.find(({ verdict }) => verdict === 'fails')?.gap).toMatchObject(gap);
});

test('a function that cannot be probed there is a doubt, no failure', () => {
  const btf = variantBtf(reference.btf, { renamed: { tcp_v4_connect: '__tcp_v4_connect' } });
  for (const { verdict, doubt } of check('examples/tcpconnect/tcpconnect.bpf.o', btf)) {
    expect(verdict).toBe('loads');
    expect(doubt?.message).toContain("function 'tcp_v4_connect' is not in its BTF (has '__tcp_v4_connect')");
  }
});

test('BTF that holds only what one tool needs is enough to relocate', () => {
  const builder = new BtfBuilder();
  const long = builder.int('long', 8, { signed: true });
  const args = builder.array(long, 6, long);
  builder.struct('trace_event_raw_sys_enter', 64, [{ name: 'args', typeId: args, offsetBits: 128 }]);
  builder.struct('trace_event_raw_sys_exit', 24, [{ name: 'ret', typeId: long, offsetBits: 128 }]);
  const parsed = Btf.parse(builder.finish());
  if (!parsed.ok) throw new Error(parsed.error.message);
  expect(check(OPENSNOOP, parsed.value).map(({ verdict }) => verdict)).toEqual(['loads', 'loads']);
  expect(check(EXECAUDIT, parsed.value).map(({ gap }) => gap?.kind)).toContain('type');
});
