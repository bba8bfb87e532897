import { assemble, insnSlots, insnSuccessors, isHelperCall, subprogStarts } from '@probed/isa';
import { addressOf, KernelMemory } from '@probed/memory';
import {
  type CallbackInvoker,
  type ExecutionEnv,
  type HelperFn,
  helperByName,
  type InsnFacts,
  type InsnRef,
  type MapInfo,
  type VerifiedProgram,
} from '@probed/spec';
import { MemoryFault } from './faults';
import { createInterpreter, type InterpreterOptions } from './interpreter';

const STACK_BYTES = 8 * 512;

class TestEnv implements ExecutionEnv {
  kfunc(): never {
    throw new Error('no kernel function');
  }

  loadPacket(): number {
    return 0;
  }

  readonly memory = new KernelMemory(32 * 1024 * 1024);
  readonly helpers: Record<string, HelperFn> = {};
  /** Names of helpers as linked, with the map bound to them. */
  readonly linked: string[] = [];
  readonly resultSlot = this.memory.alloc(8);
  readonly stackTop = this.memory.alloc(STACK_BYTES) + STACK_BYTES;
  readonly map = this.memory.alloc(64);
  readonly values = this.memory.alloc(64);
  readonly idle: CallbackInvoker = () => 0;
  invokeCallback = this.idle;
  budget = 1000;

  tailCall(): number {
    return 0;
  }

  mapObject(name: string): number {
    return name === 'events' ? this.map : 0;
  }

  mapValues(name: string): number {
    return name === '.data' ? this.values : 0;
  }

  ksym(name: string): number {
    return name === 'runqueues' ? -0x7f00_0000 : 0;
  }

  helper(id: number, map?: string): HelperFn {
    const name = Object.keys(this.helpers).find((key) => helperByName(key)?.id === id)!;
    this.linked.push(map ? `${name}:${map}` : name);
    return this.helpers[name];
  }
}

/** Facts of the slot that carries a label of this name. */
type FactsByLabel = Record<string, Partial<InsnFacts>>;

const EVENTS = { name: 'events' } as MapInfo;

/** A program as the verifier would hand it over, without asking it: what control flow reaches, every access direct. */
function program(source: string, factsByLabel: FactsByLabel = {}): VerifiedProgram {
  const assembly = assemble(source, { helperId: (name) => helperByName(name)?.id });
  if (!assembly.ok) throw new Error(`${assembly.error.where}: ${assembly.error.message}`);
  const { insns, labels, symbols } = assembly.value;
  const facts = insns.map((): InsnFacts => ({ reachable: false, access: 'direct' }));
  const pending = [...subprogStarts(insns)];
  for (let slot = pending.pop(); slot !== undefined; slot = pending.pop()) {
    if (facts[slot].reachable) continue;
    facts[slot].reachable = true;
    pending.push(...insnSuccessors(insns, slot));
  }
  for (const [label, more] of Object.entries(factsByLabel)) Object.assign(facts[labels.get(label)!], more);
  const kind = (name: string, src: number): InsnRef =>
    src === 1
      ? { kind: 'map', map: name }
      : src === 2
        ? { kind: 'map-value', map: name }
        : { kind: 'ksym', name, weak: true };
  const refs = new Map([...symbols].map(([slot, name]) => [slot, kind(name, insns[slot].src)]));
  return { spec: { refs }, insns, facts, subprograms: [], maps: [EVENTS] } as unknown as VerifiedProgram;
}

/** r0 of a program whose context is `ctx`. */
function run(
  source: string,
  env = new TestEnv(),
  facts: FactsByLabel = {},
  ctx = 0,
  options: InterpreterOptions = {},
): number {
  return createInterpreter(program(source, facts), env, options).run(ctx, env.stackTop);
}

/** All 64 bits of r0 before the exit of straight code. */
function run64(source: string, env = new TestEnv(), facts: FactsByLabel = {}, ctx = 0): string {
  const words = ['r0 = r9', 'r0 = r9\nr0 >>= 32'].map((last) =>
    run(`${source}\nr9 = r0\n${last}\nexit`, env, facts, ctx),
  );
  return `0x${((BigInt(words[1]) << 32n) | BigInt(words[0])).toString(16)}`;
}

const hex = (address: number) => `0x${BigInt.asUintN(64, BigInt(address)).toString(16)}`;

describe('addresses', () => {
  test('context in r1, NULL when there is none', () => {
    const env = new TestEnv();
    expect(run64('r0 = r1', env, {}, env.values)).toBe(hex(addressOf(env.values)));
    expect(run64('r0 = r1', env)).toBe('0x0');
  });

  test('r10 is the top of the stack, and the stack is memory', () => {
    const env = new TestEnv();
    expect(run64('r0 = r10', env)).toBe(hex(addressOf(env.stackTop)));
    expect(run('*(u64 *)(r10 - 8) = 77\nr0 = *(u32 *)(r10 - 8)\nexit', env)).toBe(77);
    expect(env.memory.view.getUint32(env.stackTop - 8, true)).toBe(77);
  });

  test('references resolve to maps, their values and symbols', () => {
    const env = new TestEnv();
    expect(run64('r0 = map[events]', env)).toBe(hex(addressOf(env.map)));
    expect(run64('r0 = map[.data][0]+12', env)).toBe(hex(addressOf(env.values + 12)));
    expect(run64('r0 = runqueues ll', env)).toBe('0xffffffff81000000');
    expect(run64('r0 = missing ll', env)).toBe('0x0');
    expect(run64('r0 = 0x1122334455667788 ll', env)).toBe('0x1122334455667788');
  });

  test('r0 is returned as 32 unsigned bits', () => {
    expect(run('r0 = -1\nexit')).toBe(0xffff_ffff);
    expect(run('r0 = 0x500000001 ll\nexit')).toBe(1);
  });
});

describe('memory access', () => {
  test.each([
    ['NULL', 'r1 = 0'],
    ['a reserved low offset', 'r1 = 0xffff888000000008 ll'],
    ['a user address', 'r1 = 0x7fff00001000 ll'],
    ['past the end', 'r1 = 0xffff8880fffffff8 ll'],
  ])('direct: %s is a fault', (_what, setUp) => {
    expect(() => run(`${setUp}\nr0 = *(u64 *)(r1 + 0)\nexit`)).toThrow(MemoryFault);
    expect(() => run(`${setUp}\n*(u64 *)(r1 + 0) = 1\nr0 = 0\nexit`)).toThrow(MemoryFault);
  });

  test.each([
    ['NULL', 'r1 = 0'],
    ['a user address', 'r1 = 0x7fff00001000 ll'],
    ['kernel text', 'r1 = 0xffffffff81000000 ll'],
    ['past the end', 'r1 = 0xffff8880fffffff8 ll'],
  ])('probe: %s reads 0', (_what, setUp) => {
    expect(
      run(`${setUp}\nr0 = 5\nl: r0 = *(u64 *)(r1 + 0)\nexit`, new TestEnv(), { l: { access: 'probe' } }),
    ).toBe(0);
  });

  test('probe: memory is read, sign-extended if asked', () => {
    const env = new TestEnv();
    env.memory.view.setInt32(env.values, -2, true);
    const source = `r1 = map[.data][0]+0\nl: r0 = *(s32 *)(r1 + 0)`;
    expect(run64(source, env, { l: { access: 'probe' } })).toBe('0xfffffffffffffffe');
  });

  test('a packet pointer in the context gets its high half, NULL stays NULL', () => {
    const env = new TestEnv();
    env.memory.view.setUint32(env.values, env.map, true);
    const facts = { l: { access: 'ctx-ptr' } } as const;
    expect(run64('l: r0 = *(u32 *)(r1 + 0)', env, facts, env.values)).toBe(hex(addressOf(env.map)));
    expect(run64('l: r0 = *(u32 *)(r1 + 4)', env, facts, env.values)).toBe('0x0');
  });

  test('memory that grows in a helper is seen', () => {
    const env = new TestEnv();
    env.helpers['ringbuf_reserve'] = () => env.memory.alloc(20 * 1024 * 1024);
    const source =
      'r1 = map[events]\nr2 = 8\nr3 = 0\ncall ringbuf_reserve\n*(u32 *)(r0 + 0) = 6\nr0 = *(u32 *)(r0 + 0)\nexit';
    expect(run(source, env)).toBe(6);
  });
});

describe('helpers', () => {
  /** Arguments that an implementation got. */
  function argumentsOf(name: string, setUp: string, env = new TestEnv()): number[] {
    let seen: number[] = [];
    env.helpers[name] = (...args) => {
      seen = args;
      return 0;
    };
    run(`${setUp}\ncall ${name}\nr0 = 0\nexit`, env);
    return seen;
  }

  test('map, pointer and 64-bit arguments', () => {
    const env = new TestEnv();
    const setUp = 'r1 = map[events]\nr2 = r10\nr2 += -8\nr3 = 0\nr4 = 0x1ffffffff ll';
    expect(argumentsOf('map_update_elem', setUp, env)).toEqual([env.map, env.stackTop - 8, 0, -1, 1]);
  });

  test('sizes are 32 bits, addresses nobody proved are 64', () => {
    const env = new TestEnv();
    const setUp = 'r1 = r10\nr1 += -16\nr2 = 16\nr3 = 0xffffffff81234567 ll';
    const address = [0x8123_4567 | 0, -1];
    expect(argumentsOf('probe_read_kernel', setUp, env)).toEqual([env.stackTop - 16, 16, ...address]);
  });

  test.each([
    ['map_delete_elem', -2, '0xfffffffffffffffe'],
    ['map_delete_elem', 7, '0x7'],
    ['map_lookup_elem', 0, '0x0'],
    ['map_lookup_elem', 0x12340, '0xffff888000012340'],
    ['spin_lock', 5, '0x0'],
    ['ktime_get_ns', 5, '0x1122334455667788'],
  ])('result of %s %i is %s', (name, result, expected) => {
    const env = new TestEnv();
    env.helpers[name] = () => {
      env.memory.view.setBigUint64(env.resultSlot, 0x1122334455667788n, true);
      return result;
    };
    expect(run64(`r1 = map[events]\nr2 = r10\nr2 += -8\ncall ${name}`, env)).toBe(expected);
  });

  test('are bound to the one map that reaches them, and only where code is reachable', () => {
    const env = new TestEnv();
    env.helpers['map_lookup_elem'] = () => 0;
    env.helpers['map_delete_elem'] = () => 0;
    const source =
      'r1 = map[events]\nr2 = r10\nl: call map_lookup_elem\ncall map_delete_elem\nexit\ncall map_lookup_elem\nexit';
    const verified = program(source, { l: { map: 0 } });
    createInterpreter(verified, env);
    expect(env.linked).toEqual(['map_lookup_elem:events', 'map_delete_elem']);
    expect(verified.insns.filter(isHelperCall)).toHaveLength(3);
  });
});

describe('callbacks', () => {
  /** `bpf_loop` as lib helpers has it. */
  function withLoop(): TestEnv {
    const env = new TestEnv();
    env.helpers['loop'] = (count, callback, ctx) => {
      let index = 0;
      while (index < count && env.invokeCallback(callback, index++, addressOf(ctx), 0, 0, 0) === 0);
      return index;
    };
    return env;
  }

  const SUM = `
    *(u64 *)(r10 - 8) = 0
    r1 = 10
    r2 = body ll
    r3 = r10
    r3 += -8
    r4 = 0
    r6 = 40
    call loop
    r0 = *(u64 *)(r10 - 8)
    r0 += r6
    exit
    body: r3 = *(u64 *)(r2 + 0)
    r3 += r1
    *(u64 *)(r2 + 0) = r3
    *(u64 *)(r10 - 8) = 99
    r6 = 1
    r0 = 0
    exit`;

  test('run in a frame and with registers of their own', () => {
    expect(run(SUM, withLoop())).toBe(45 + 40);
  });

  test('nest, below the frame of the helper caller', () => {
    const source = `
      call sub
      exit
      sub: r1 = 3
      r2 = outer ll
      r3 = r10
      r4 = 0
      *(u64 *)(r10 - 16) = 0
      call loop
      r0 = *(u64 *)(r10 - 16)
      exit
      outer: r1 = 4
      r3 = r2
      r2 = inner ll
      r4 = 0
      call loop
      r0 = 0
      exit
      inner: r1 = *(u64 *)(r2 - 16)
      r1 += 1
      *(u64 *)(r2 - 16) = r1
      r2 -= r10
      r0 = 0
      if r2 == 1024 goto ok
      r0 = 1
      ok: exit`;
    const env = withLoop();
    const depths = new Set<number>();
    expect(run(source, env, {}, 0, { observe: (_slot, _registers, depth) => depths.add(depth) })).toBe(12);
    expect([...depths].sort()).toEqual([0, 1, 2, 3]);
  });

  test('their r0 comes back signed and ends the loop', () => {
    const env = withLoop();
    const results: number[] = [];
    const { loop } = env.helpers;
    env.helpers['loop'] = (...args) => {
      const inner = env.invokeCallback;
      env.invokeCallback = (...words) => {
        const result = inner(...words);
        results.push(result);
        return result;
      };
      return loop(...args);
    };
    const source =
      'r1 = 5\nr2 = f ll\nr3 = 0\nr4 = 0\ncall loop\nexit\nf: r0 = 0\nif r1 < 2 goto out\nr0 = -1\nout: exit';
    expect(run(source, env)).toBe(3);
    expect(results).toEqual([0, 0, -1]);
  });

  test('the invoker is put back, also when the run is thrown through', () => {
    const env = withLoop();
    run(SUM, env);
    expect(env.invokeCallback).toBe(env.idle);
    expect(() => run(SUM.replace('r3 = *(u64 *)(r2 + 0)', 'r3 = *(u64 *)(r5 + 0)'), env)).toThrow(
      MemoryFault,
    );
    expect(env.invokeCallback).toBe(env.idle);
  });

  test('address words survive as 64 bits', () => {
    const env = new TestEnv();
    env.helpers['loop'] = (_count, callback) => env.invokeCallback(callback, -1, addressOf(env.map), 0, 0, 0);
    const setUp = 'r1 = 1\nr2 = f ll\nr3 = 0\nr4 = 0\ncall loop\nr0 = *(u32 *)(r10 - 8)\nexit\n';
    const values = addressOf(env.values);
    const store = `f: r3 = ${hex(values)} ll\n*(u64 *)(r3 + 0) = r1\n*(u64 *)(r3 + 8) = r2\nr0 = 0\nexit`;
    run(setUp + store, env);
    expect(env.memory.view.getBigUint64(env.values, true)).toBe(0xffff_ffff_ffff_ffffn);
    expect(hex(Number(env.memory.view.getBigInt64(env.values + 8, true)))).toBe(hex(addressOf(env.map)));
  });
});

describe('checks on what was verified', () => {
  test('code verified as unreachable is not run', () => {
    const source = 'if r1 == 0 goto l\nr0 = 0\nexit\nl: r0 = 1\nexit';
    expect(() => run(source, new TestEnv(), { l: { reachable: false } })).toThrow(
      'instruction 3: reached, but verified as unreachable',
    );
  });

  test.each([
    ['always', 'r1 == 1', 'not taken, but verified as always taken'],
    ['never', 'r1 == 0', 'taken, but verified as never taken'],
  ] as const)('a jump verified as %s taken', (branch, condition, message) => {
    const source = `l: if ${condition} goto out\nout: r0 = 0\nexit`;
    expect(() => run(source, new TestEnv(), { l: { branch } })).toThrow(message);
  });

  test('a decided jump that keeps its word runs', () => {
    expect(run('l: if r1 == 0 goto out\nout: r0 = 3\nexit', new TestEnv(), { l: { branch: 'always' } })).toBe(
      3,
    );
  });
});

test('may_goto falls through while there are iterations left', () => {
  expect(run('r0 = 0\ntop: may_goto out\nr0 += 1\nif r0 < 100 goto top\nout: exit')).toBe(100);
});

test('the observer sees every instruction of the main program in order', () => {
  const slots: number[] = [];
  const source = 'r1 = 5 ll\nr0 = 0\nexit';
  run(source, new TestEnv(), {}, 0, { observe: (slot) => slots.push(slot) });
  const { insns } = program(source);
  expect(slots).toEqual([0, insnSlots(insns[0]), 3]);
});

test('the same program may run inside itself', () => {
  const env = new TestEnv();
  let depth = 0;
  const source = 'r6 = r1\ncall get_smp_processor_id\nr0 += 1\nexit';
  const executable = createInterpreter(
    program(source),
    Object.assign(env, {
      helper: () => () => (depth++ < 3 ? executable.run(0, env.stackTop - 512 * depth) : 10),
    }),
  );
  expect(executable.run(0, env.stackTop)).toBe(14);
});
