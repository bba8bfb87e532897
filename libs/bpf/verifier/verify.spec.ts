import { MapType, ProgType } from '@probed/spec';
import { type Case, map, run } from './fixtures/run-case';

function verdict(test: Case): string {
  const result = run(test);
  return result.ok ? 'accept' : result.error.message;
}

const SOCKET = { type: ProgType.SOCKET_FILTER };
const TC = { type: ProgType.SCHED_CLS };
const LOOKUP = `
  *(u32 *)(r10 - 4) = 0
  r2 = r10
  r2 += -4
  r1 = map[hash]
  call map_lookup_elem`;
const RESERVE = 'r1 = map[ring]\nr2 = 16\nr3 = 0\ncall ringbuf_reserve';
const PACKET = 'r2 = *(u32 *)(r1 + 76)\nr3 = *(u32 *)(r1 + 80)';

describe('registers and stack', () => {
  test.each([
    ['returns nothing', 'exit', 'R0 !read_ok'],
    ['reads a register nobody set', 'r0 = r7\nexit', 'R7 !read_ok'],
    ['reads R1 after a call', 'call get_prandom_u32\nr0 = r1\nexit', 'R1 !read_ok'],
    ['writes the frame pointer', 'r10 = 0\nr0 = 0\nexit', 'frame pointer is read only'],
    ['reads above the stack', 'r0 = *(u64 *)(r10 + 0)\nexit', 'invalid read from stack R10 off=0 size=8'],
    [
      'writes below the stack',
      '*(u64 *)(r10 - 520) = 0\nr0 = 0\nexit',
      'invalid write to stack R10 off=-520 size=8',
    ],
    [
      'writes across the top',
      '*(u64 *)(r10 - 4) = 0\nr0 = 0\nexit',
      'misaligned stack access off 0+0+-4 size 8',
    ],
    [
      'reads a pointer by halves',
      '*(u64 *)(r10 - 8) = r1\nr0 = *(u32 *)(r10 - 8)\nexit',
      'invalid size of register fill',
    ],
    ['stores half a pointer', '*(u32 *)(r10 - 8) = r1\nr0 = 0\nexit', 'invalid size of register spill'],
    [
      'spills and fills',
      '*(u64 *)(r10 - 8) = r1\nr2 = *(u64 *)(r10 - 8)\nr0 = *(u64 *)(r2 + 0)\nexit',
      'accept',
    ],
    [
      'spills a number, fills its low half',
      'r1 = 0x12345678\n*(u64 *)(r10 - 8) = r1\nw0 = *(u32 *)(r10 - 8)\nexit',
      'accept',
    ],
    ['adds two pointers', 'r1 += r10\nr0 = 0\nexit', 'R1 pointer += pointer prohibited'],
    ['multiplies a pointer', 'r1 *= 4\nr0 = 0\nexit', 'R1 pointer arithmetic with *= operator prohibited'],
    ['masks a pointer', 'r10 &= 7\nr0 = 0\nexit', 'frame pointer is read only'],
    ['masks a copy of it', 'r2 = r10\nr2 &= 7\nr0 = 0\nexit', 'R2 bitwise operator &= on pointer prohibited'],
    ['32-bit arithmetic on a pointer', 'w1 += 4\nr0 = 0\nexit', 'R1 32-bit pointer arithmetic prohibited'],
    [
      'subtracts from the frame pointer',
      'r2 = r10\nr2 -= 8\nr0 = 0\nexit',
      'R2 subtraction from stack pointer prohibited',
    ],
    ['loads through a number', 'r1 = 64\nr0 = *(u64 *)(r1 + 0)\nexit', "R1 invalid mem access 'scalar'"],
    [
      'returns a stack pointer',
      'call f\nexit\nf:\nr0 = r10\nexit',
      'cannot return stack pointer to the caller',
    ],
    [
      'writes into its caller',
      'r1 = r10\nr1 += -8\ncall f\nr0 = *(u64 *)(r10 - 8)\nexit\nf:\n*(u64 *)(r1 + 0) = 7\nr0 = 0\nexit',
      'accept',
    ],
  ])('%s', (_name, asm, expected) => {
    expect(verdict({ asm })).toBe(expected);
  });

  test('an offset of unknown size on the stack must be bounded', () => {
    const index = 'call get_prandom_u32\nr6 = r0';
    const store = 'r1 = r10\nr1 += -16\nr1 += r6\n*(u8 *)(r1 + 0) = 1\nr0 = 0\nexit';
    expect(verdict({ asm: `${index}\nr6 &= 15\n${store}` })).toBe('accept');
    expect(verdict({ asm: `${index}\nr6 &= 31\n${store}` })).toBe(
      'invalid variable-offset write to stack R1 var_off=(0x0; 0x1f) off=-16 size=1',
    );
    expect(verdict({ asm: `${index}\n${store}` })).toBe(
      'math between fp pointer and register with unbounded min value is not allowed',
    );
  });
});

describe('contexts', () => {
  test.each<[string, Case, string]>([
    ['raw_tp argument', { asm: 'r0 = *(u64 *)(r1 + 8)\nexit' }, 'accept'],
    [
      'raw_tp beyond 12 arguments',
      { asm: 'r0 = *(u64 *)(r1 + 96)\nexit' },
      'invalid bpf_context access off=96 size=8',
    ],
    [
      'pt_regs beyond the end',
      { asm: 'r0 = *(u64 *)(r1 + 168)\nexit', type: ProgType.KPROBE },
      'invalid bpf_context access off=168 size=8',
    ],
    [
      'misaligned',
      { asm: 'r0 = *(u32 *)(r1 + 2)\nexit', type: ProgType.KPROBE },
      'invalid bpf_context access off=2 size=4',
    ],
    [
      'tracepoint common fields',
      { asm: 'r0 = *(u64 *)(r1 + 0)\nexit', type: ProgType.TRACEPOINT },
      'invalid bpf_context access off=0 size=8',
    ],
    ['narrow read', { asm: 'r0 = *(u8 *)(r1 + 16)\nexit', ...SOCKET }, 'accept'],
    [
      'field of other program types',
      { asm: 'r0 = *(u32 *)(r1 + 76)\nexit', ...SOCKET },
      'invalid bpf_context access off=76 size=4',
    ],
    [
      'read-only field',
      { asm: '*(u32 *)(r1 + 0) = 1\nr0 = 0\nexit', ...SOCKET },
      'invalid bpf_context access off=0 size=4',
    ],
    [
      'moved context',
      { asm: 'r1 += 8\nr0 = *(u64 *)(r1 + 0)\nexit' },
      'dereference of modified ctx ptr R1 off=8 disallowed',
    ],
  ])('%s', (_name, test, expected) => {
    expect(verdict(test)).toBe(expected);
  });
});

describe('maps and helpers', () => {
  test.each<[string, string, string]>([
    ['checked look-up', `${LOOKUP}\nif r0 == 0 goto +1\nr0 = *(u64 *)(r0 + 0)\nr0 = 0\nexit`, 'accept'],
    [
      'missing null check',
      `${LOOKUP}\nr0 = *(u64 *)(r0 + 0)\nexit`,
      "R0 invalid mem access 'map_value_or_null'",
    ],
    [
      'null check on the wrong side',
      `${LOOKUP}\nif r0 != 0 goto +1\nr0 = *(u64 *)(r0 + 0)\nexit`,
      "R0 invalid mem access 'scalar'",
    ],
    [
      'beyond the value',
      `${LOOKUP}\nif r0 == 0 goto +1\nr0 = *(u64 *)(r0 + 4)\nr0 = 0\nexit`,
      'invalid access to map value, value_size=8 off=4 size=8',
    ],
    [
      'before the value',
      `${LOOKUP}\nif r0 == 0 goto +1\nr0 = *(u64 *)(r0 - 8)\nr0 = 0\nexit`,
      'invalid access to map value, value_size=8 off=-8 size=8',
    ],
    [
      'arithmetic before the check',
      `${LOOKUP}\nr0 += 4\nexit`,
      'R0 pointer arithmetic on map_value_or_null prohibited, null-check it first',
    ],
    [
      'constant key of an array',
      '*(u32 *)(r10 - 8) = 3\nr2 = r10\nr2 += -8\nr1 = map[array]\ncall map_lookup_elem\nr0 = *(u64 *)(r0 + 8)\nexit',
      'accept',
    ],
    [
      'constant key out of range',
      '*(u32 *)(r10 - 8) = 4\nr2 = r10\nr2 += -8\nr1 = map[array]\ncall map_lookup_elem\nr0 = *(u64 *)(r0 + 8)\nexit',
      "R0 invalid mem access 'map_value_or_null'",
    ],
    [
      'key that is no pointer',
      'r1 = map[hash]\nr2 = 5\ncall map_lookup_elem\nr0 = 0\nexit',
      'R2 type=scalar expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_',
    ],
    [
      'map that is none',
      'r2 = r10\nr2 += -8\nr1 = 0\ncall map_lookup_elem\nr0 = 0\nexit',
      'R1 type=scalar expected=map_ptr',
    ],
    [
      'map of the wrong type',
      'r1 = map[hash]\nr2 = 8\nr3 = 0\ncall ringbuf_reserve\nr0 = 0\nexit',
      'cannot pass map_type 1 into func bpf_ringbuf_reserve#131',
    ],
    ['helper nobody knows', 'call 9999\nr0 = 0\nexit', 'invalid func unknown#9999'],
    [
      'helper of other program types',
      'call skb_pull_data\nr0 = 0\nexit',
      'program of this type cannot use helper bpf_skb_pull_data#39',
    ],
    ['missing argument', 'r1 = map[hash]\ncall map_lookup_elem\nr0 = 0\nexit', 'R2 !read_ok'],
    [
      'size 0 where none is allowed',
      'r1 = r10\nr1 += -8\nr2 = 0\ncall get_current_comm\nr0 = 0\nexit',
      'R2 invalid zero-sized read: u64=[0,0]',
    ],
    [
      'size beyond the stack',
      'r1 = r10\nr1 += -8\nr2 = 16\ncall get_current_comm\nr0 = 0\nexit',
      'invalid write to stack R1 off=-8 size=16',
    ],
    [
      'unbounded size',
      'call get_prandom_u32\nr2 = r0\nr1 = r10\nr1 += -8\ncall get_current_comm\nr0 = 0\nexit',
      "R2 min value is negative, either use unsigned or 'var &= const'",
    ],
    [
      'buffer it filled is initialised',
      'r1 = r10\nr1 += -16\nr2 = 16\ncall get_current_comm\nr0 = *(u64 *)(r10 - 16)\nexit',
      'accept',
    ],
    ['tail call', 'r2 = map[progs]\nr3 = 1\ncall tail_call\nr0 = 0\nexit', 'accept'],
    [
      'tail call without programs',
      'r2 = map[hash]\nr3 = 1\ncall tail_call\nr0 = 0\nexit',
      'expected prog array map for tail call',
    ],
  ])('%s', (_name, asm, expected) => {
    expect(verdict({ asm })).toBe(expected);
  });

  test('a GPL helper asks for a license', () => {
    const asm =
      'call get_current_task\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = r0\ncall probe_read_kernel\nr0 = 0\nexit';
    expect(verdict({ asm })).toBe('accept');
    expect(verdict({ asm, license: 'MIT' })).toBe(
      'cannot call GPL-restricted function from non-GPL compatible program',
    );
  });

  test('frozen read-only maps are constants and kill branches', () => {
    const rodata = map('rodata', {
      type: MapType.ARRAY,
      valueSize: 8,
      maxEntries: 1,
      flags: 1 << 7,
      frozen: true,
      frozenContents: new Uint8Array([5, 0, 0, 0, 0, 0, 0, 0]),
    });
    const load = 'r1 = map[rodata][0]+0\nr1 = *(u32 *)(r1 + 0)';
    const result = run({ asm: `${load}\nif r1 == 5 goto +1\nr0 = r9\nr0 = 0\nexit`, maps: [rodata] });
    expect(result.ok && result.value.facts[3]).toMatchObject({ branch: 'always' });
    expect(result.ok && result.value.facts[4]).toMatchObject({ reachable: false });
    expect(verdict({ asm: `${load}\nif r1 == 4 goto +1\nr0 = r9\nr0 = 0\nexit`, maps: [rodata] })).toBe(
      'R9 !read_ok',
    );
    const write = 'r1 = map[rodata][0]+0\n*(u32 *)(r1 + 0) = 1\nr0 = 0\nexit';
    expect(verdict({ asm: write, maps: [rodata] })).toBe(
      'write into map forbidden, value_size=8 off=0 size=4',
    );
  });
});

describe('references', () => {
  test.each<[string, string, string]>([
    [
      'submitted',
      `${RESERVE}\nif r0 == 0 goto +4\n*(u64 *)(r0 + 8) = 1\nr1 = r0\nr2 = 0\ncall ringbuf_submit\nr0 = 0\nexit`,
      'accept',
    ],
    ['leaked', `${RESERVE}\nif r0 == 0 goto +0\nr0 = 0\nexit`, 'Unreleased reference id=2 alloc_insn=4'],
    [
      'beyond the record',
      `${RESERVE}\nif r0 == 0 goto +4\n*(u64 *)(r0 + 9) = 1\nr1 = r0\nr2 = 0\ncall ringbuf_submit\nr0 = 0\nexit`,
      'invalid access to memory, mem_size=16 off=9 size=8',
    ],
    [
      'submitted twice',
      `${RESERVE}\nif r0 == 0 goto +7\nr6 = r0\nr1 = r6\nr2 = 0\ncall ringbuf_submit\nr1 = r6\nr2 = 0\ncall ringbuf_submit\nr0 = 0\nexit`,
      'R1 type=scalar expected=ringbuf_mem',
    ],
    [
      'submitted from the middle',
      `${RESERVE}\nif r0 == 0 goto +4\nr1 = r0\nr1 += 8\nr2 = 0\ncall ringbuf_submit\nr0 = 0\nexit`,
      'R1 must have zero offset when passed to release func or trusted arg to kfunc',
    ],
    [
      'submitted unchecked',
      `${RESERVE}\nr1 = r0\nr2 = 0\ncall ringbuf_submit\nr0 = 0\nexit`,
      'R1 type=ringbuf_mem_or_null expected=ringbuf_mem',
    ],
    [
      'used after submission',
      `${RESERVE}\nif r0 == 0 goto +5\nr6 = r0\nr1 = r0\nr2 = 0\ncall ringbuf_submit\n*(u64 *)(r6 + 0) = 1\nr0 = 0\nexit`,
      "R6 invalid mem access 'scalar'",
    ],
    [
      'size that is not constant',
      'call get_prandom_u32\nr1 = map[ring]\nr2 = r0\nr3 = 0\ncall ringbuf_reserve\nr0 = 0\nexit',
      "R2 is not a known constant'",
    ],
  ])('%s', (_name, asm, expected) => {
    expect(verdict({ asm })).toBe(expected);
  });

  test('both lines of a leak are in the log', () => {
    const result = run({ asm: `${RESERVE}\nif r0 == 0 goto +0\nr0 = 0\nexit` });
    expect(result.ok ? [] : result.error.log).toEqual([
      'Unreleased reference id=2 alloc_insn=4',
      'BPF_EXIT instruction in main prog would lead to reference leak',
    ]);
  });
});

describe('packets', () => {
  test.each<[string, string, string]>([
    [
      'checked',
      `${PACKET}\nr4 = r2\nr4 += 14\nif r4 > r3 goto +1\nr0 = *(u16 *)(r2 + 12)\nr0 = 0\nexit`,
      'accept',
    ],
    [
      'unchecked',
      `${PACKET}\nr0 = *(u16 *)(r2 + 12)\nexit`,
      'invalid access to packet, off=12 size=2, R2(id=0,off=12,r=0)',
    ],
    [
      'one byte short',
      `${PACKET}\nr4 = r2\nr4 += 13\nif r4 > r3 goto +1\nr0 = *(u16 *)(r2 + 12)\nr0 = 0\nexit`,
      'invalid access to packet, off=12 size=2, R2(id=0,off=12,r=13)',
    ],
    [
      'checked the other way round',
      `${PACKET}\nr4 = r2\nr4 += 14\nif r3 >= r4 goto +2\nr0 = 0\nexit\nr0 = *(u16 *)(r2 + 12)\nexit`,
      'accept',
    ],
    [
      'on the wrong side',
      `${PACKET}\nr4 = r2\nr4 += 14\nif r4 > r3 goto +2\nr0 = 0\nexit\nr0 = *(u16 *)(r2 + 12)\nexit`,
      'invalid access to packet, off=12 size=2, R2(id=0,off=12,r=0)',
    ],
    [
      'after the packet may have moved',
      `r6 = r1\n${PACKET}\nr7 = r2\nr4 = r2\nr4 += 14\nif r4 > r3 goto +4\nr1 = r6\nr2 = 14\ncall skb_pull_data\nr0 = *(u8 *)(r7 + 0)\nr0 = 0\nexit`,
      "R7 invalid mem access 'scalar'",
    ],
  ])('%s', (_name, asm, expected) => {
    expect(verdict({ asm, ...TC })).toBe(expected);
  });

  test('classic loads need the context in R6', () => {
    expect(verdict({ asm: 'r6 = r1\nr0 = *(u16 *)skb[12]\nexit', ...SOCKET })).toBe('accept');
    expect(verdict({ asm: 'r6 = 5\nr0 = *(u16 *)skb[12]\nexit', ...SOCKET })).toBe(
      'at the time of BPF_LD_ABS|IND R6 != pointer to skb',
    );
    expect(verdict({ asm: 'r6 = r1\nr0 = *(u16 *)skb[12]\nexit' })).toBe(
      'BPF_LD_[ABS|IND] instructions not allowed for this program type',
    );
  });
});

describe('loops', () => {
  test.each<[string, string, string]>([
    ['counted', 'r0 = 0\nr0 += 1\nif r0 < 100 goto -2\nexit', 'accept'],
    ['endless', 'r0 = 0\nr1 = 0\ngoto -2\nexit', 'unreachable insn 3'],
    ['endless by condition', 'r0 = 0\nr6 = 5\nif r6 == 5 goto -2\nexit', 'infinite loop detected at insn 1'],
    [
      'of unknown length',
      'call get_prandom_u32\nif r0 != 0 goto -2\nr0 = 0\nexit',
      'infinite loop detected at insn 0',
    ],
    ['may_goto', 'r0 = 0\nmay_goto +2\nr0 += 1\ngoto -3\nr0 = 0\nexit', 'accept'],
    [
      'bpf_loop',
      'r1 = 8\nr2 = f ll\nr3 = 0\nr4 = 0\ncall loop\nr0 = 0\nexit\nf:\nr0 = 0\nexit',
      'missing btf func_info',
    ],
  ])('%s', (_name, asm, expected) => {
    expect(verdict({ asm })).toBe(expected);
  });

  test('more than a million instructions are too many', () => {
    const result = run({ asm: 'r6 = 0\nr6 += 1\nr7 = r6\nr7 *= 3\nif r6 < 400000 goto -4\nr0 = 0\nexit' });
    expect(result).toMatchObject({
      ok: false,
      error: { errno: 7, message: 'BPF program is too large. Processed 1000001 insn' },
    });
  });
});

describe('return values', () => {
  test.each<[string, Case, string]>([
    [
      'cgroup_skb 2',
      { asm: 'r0 = 2\nexit', type: ProgType.CGROUP_SKB },
      'At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]',
    ],
    [
      'cgroup_skb of any value',
      { asm: 'call get_prandom_u32\nexit', type: ProgType.CGROUP_SKB },
      'At program exit the register R0 has unknown scalar value should have been in [0, 1]',
    ],
    ['cgroup_skb 1', { asm: 'r0 = 1\nexit', type: ProgType.CGROUP_SKB }, 'accept'],
    [
      'a pointer without CAP_PERFMON',
      { asm: 'r0 = r10\nexit', caps: ['CAP_BPF'], ...SOCKET },
      'R0 leaks addr as return value',
    ],
  ])('%s', (_name, test, expected) => {
    expect(verdict(test)).toBe(expected);
  });
});

describe('kernel structs', () => {
  test.each<[string, string, string]>([
    ['a field', 'call get_current_task_btf\nr0 = *(u32 *)(r0 + 0)\nexit', 'accept'],
    [
      'a pointer to follow',
      'call get_current_task_btf\nr0 = *(u64 *)(r0 + 16)\nr0 = *(u32 *)(r0 + 0)\nexit',
      'accept',
    ],
    [
      'beyond the struct',
      'call get_current_task_btf\nr0 = *(u64 *)(r0 + 32)\nexit',
      'access beyond struct task_struct at off 32 size 8',
    ],
    [
      'a hole',
      'call get_current_task_btf\nr0 = *(u32 *)(r0 + 4)\nexit',
      "struct task_struct doesn't have field at offset 4",
    ],
    [
      'half a pointer',
      'call get_current_task_btf\nr0 = *(u32 *)(r0 + 16)\nexit',
      'cannot access ptr member parent with moff 16 in struct task_struct with off 16 size 4',
    ],
    ['a write', 'call get_current_task_btf\n*(u32 *)(r0 + 0) = 1\nr0 = 0\nexit', 'only read is supported'],
  ])('%s', (_name, asm, expected) => {
    expect(verdict({ asm })).toBe(expected);
  });
});

describe('facts for the compilers', () => {
  test('accesses, maps and dead code', () => {
    const asm = `${LOOKUP}\nif r0 == 0 goto +1\nr6 = *(u64 *)(r0 + 0)\ncall get_current_task_btf\nr0 = *(u32 *)(r0 + 0)\nexit`;
    const result = run({ asm });
    if (!result.ok) throw new Error(result.error.message);
    const { facts, maps, subprograms } = result.value;
    expect(maps.map((m) => m.name)).toEqual(['hash']);
    expect(facts[5]).toEqual({ reachable: true, map: 0 });
    expect(facts[7]).toEqual({ reachable: true, access: 'direct' });
    expect(facts[9]).toEqual({ reachable: true, access: 'probe' });
    expect(facts.every((f) => f.reachable)).toBe(true);
    expect(subprograms).toEqual([{ start: 0, end: 11, name: 'test', stackDepth: 8, isCallback: false }]);
  });

  test('packet pointers of the context', () => {
    const result = run({ asm: `${PACKET}\nr0 = 0\nexit`, ...TC });
    expect(result.ok && result.value.facts.slice(0, 2)).toEqual([
      { reachable: true, access: 'ctx-ptr' },
      { reachable: true, access: 'ctx-ptr' },
    ]);
  });

  test('an instruction that uses two maps has none', () => {
    const asm = `r6 = r1
      *(u32 *)(r10 - 4) = 0
      r2 = r10
      r2 += -4
      r7 = *(u64 *)(r6 + 0)
      r1 = map[hash]
      if r7 == 0 goto +2
      r1 = map[other]
      call map_lookup_elem
      r0 = 0
      exit`;
    const result = run({ asm, maps: [map('other')] });
    expect(result.ok && result.value.facts[10]).toEqual({ reachable: true });
  });
});
