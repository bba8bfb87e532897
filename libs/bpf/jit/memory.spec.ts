import { compileAsm, runForR0 } from './testing/run';
import { TestEnv } from './testing/test-env';

const BYTES = 0xf1f2_f3f4_f5f6_f7f8n;

/** Runs code with r1 = a block of memory that holds {@link BYTES} at 16, as does the end of all memory; what r0 held is at 0 afterwards. */
function runOnMemory(source: string, access?: 'probe' | 'ctx-ptr') {
  const env = new TestEnv();
  const at = env.memory.alloc(64);
  env.memory.view.setBigUint64(at + 16, BYTES, true);
  env.memory.view.setBigUint64(env.memory.sizeBytes - 8, BYTES, true);
  const program = compileAsm(
    { source: `r6 = r1\n${source}\n*(u64 *)(r6 + 0) = r0\nexit`, facts: access && { here: { access } } },
    env,
  );
  program.run(at, env.stackTop);
  return {
    r0: env.memory.view.getBigUint64(at, true),
    word: (o: number) => env.memory.view.getBigUint64(at + o, true),
  };
}

test.each([
  ['u8', 0xf8n],
  ['u16', 0xf7f8n],
  ['u32', 0xf5f6_f7f8n],
  ['u64', BYTES],
  ['s8', 0xffff_ffff_ffff_fff8n],
  ['s16', 0xffff_ffff_ffff_f7f8n],
  ['s32', 0xffff_ffff_f5f6_f7f8n],
])('loads %s, at positive, zero and negative offsets', (type, expected) => {
  expect(runOnMemory(`r0 = *(${type} *)(r1 + 16)`).r0).toBe(expected);
  expect(runOnMemory(`r1 += 16\nr0 = *(${type} *)(r1 + 0)`).r0).toBe(expected);
  expect(runOnMemory(`r1 += 40\nr0 = *(${type} *)(r1 - 24)`).r0).toBe(expected);
});

test.each([
  ['u8', 0xf1f2_f3f4_f5f6_f7efn],
  ['u16', 0xf1f2_f3f4_f5f6_cdefn],
  ['u32', 0xf1f2_f3f4_89ab_cdefn],
  ['u64', 0x0123_4567_89ab_cdefn],
])('stores %s of a register', (type, expected) => {
  const value = 'r2 = 0x0123456789abcdef ll\nr0 = 0\n';
  expect(runOnMemory(`${value}*(${type} *)(r1 + 16) = r2`).word(16)).toBe(expected);
  expect(runOnMemory(`${value}r1 += 32\n*(${type} *)(r1 - 16) = r2`).word(16)).toBe(expected);
});

test.each([
  ['u8', 0xf1f2_f3f4_f5f6_f7feen & ~0xf00n],
  ['u32', 0xf1f2_f3f4_ffff_fffen],
  ['u64', 0xffff_ffff_ffff_fffen],
])('stores %s of an immediate, sign-extended', (type, expected) => {
  const word = runOnMemory(`r0 = 0\n*(${type} *)(r1 + 16) = -2`).word(16);
  expect(word).toBe(type === 'u8' ? 0xf1f2_f3f4_f5f6_f7fen : expected);
});

test('the stack is addressed from r10, copies of r10, and pointers that were spilled', () => {
  expect(
    runForR0(`r1 = 7
      *(u64 *)(r10 - 8) = r1
      r2 = r10
      r2 += -512
      *(u64 *)(r2 + 0) = 35
      *(u64 *)(r10 - 16) = r2
      r3 = *(u64 *)(r10 - 16)
      r0 = *(u64 *)(r3 + 0)
      r4 = *(u64 *)(r2 + 504)
      r0 += r4
      exit`),
  ).toBe(42n);
});

test('r10 is the address of the stack in the direct map', () => {
  const env = new TestEnv();
  // The body runs as a subprogram, in the second frame.
  expect(runForR0('r0 = r10\nexit', env)).toBe(0xffff_8880_0000_0000n + BigInt(env.stackTop - 512));
  expect(runForR0('r0 = r10\nr0 -= 8\nexit', env)).toBe(0xffff_8880_0000_0000n + BigInt(env.stackTop - 520));
});

describe('probe', () => {
  const MEMORY_BYTES = new TestEnv().memory.sizeBytes;
  const load = (address: bigint, type = 'u64', offset = '+ 0') => {
    const source = `r1 = ${address} ll
      r9 = r10
      *(u64 *)(r9 - 8) = r1
      r1 = *(u64 *)(r9 - 8)
      here: r0 = *(${type} *)(r1 ${offset})`;
    return runOnMemory(source, 'probe').r0;
  };

  test.each([
    ['u64', BYTES],
    ['s32', 0xffff_ffff_f5f6_f7f8n],
    ['u8', 0xf8n],
  ])('reads %s inside memory', (type, expected) => {
    expect(runOnMemory(`here: r0 = *(${type} *)(r1 + 16)`, 'probe').r0).toBe(expected);
    expect(runOnMemory(`r1 += 20\nhere: r0 = *(${type} *)(r1 - 4)`, 'probe').r0).toBe(expected);
  });

  test.each([
    ['NULL', 0n],
    ['a user address', 0x7fff_1234_5678n],
    ['a kernel text address', 0xffff_ffff_8100_0000n],
    ['just below the direct map', 0xffff_8880_0000_0000n - 8n],
    ['past the end of memory', 0xffff_8880_0000_0000n + BigInt(MEMORY_BYTES)],
    ['across the end of memory', 0xffff_8880_0000_0000n + BigInt(MEMORY_BYTES - 7)],
    ['4 GiB above the direct map', 0xffff_8881_0000_0000n],
    ['the highest address', 0xffff_ffff_ffff_fff8n],
  ])('gives 0 for %s', (_what, address) => {
    expect(load(address)).toBe(0n);
  });

  test('reads the last bytes of memory, and bytes that only the offset brings inside or outside', () => {
    const end = 0xffff_8880_0000_0000n + BigInt(MEMORY_BYTES);
    expect(load(end - 8n)).toBe(BYTES);
    expect(load(end + 8n, 'u64', '- 16')).toBe(BYTES);
    expect(load(end - 1n, 'u8')).toBe(0xf1n);
    expect(load(end - 8n, 'u64', '+ 1')).toBe(0n);
    expect(load(end - 1n, 'u8', '+ 1')).toBe(0n);
  });
});

test('a packet pointer in a context gets its high half, NULL stays NULL', () => {
  const source = (offset: number) => `here: r0 = *(u32 *)(r1 + ${offset})`;
  expect(runOnMemory(source(16), 'ctx-ptr').r0).toBe(0xffff_8880_f5f6_f7f8n);
  expect(runOnMemory(source(40), 'ctx-ptr').r0).toBe(0n);
});

describe('atomics', () => {
  const OLD32 = 0xf5f6_f7f8n;
  const OPERAND = 0x1111_2222_3333_4444n;
  const TOP = BYTES & ~0xffff_ffffn;
  const low = (value: bigint) => BigInt.asUintN(32, value);
  const full = (value: bigint) => BigInt.asUintN(64, value);
  const RESULT: Record<string, (old: bigint) => bigint> = {
    '+=': (old) => old + OPERAND,
    '|=': (old) => old | OPERAND,
    '&=': (old) => old & OPERAND,
    '^=': (old) => old ^ OPERAND,
  };
  const NAME: Record<string, string> = { '+=': 'add', '|=': 'or', '&=': 'and', '^=': 'xor' };
  const operand = 'r2 = 0x1111222233334444 ll\nr0 = 0\n';

  test.each(Object.keys(RESULT))('lock %s', (op) => {
    expect(runOnMemory(`${operand}lock *(u64 *)(r1 + 16) ${op} r2`).word(16)).toBe(full(RESULT[op](BYTES)));
    expect(runOnMemory(`${operand}lock *(u32 *)(r1 + 16) ${op} w2`).word(16)).toBe(
      TOP | low(RESULT[op](OLD32)),
    );
  });

  test.each(Object.keys(RESULT))('fetch %s returns the old value', (op) => {
    const wide = runOnMemory(`${operand}r2 = atomic_fetch_${NAME[op]}((u64 *)(r1 + 16), r2)\nr0 = r2`);
    expect([wide.word(16), wide.r0]).toEqual([full(RESULT[op](BYTES)), BYTES]);
    const half = runOnMemory(`${operand}w2 = atomic_fetch_${NAME[op]}((u32 *)(r1 + 16), w2)\nr0 = r2`);
    expect([half.word(16), half.r0]).toEqual([TOP | low(RESULT[op](OLD32)), OLD32]);
  });

  test('xchg', () => {
    const wide = runOnMemory(`${operand}r2 = xchg_64(r1 + 16, r2)\nr0 = r2`);
    expect([wide.word(16), wide.r0]).toEqual([OPERAND, BYTES]);
    const half = runOnMemory(`${operand}w2 = xchg32_32(r1 + 16, w2)\nr0 = r2`);
    expect([half.word(16), half.r0]).toEqual([TOP | low(OPERAND), OLD32]);
  });

  test('cmpxchg compares at its own width and always zero-extends r0', () => {
    const hit = runOnMemory(`${operand}r0 = ${BYTES} ll\nr0 = cmpxchg_64(r1 + 16, r0, r2)`);
    expect([hit.word(16), hit.r0]).toEqual([OPERAND, BYTES]);
    const miss = runOnMemory(`${operand}r0 = 5\nr0 = cmpxchg_64(r1 + 16, r0, r2)`);
    expect([miss.word(16), miss.r0]).toEqual([BYTES, BYTES]);
    const half = runOnMemory(`${operand}r0 = ${(7n << 32n) | OLD32} ll\nw0 = cmpxchg32_32(r1 + 16, w0, w2)`);
    expect([half.word(16), half.r0]).toEqual([TOP | low(OPERAND), OLD32]);
    const halfMiss = runOnMemory(`${operand}r0 = -1\nw0 = cmpxchg32_32(r1 + 16, w0, w2)`);
    expect([halfMiss.word(16), halfMiss.r0]).toEqual([BYTES, OLD32]);
  });

  test('load-acquire and store-release at all sizes', () => {
    for (const bits of [8, 16, 32, 64]) {
      expect(runOnMemory(`r0 = load_acquire((u${bits} *)(r1 + 16))`).r0).toBe(BigInt.asUintN(bits, BYTES));
      const { word } = runOnMemory(`${operand}store_release((u${bits} *)(r1 + 16), r2)`);
      const mask = (1n << BigInt(bits)) - 1n;
      expect(word(16)).toBe((BYTES & ~mask) | (OPERAND & mask));
    }
  });
});
