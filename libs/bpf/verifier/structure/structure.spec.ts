import { ProgType } from '@probed/spec';
import { run } from '../fixtures/run-case';

const EXIT = 'r0 = 0\nexit';

describe('structure', () => {
  test.each<[string, string, string, number]>([
    ['falls off the end', 'r0 = 0', 'last insn is not an exit or jmp', 22],
    ['ends in a call', 'call get_prandom_u32', 'last insn is not an exit or jmp', 22],
    ['unreachable code', 'r0 = 0\nexit\nr0 = 1\nexit', 'unreachable insn 2', 22],
    ['code after an endless goto', 'goto +0\ngoto -2\nexit', 'unreachable insn 2', 22],
    ['jump before the start', 'r0 = 0\nif r0 == 0 goto -5\nexit', 'jump out of range from insn 1 to -3', 22],
    ['jump past the end', 'r0 = 0\nif r0 == 0 goto +7\nexit', 'jump out of range from insn 1 to 9', 22],
    [
      'jump into ld_imm64',
      'if r1 == 0 goto +1\nr0 = 5 ll\nexit',
      'jump into the middle of ldimm64 insn 1',
      22,
    ],
    ['half an ld_imm64', '.insn 0x18 0 0 0 5\nr0 = 0\nexit', 'invalid bpf_ld_imm64 insn', 22],
    ['unknown opcode', '.insn 0xff 0 0 0 0\nr0 = 0\nexit', 'unknown opcode ff', 22],
    [
      'unknown kind of ld_imm64',
      '.insn 0x18 0 9 0 0\n.insn 0 0 0 0 0\nexit',
      'unrecognized bpf_ld_imm64 insn',
      22,
    ],
    ['unknown map', 'r1 = map[nowhere]\nr0 = 0\nexit', 'fd 0 is not pointing to valid bpf_map', 9],
    [
      'offset beyond a map value',
      'r1 = map[hash][0]+0\nr0 = 0\nexit',
      'no direct value access support for this map type',
      22,
    ],
    ['load with an immediate', '.insn 0x61 0 1 0 4\nexit', 'BPF_LDX uses reserved fields', 22],
    ['store with reserved bits', '.insn 0x7b 10 1 -8 1\nr0 = 0\nexit', 'BPF_STX uses reserved fields', 22],
    [
      'immediate store with a source',
      '.insn 0x7a 10 1 -8 1\nr0 = 0\nexit',
      'BPF_ST uses reserved fields',
      22,
    ],
    ['goto with an immediate', '.insn 0x05 0 0 0 3\nr0 = 0\nexit', 'BPF_JA uses reserved fields', 22],
    ['exit with an immediate', 'r0 = 0\n.insn 0x95 0 0 0 1', 'BPF_EXIT uses reserved fields', 22],
    ['call with an offset', '.insn 0x85 0 0 4 7\nr0 = 0\nexit', 'BPF_CALL uses reserved fields', 22],
    [
      'comparison with both operands',
      '.insn 0x1d 1 1 0 9\nr0 = 0\nexit',
      'BPF_JMP/JMP32 uses reserved fields',
      22,
    ],
    ['move with reserved bits', '.insn 0xbf 2 1 3 0\nr0 = 0\nexit', 'BPF_MOV uses reserved fields', 22],
    ['addition with an offset', '.insn 0x07 1 0 2 0\nr0 = 0\nexit', 'BPF_ALU uses reserved fields', 22],
    ['byte swap of 8 bits', '.insn 0xdc 1 0 0 8\nr0 = 0\nexit', 'BPF_END uses reserved fields', 22],
    ['negation with an immediate', '.insn 0x87 1 0 0 8\nr0 = 0\nexit', 'BPF_NEG uses reserved fields', 22],
    ['call outside the program', '.insn 0x85 0 1 0 9\nr0 = 0\nexit', 'call to invalid destination', 22],
    [
      'classic load in a subprogram',
      'r6 = r1\ncall f\nexit\nf:\nr6 = r1\nr0 = *(u16 *)skb[12]\nexit',
      'LD_ABS is not allowed in subprogs without BTF',
      22,
    ],
    [
      'map by index',
      '.insn 0x18 1 5 0 0\n.insn 0 0 0 0 0\nr0 = 0\nexit',
      'fd_idx without fd_array is invalid',
      71,
    ],
    ['division by the number 0', 'r0 = 1\nr0 /= 0\nexit', 'div by zero', 22],
    ['shift by 64', 'r0 = 1\nr0 <<= 64\nexit', 'invalid shift 64', 22],
    ['32-bit shift by 32', 'r0 = 1\nw0 <<= 32\nexit', 'invalid shift 32', 22],
    ['register 11', '.insn 0xbf 0 11 0 0\nexit', 'R11 is invalid', 22],
    [
      'atomic operation nobody knows',
      'r1 = 0\n.insn 0xdb 10 1 -8 0x33\nr0 = 0\nexit',
      'BPF_ATOMIC uses invalid atomic opcode 33',
      22,
    ],
    [
      'atomic operation on bytes',
      'r1 = 0\n.insn 0xd3 10 1 -8 0\nr0 = 0\nexit',
      'invalid atomic operand size',
      22,
    ],
  ])('%s', (_name, asm, message, errno) => {
    const result = run({ asm });
    expect(result.ok ? 'accepted' : result.error).toMatchObject({ message, errno, verdict: 'reject' });
  });

  test('the empty program and a program type that does not exist', () => {
    expect(run({ asm: '' })).toMatchObject({ ok: false, error: { errno: 7 } });
    expect(run({ asm: EXIT, type: 999 })).toMatchObject({ ok: false, error: { errno: 22 } });
  });

  test('a kernel function that the kernel lacks is refused by name', () => {
    const asm = 'call kfunc bpf_task_acquire\nr0 = 0\nexit';
    const error = { verdict: 'reject', message: 'the kernel has no function bpf_task_acquire' };
    expect(run({ asm })).toMatchObject({ ok: false, error });
  });

  test('capabilities', () => {
    const caps = ['CAP_BPF'];
    expect(run({ asm: EXIT, caps })).toMatchObject({ ok: false, error: { errno: 1 } });
    expect(run({ asm: EXIT, caps: ['CAP_BPF', 'CAP_PERFMON'] }).ok).toBe(true);
    expect(run({ asm: EXIT, caps: ['CAP_SYS_ADMIN'] }).ok).toBe(true);
    expect(run({ asm: EXIT, caps: [], type: ProgType.SOCKET_FILTER }).ok).toBe(true);
    const loop = 'r0 = 0\nr0 += 1\nif r0 < 4 goto -2\nexit';
    expect(run({ asm: loop, caps: [], type: ProgType.SOCKET_FILTER })).toMatchObject({
      ok: false,
      error: { message: 'back-edge from insn 2 to 1' },
    });
  });
});

/** A chain of `depth` functions, each using `bytes` of stack. */
function chain(depth: number, bytes: number): string {
  const functions: string[] = [];
  for (let i = 0; i < depth; i++) {
    const call = i + 1 < depth ? `call f${i + 1}` : 'r0 = 0';
    functions.push(`f${i}:\n*(u64 *)(r10 - ${bytes}) = 0\n${call}\nr0 = 0\nexit`);
  }
  return functions.join('\n');
}

describe('stack depth', () => {
  test.each<[string, number, number, number, string]>([
    ['512 bytes in one frame', ProgType.SOCKET_FILTER, 1, 512, 'accept'],
    ['two frames of 256', ProgType.SOCKET_FILTER, 2, 256, 'accept'],
    ['two frames of 272', ProgType.SOCKET_FILTER, 2, 272, 'combined stack size of 2 calls is 544. Too large'],
    ['private stacks of 512', ProgType.RAW_TRACEPOINT, 4, 512, 'accept'],
    ['eight frames', ProgType.RAW_TRACEPOINT, 8, 64, 'accept'],
    ['nine frames', ProgType.RAW_TRACEPOINT, 9, 64, 'the call stack of 9 frames is too deep'],
  ])('%s', (_name, type, depth, bytes, verdict) => {
    const result = run({ asm: chain(depth, bytes), type });
    expect(result.ok ? 'accept' : result.error.message).toBe(verdict);
  });

  test('recursion is refused', () => {
    const result = run({ asm: 'call f\nexit\nf:\ncall f\nr0 = 0\nexit' });
    expect(result).toMatchObject({
      ok: false,
      error: { errno: 7, message: 'the call stack of 9 frames is too deep' },
    });
  });
});
