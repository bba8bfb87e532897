import { ProgType } from '@probed/spec';
import { type Case, explain } from '../fixtures/run-case';
import type { Explanation } from './explanation';

function explained(test: Case): Explanation {
  const explanation = explain(test);
  if (!explanation) throw new Error('the program is accepted');
  return explanation;
}

const LOOK_UP = `*(u32 *)(r10 - 4) = 0
  r2 = r10
  r2 += -4
  r1 = map[hash]
  call map_lookup_elem`;

test('an accepted program needs no explanation', () => {
  expect(explain({ asm: 'r0 = 0\nexit' })).toBeUndefined();
});

test('bounds are traced through copies, spills and branches', () => {
  const { at, registers, path, id } = explained({
    asm: `call ktime_get_ns
      r6 = r0
      if r6 > 15 goto out
      *(u64 *)(r10 - 16) = r6
      ${LOOK_UP}
      if r0 == 0 goto out
      r3 = *(u64 *)(r10 - 16)
      r0 += r3
      r1 = *(u8 *)(r0 + 0)
      out: r0 = 0
      exit`,
  });
  expect(id).toBe('map-value-bounds');
  expect(at).toMatchObject({ insn: 13, code: 'r1 = *(u8 *)(r0 +0)' });
  expect(registers).toHaveLength(1);
  expect(registers[0]).toMatchObject({
    register: 'r0',
    value: 'pointer to a value of map hash (8 bytes), offset 0 to 15',
  });
  expect(registers[0].history.map(({ at: { insn }, kind, place }) => `${insn} ${kind} ${place}`)).toEqual([
    '12 moved r0',
    '11 copied r3',
    '3 copied fp-16',
    '2 narrowed r6',
    '1 copied r6',
    '0 set r0',
  ]);
  expect(registers[0].history[3].value).toBe('number, 0 to 15');
  expect(path.map(({ at: { insn }, kind }) => `${insn} ${kind}`)).toEqual(['2 not-taken', '10 not-taken']);
});

test('arguments and results are traced through calls', () => {
  const { registers, path } = explained({
    type: ProgType.SCHED_CLS,
    asm: `call ktime_get_ns
      r1 = r0
      call f
      r1 = r10
      r1 += r0
      r0 = 0
      exit
      f: r0 = r1
      exit`,
  });
  const [first] = registers.filter(({ register }) => register === 'r0');
  expect(first?.history.map(({ what }) => what) ?? []).toEqual([
    'returned by the function called',
    'copied from r1',
    'passed by the caller',
    'copied from r0',
    'result of bpf_ktime_get_ns',
  ]);
  expect(path.map(({ kind }) => kind)).toEqual(['call', 'return']);
});

test('rounds of a loop are counted', () => {
  const { path } = explained({
    asm: `r6 = 0
      again: r6 += 1
      if r6 < 9 goto again
      r0 = r7
      exit`,
  });
  expect(path.map(({ kind, times }) => `${kind} ${times}`)).toEqual(['taken 8', 'not-taken 1']);
});

test('what was acquired and is lost is shown where it was acquired', () => {
  const { acquired, at, registers } = explained({
    asm: `r1 = map[ring]
      r2 = 8
      r3 = 0
      call ringbuf_reserve
      if r0 == 0 goto out
      r0 = 0
      out: exit`,
  });
  expect(acquired?.code).toBe('call bpf_ringbuf_reserve#131');
  expect(at?.code).toBe('exit');
  expect(registers).toEqual([]);
});

test('source lines come with instructions', () => {
  const file = '/src/prog.c';
  const { at } = explained({
    asm: 'r0 = 0\nr0 = r7\nexit',
    lineInfo: [{ insn: 1, file, text: '\treturn x;', line: 12, column: 2 }],
  });
  expect(at).toEqual({
    insn: 1,
    code: 'r0 = r7',
    func: 'test',
    file,
    line: 12,
    column: 2,
    source: 'return x;',
  });
});

test('a fault of the structure names its instruction and has no way', () => {
  const { at, path, registers, id } = explained({ asm: 'r0 = 0\nexit\nr0 = 1\nexit' });
  expect(at?.insn).toBe(2);
  expect([path, registers, id]).toEqual([[], [], 'insns-unreachable']);
});
