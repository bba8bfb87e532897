import { loadKernelImage } from '@probed/assets';
import { toHex } from '@probed/base';
import { assemble, encodeInsns } from '@probed/isa';
import { helperByName } from '@probed/spec';
import { readCase } from './batch-case';
import { CaseRunner } from './case-runner';

const image = loadKernelImage();
const jit = new CaseRunner(image, 'jit', 1);
const interpreter = new CaseRunner(image, 'interp', 1);

function code(source: string): string {
  const made = assemble(source, { helperId: (name) => helperByName(name)?.id });
  if (!made.ok) throw new Error(made.error.message);
  for (const [slot, name] of made.value.symbols) made.value.insns[slot].imm = Number(name);
  return toHex(encodeInsns(made.value.insns));
}

/** What both engines say. */
function run(document: Readonly<Record<string, unknown>>) {
  const one = readCase(document, image.btf);
  const { outcome, verified } = jit.run(one, 4);
  expect(interpreter.run(one, 4, verified).outcome).toEqual(outcome);
  return outcome;
}

const PACKET = `ffffffffffff0200000000010800${'45'.repeat(20)}`;
const COUNT_IN_MAP = `
  r6 = r1
  *(u32 *)(r10 - 4) = 1
  r2 = r10
  r2 += -4
  r1 = map[0]
  call map_lookup_elem
  if r0 == 0 goto out
  r1 = *(u64 *)(r0 + 0)
  r1 += 1
  *(u64 *)(r0 + 0) = r1
  r0 = *(u32 *)(r6 + 0)
out:
  exit`;

test('a packet program with a map that has an entry', () => {
  const maps = [
    {
      type: 'hash',
      key: 4,
      value: 8,
      max: 16,
      flags: 0,
      entries: [{ key: '01000000', value: '0900000000000000' }],
    },
  ];
  const outcome = run({ type: 'sched_cls', insns: code(COUNT_IN_MAP), maps, data: PACKET, dump: true });
  expect(outcome).toMatchObject({
    verdict: 'accept',
    errno: 0,
    run_errno: 0,
    retval: PACKET.length / 2,
    data_out: PACKET,
    maps: [[['01000000', '0a00000000000000']]],
  });
});

test('a refusal has the errno and the last lines of the log', () => {
  expect(run({ type: 'xdp', insns: code('r0 = r5\nexit'), data: PACKET })).toEqual({
    verdict: 'reject',
    errno: 13,
    log: [
      '0: R1=ctx() R10=fp0',
      '0: (bf) r0 = r5',
      'R5 !read_ok',
      expect.stringMatching(/^processed 1 insns/),
    ],
  });
});

test.each([
  ['a type without test runs', { type: 'kprobe' }, 524],
  ['a packet that is too short', { type: 'sched_cls', data: '00' }, 22],
  ['a packet in parts', { type: 'xdp', data: '00'.repeat(3600) }, 95],
  ['a context for somebody else', { type: 'sched_cls', data: PACKET, ctx: '01' }, 22],
  ['a raw tracepoint with a packet', { type: 'raw_tracepoint', data: PACKET }, 22],
])('accepted and not run: %s', (_name, document, errno) => {
  const outcome = run({ insns: code('r0 = 0\nexit'), ...document });
  expect(outcome).toMatchObject({ verdict: 'accept', errno: 0, run_errno: errno });
  expect(outcome.run_error).toMatch(/\w/);
  expect(outcome.retval).toBeUndefined();
});

test('capabilities of the loader', () => {
  const document = { type: 'xdp', insns: code('r0 = 0\nexit'), data: PACKET };
  expect(run({ ...document, caps: ['bpf', 'net_admin'] }).verdict).toBe('accept');
  expect(run({ ...document, caps: ['CAP_BPF'] })).toMatchObject({ verdict: 'reject', errno: 1 });
});

test('words of a raw tracepoint, the buffer of a syscall program', () => {
  const second = code('r0 = *(u64 *)(r1 + 8)\nexit');
  const ctx = '01000000000000002a00000000000000';
  expect(run({ type: 'raw_tracepoint', insns: second, ctx })).toMatchObject({ run_errno: 0, retval: 42 });
  expect(run({ type: 'raw_tracepoint', insns: second, ctx: ctx.slice(16) })).toMatchObject({ run_errno: 22 });
  const writes = code('r2 = 7\n*(u64 *)(r1 + 0) = r2\nr0 = 0\nexit');
  expect(run({ type: 'syscall', insns: writes, ctx, prog_flags: 16 })).toMatchObject({
    ctx_out: `0700000000000000${ctx.slice(16)}`,
  });
});

test.each([
  [{ type: 'nonsense', insns: '' }, 'type: a program type'],
  [{ type: 'xdp', insns: 'zz' }, 'insns: hex'],
  [{ type: 'xdp', insns: 'b7' }, 'insns: '],
  [{ type: 'xdp', insns: '', maps: [{ typ: 1 }] }, 'maps[0].unknown member'],
  [{ type: 'xdp', insns: '', maps: {} }, 'maps: a list'],
  [{ type: 'xdp', insns: '', repeat: -1 }, 'repeat: an unsigned'],
  [{ type: 'xdp', insns: '', caps: ['flying'] }, 'caps: names'],
  [{ type: 'xdp', insns: '', btf: '00' }, 'btf: '],
  [{ type: 'xdp', insns: '', attach_btf: 2 ** 31 }, 'attach_btf: no type'],
  [[], 'the line is no JSON object'],
])('%j is no case', (document, message) => {
  expect(() => readCase(document, image.btf)).toThrow(message);
});

test('a map that can’t be made ends the case and leaves nothing behind', () => {
  const before = jit.machine.memory.usedBytes;
  const document = (max: number) => ({
    type: 'xdp',
    insns: code('r0 = 0\nexit'),
    data: PACKET,
    maps: [
      { type: 'array', key: 4, value: 8, max: 4 },
      { type: 'array', key: 4, value: 4096, max },
    ],
  });
  expect(() => run(document(1 << 20))).toThrow('errno 12');
  expect(() => run(document(0))).toThrow('max_entries');
  expect(jit.machine.memory.usedBytes).toBe(before);
});

test('memory does not grow with cases', () => {
  const maps = [{ type: 'hash', key: 4, value: 8, max: 1000, flags: 0 }];
  const document = { type: 'sched_cls', insns: code(COUNT_IN_MAP), maps, data: PACKET };
  run(document);
  const before = [jit, interpreter].map(({ machine }) => machine.memory.usedBytes);
  for (let i = 0; i < 200; i++) run(document);
  expect([jit, interpreter].map(({ machine }) => machine.memory.usedBytes)).toEqual(before);
});
