import { joinI64 } from '@probed/base';
import { BudgetExceeded, type MapInfo } from '@probed/spec';
import type { JitProgram } from './compile';
import { compileAsm, runForR0, slotOf } from './testing/run';
import { TestEnv } from './testing/test-env';

const BASE = 0xffff_8880_0000_0000n;
const MAP: MapInfo = {
  name: 'counts',
  type: 1,
  keySize: 4,
  valueSize: 12,
  maxEntries: 3,
  flags: 0,
  frozen: false,
  keyTypeId: 0,
  valueTypeId: 0,
};
const ARRAY: MapInfo = { ...MAP, type: 2 };

/** Runs a program whose result is in the 8 bytes that its context starts with. */
function runWithContext(source: string, env: TestEnv, more: Parameters<typeof compileAsm>[0] | object = {}) {
  const ctx = env.memory.alloc(16);
  compileAsm({ source: `r6 = r1\n${source}\n*(u64 *)(r6 + 0) = r0\nexit`, ...more }, env).run(
    ctx,
    env.stackTop,
  );
  return env.memory.view.getBigUint64(ctx, true);
}

describe('helper calls', () => {
  test('arguments cross as offsets, 32-bit words and pairs of halves', () => {
    const env = new TestEnv();
    const seen: number[][] = [];
    env.objects.set('counts', env.memory.alloc(64));
    // bpf_perf_event_output(ctx, map, flags, data, size)
    env.helpers.set(25, (...args) => seen.push(args) && -7);
    const r0 = runWithContext(
      `r1 = r6
       r2 = map[counts]
       r3 = 0x1234567890abcdef ll
       r4 = r10
       r4 += -24
       r5 = 0x700000018 ll
       call 25`,
      env,
    );
    expect(r0).toBe(0xffff_ffff_ffff_fff9n);
    const [[ctx, map, lo, hi, data, size]] = seen;
    expect(map).toBe(env.objects.get('counts'));
    expect([lo >>> 0, hi]).toEqual([0x90ab_cdef, 0x1234_5678]);
    expect([ctx + 16, data, size]).toEqual([env.memory.alloc(16), env.stackTop - 24, 0x18]);
  });

  test('arguments that are known only at run time cross the same way', () => {
    const env = new TestEnv();
    const seen: number[][] = [];
    // bpf_probe_read_kernel(dst, size, address)
    env.helpers.set(113, (...args) => seen.push(args) && 0);
    runWithContext(
      `r1 = *(u64 *)(r6 + 0)
       r7 = 0x1234567890abcdef ll
       *(u64 *)(r10 - 8) = r7
       *(u64 *)(r10 - 16) = 4096
       r9 = r10
       r9 += -16
       *(u64 *)(r10 - 24) = r9
       r1 = *(u64 *)(r10 - 24)
       r2 = *(u32 *)(r10 - 16)
       r3 = *(u64 *)(r10 - 8)
       call 113`,
      env,
    );
    expect(seen).toEqual([[env.stackTop - 16, 4096, 0x90ab_cdef | 0, 0x1234_5678]]);
  });

  test.each([
    [0, 0n],
    [4096, BASE + 4096n],
    [-65536, BASE + 0xffff_0000n],
  ])('a pointer result %s becomes an address or NULL', (offset, expected) => {
    const env = new TestEnv();
    env.objects.set('counts', 8);
    env.helpers.set(1, () => offset);
    const source = 'r2 = r10\nr2 += -4\n*(u32 *)(r2 + 0) = 1\nr1 = map[counts]\nhere: call 1';
    expect(runWithContext(source, env, { maps: [MAP], facts: { here: { map: 0 } } })).toBe(expected);
    expect(env.linked).toEqual(['1:counts']);
  });

  test('an u64 result comes through the result slot', () => {
    const env = new TestEnv();
    env.helpers.set(14, () => {
      env.setResult(0xfedc_ba98_7654_3210n);
      return 1;
    });
    expect(runWithContext('call 14', env)).toBe(0xfedc_ba98_7654_3210n);
  });

  test('a helper is linked once for each map it is bound to, and once unbound', () => {
    const env = new TestEnv();
    env.objects.set('counts', 8).set('other', 16);
    const found: (string | number)[] = [];
    env.helpers.set(1, (map) => found.push(map));
    const call = (label: string) => `r1 = map[counts]\nr2 = r10\nr2 += -4\n${label}: call 1\n`;
    const source = `${['a', 'b', 'c', 'd'].map(call).join('')}r0 = 0`;
    const maps = [MAP, { ...MAP, name: 'other' }];
    const facts = { a: { map: 0 }, b: { map: 1 }, c: { map: 0 } };
    runWithContext(source, env, { maps, facts });
    expect(env.linked).toEqual(['1:counts', '1:other', '1']);
    expect(found).toEqual([8, 16, 8, 8]);
  });

  test('an exception of a helper goes through, and the program still runs afterwards', () => {
    const env = new TestEnv();
    let fail = true;
    env.helpers.set(8, () => {
      if (fail) throw new RangeError('no more');
      return 3;
    });
    const program = compileAsm({ source: 'call 8\nr0 = 1\nexit' }, env);
    expect(() => program.run(0, env.stackTop)).toThrow('no more');
    fail = false;
    expect(program.run(0, env.stackTop)).toBe(1);
  });
});

describe('array lookup in place', () => {
  const lookup = (key: number, known: boolean) => {
    const env = new TestEnv();
    env.values.set('counts', 0x20000);
    const setKey = known
      ? `*(u32 *)(r10 - 4) = ${key}\nr2 = r10\nr2 += -4`
      : `*(u32 *)(r6 + 8) = ${key}\nr2 = r6\nr2 += 8`;
    const source = `${setKey}\nr1 = 0\nhere: call 1`;
    return [runWithContext(source, env, { maps: [ARRAY], facts: { here: { map: 0 } } }), env.linked] as const;
  };

  test.each([
    [0, BASE + 0x20000n],
    [2, BASE + 0x20000n + 32n],
    [3, 0n],
    [-1, 0n],
  ])('index %s', (key, expected) => {
    expect(lookup(key, true)[0]).toBe(expected);
    expect(lookup(key, false)).toEqual([expected, []]);
  });
});

test('immediates name maps, values in maps and kernel symbols', () => {
  const env = new TestEnv();
  env.objects.set('counts', 0x3000);
  env.values.set('counts', 0x5000);
  expect(runWithContext('r0 = map[counts]', env)).toBe(BASE + 0x3000n);
  expect(runWithContext('r0 = map[counts][0]+24\nr0 += 8', env)).toBe(BASE + 0x5020n);
});

describe('subprograms', () => {
  test('take r1–r5, keep the caller r6–r9, and have a frame of their own', () => {
    const source = `r6 = 1000
      *(u64 *)(r10 - 8) = r6
      r1 = 1
      r2 = 20
      r3 = 300
      r4 = 4000
      r5 = 50000
      call sum
      r1 = *(u64 *)(r10 - 8)
      r0 += r1
      r0 += r6
      exit
      sum:
      r6 = 7
      *(u64 *)(r10 - 8) = r6
      r0 = r1
      r0 += r2
      r0 += r3
      r0 += r4
      r0 += r5
      exit`;
    expect(runForR0(source)).toBe(56_321n);
  });

  test('a pointer into the frame of a caller stays good', () => {
    const source = `*(u64 *)(r10 - 8) = 5
      r1 = r10
      r1 += -8
      call add
      r0 = *(u64 *)(r10 - 8)
      exit
      add:
      *(u64 *)(r10 - 8) = 9
      r2 = *(u64 *)(r1 + 0)
      r2 += 1
      *(u64 *)(r1 + 0) = r2
      r0 = 0
      exit`;
    expect(runForR0(source)).toBe(6n);
  });
});

describe('bpf_loop in place', () => {
  const loop = (count: string, flags: string, stopAt = 1 << 30) => `r1 = ${count}
    r2 = each ll
    *(u64 *)(r10 - 8) = 0
    r3 = r10
    r3 += -8
    r4 = ${flags}
    here: call 181
    r1 = *(u64 *)(r10 - 8)
    r1 <<= 32
    r0 <<= 32
    r0 >>= 32
    r0 |= r1
    *(u64 *)(r6 + 0) = r0
    exit
    each:
    r3 = *(u64 *)(r2 + 0)
    r3 += r1
    *(u64 *)(r2 + 0) = r3
    r0 = 0
    if r1 < ${stopAt} goto done
    r0 = 1
    done:
    exit`;
  const run = (source: string, env = new TestEnv()) => {
    const callback = 'r2 = each ll';
    expect(source).toContain(callback);
    const entry = calleeSlot(source);
    const result = runWithContext(source, env, { facts: { here: { callback: entry } } });
    return { iterations: Number(BigInt.asIntN(32, result)), sum: Number(result >> 32n), env };
  };
  /** Slot at which `each` starts: nothing else says it before compilation. */
  const calleeSlot = (source: string) => slotOf(`r6 = r1\n${source}`, 'each');

  test.each([
    ['0', 0, 0],
    ['1', 1, 0],
    ['10', 10, 45],
    ['3000', 3000, 4_498_500],
  ])('%s iterations', (count, iterations, sum) => {
    const done = run(loop(count, '0'));
    expect([done.iterations, done.sum, done.env.linked]).toEqual([iterations, sum, []]);
    expect(done.env.budget).toBe((1 << 23) - iterations);
  });

  test('ends when the callback says so, and counts that iteration', () => {
    const done = run(loop('1000', '0', 4));
    expect([done.iterations, done.sum]).toEqual([5, 10]);
    expect(done.env.budget).toBe((1 << 23) - 5);
  });

  test.each([
    ['8388609', '0', -7],
    ['-1', '0', -7],
    ['1', '1', -22],
  ])('%s iterations with flags %s give %s', (count, flags, expected) => {
    expect(run(loop(count, flags)).iterations).toBe(expected);
  });

  test('arguments known only at run time are checked too', () => {
    const unknown = (count: number, flags: number) =>
      loop('0', '0')
        .replace('r1 = 0', `*(u64 *)(r6 + 8) = ${count}\nr1 = *(u64 *)(r6 + 8)`)
        .replace('r4 = 0', `*(u64 *)(r6 + 8) = ${flags}\nr4 = *(u64 *)(r6 + 8)`);
    expect(run(unknown(7, 0)).iterations).toBe(7);
    expect(run(unknown(8_388_608, 1)).iterations).toBe(-22);
    expect(run(unknown(8_388_609, 0)).iterations).toBe(-7);
  });

  test('ends the program when the budget is used up, and not before', () => {
    const env = new TestEnv();
    env.budget = 5000;
    expect(run(loop('5000', '0'), env).iterations).toBe(5000);
    expect(env.budget).toBe(0);
    env.budget = 4999;
    expect(() => run(loop('5000', '0'), env)).toThrow(BudgetExceeded);
  });
});

describe('callbacks through a helper', () => {
  const FOR_EACH = 164;
  const source = `r1 = map[counts]
    r2 = each ll
    r3 = 0
    r4 = 0
    call ${FOR_EACH}
    exit
    each:
    r5 = r10
    *(u64 *)(r10 - 8) = r5
    r0 = r1
    r0 ^= r2
    r0 ^= r3
    exit`;

  test('words cross in full, r0 comes back as its low half', () => {
    const env = new TestEnv();
    env.objects.set('counts', 8);
    let result = 0;
    env.helpers.set(FOR_EACH, (_map, slot) => {
      result = env.invokeCallback(slot, joinI64(0x89ab_cdef, -2), -1, 0x12_0000_0001, 0, 0);
      return 0;
    });
    compileAsm({ source }, env).run(0, env.stackTop);
    expect(result >>> 0).toBe((0x89ab_cdef ^ 0xffff_ffff ^ 1) >>> 0);
    expect(env.memory.view.getBigUint64(env.stackTop - 520, true)).toBe(BASE + BigInt(env.stackTop - 512));
  });

  test('a program that runs inside another leaves the other its callbacks and frames', () => {
    const env = new TestEnv();
    env.objects.set('counts', 8);
    const otherStack = env.memory.alloc(4096) + 4096;
    const order: string[] = [];
    const programs: JitProgram[] = [];
    let depth = 0;
    env.helpers.set(FOR_EACH, (_map, slot) => {
      order.push(`before ${depth}: ${env.invokeCallback(slot, 1, 2, 4, 0, 0)}`);
      if (depth++ === 0) programs[1].run(0, otherStack);
      order.push(`after ${--depth}: ${env.invokeCallback(slot, 1, 2, 4, 0, 0)}`);
      return 0;
    });
    programs.push(
      compileAsm({ source }, env),
      compileAsm({ source: source.replace('r0 ^= r3', 'r0 = 77') }, env),
    );
    programs[0].run(0, env.stackTop);
    expect(order.filter((line) => line.includes('0:'))).toEqual(['before 0: 7', 'after 0: 7']);
    expect(order.filter((line) => line.includes('1:'))).toEqual(['before 1: 77', 'after 1: 77']);
    expect(() => env.invokeCallback(0, 0, 0, 0, 0, 0)).toThrow('no program runs');
  });

  test('a callback that calls back runs one frame further down each time', () => {
    const env = new TestEnv();
    env.objects.set('counts', 8);
    const nested = `r1 = map[counts]
      r2 = outer ll
      r3 = 0
      r4 = 0
      call ${FOR_EACH}
      r0 = 0
      exit
      outer:
      r6 = r1
      if r1 != 0 goto leaf
      r1 = map[counts]
      r2 = outer ll
      r3 = 0
      r4 = 0
      call ${FOR_EACH}
      leaf:
      *(u64 *)(r10 - 16) = r6
      r0 = 0
      exit`;
    let depth = 0;
    env.helpers.set(FOR_EACH, (_map, slot) => {
      depth++;
      env.invokeCallback(slot, depth - 1, 0, 0, 0, 0);
      env.invokeCallback(slot, 10 * depth, 0, 0, 0, 0);
      depth--;
      return 0;
    });
    compileAsm({ source: nested }, env).run(0, env.stackTop);
    const frame = (n: number) => env.memory.view.getBigUint64(env.stackTop - 512 * n - 16, true);
    expect([frame(0), frame(1), frame(2), frame(3)]).toEqual([0n, 10n, 20n, 0n]);
  });
});

describe('may_goto', () => {
  const LIMIT = 1 << 23;
  const source = `r0 = 0
    again:
    may_goto done
    r0 += 1
    goto again
    done:
    exit`;

  test('falls through as often as the kernel allows, in each run', () => {
    const env = new TestEnv();
    const program = compileAsm({ source }, env);
    expect(program.run(0, env.stackTop)).toBe(LIMIT);
    expect(program.run(0, env.stackTop)).toBe(LIMIT);
  });

  test('the count is one for the whole run', () => {
    const env = new TestEnv();
    const twice = `call count\nr6 = r0\ncall count\nr0 += r6\nexit\ncount:\n${source}`;
    expect(compileAsm({ source: twice }, env).run(0, env.stackTop)).toBe(LIMIT);
  });
});

test('the context is r1, and NULL stays NULL', () => {
  const env = new TestEnv();
  const program = compileAsm({ source: 'r0 = r1\nr0 >>= 32\nexit' }, env);
  expect(program.run(4096, env.stackTop)).toBe(0xffff_8880);
  expect(program.run(0, env.stackTop)).toBe(0);
});
