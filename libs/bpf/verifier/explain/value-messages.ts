/** Messages about registers, arithmetic, branches and return values. */
import { ProgType } from '@probed/spec';
import { CHECKED, LOOK_UP, type MessageRow, message, tc, UNKNOWN_NUMBER } from './message-row';

export const VALUE_MESSAGES: readonly MessageRow[] = [
  message('not-read-ok', 'R… !read_ok', {
    meaning:
      'A register is read that holds nothing on this path: a variable without a value, a function without a return ' +
      'value, or R1 to R5 after a call, which destroys them.',
    fix: 'Give the variable a value on all paths. In assembly keep values over calls in r6 to r9 or on the stack.',
    example: { asm: 'r0 = r7\nexit' },
  }),
  message('pointer-pointer', 'R… pointer … pointer prohibited', {
    meaning: 'Two pointers are added or combined in another way; only their difference is a number.',
    fix: 'Check which of the two was meant to be a number: mostly a value was not loaded (`*p` forgotten).',
    example: { asm: 'r2 = r10\nr2 += r1\nr0 = 0\nexit' },
  }),
  message('pointer-op', 'R… pointer arithmetic with … operator prohibited', {
    meaning: 'A pointer is multiplied, shifted or divided.',
    fix: 'Compute with numbers first and add the result to the pointer.',
    example: { asm: 'r1 *= 2\nr0 = 0\nexit' },
  }),
  message('pointer-bitwise', 'R… bitwise operator … on pointer prohibited', {
    meaning: 'A pointer is masked or combined bit by bit, for example to align it.',
    fix: 'Mask the index in place of the pointer.',
    example: { asm: 'r1 &= -8\nr0 = 0\nexit' },
  }),
  message('pointer-32', 'R… 32-bit pointer arithmetic prohibited', {
    meaning: 'A pointer goes through 32-bit arithmetic, which cuts off its upper half.',
    fix: 'Keep pointers in pointer variables or __u64, never in int or __u32.',
    example: { asm: 'w1 += 1\nr0 = 0\nexit' },
  }),
  message('pointer-or-null-math', 'R… pointer arithmetic on …_or_null prohibited, null-check it first', {
    meaning: 'A pointer that may be NULL is moved before it was tested.',
    fix: 'Test first, then add: `if (!p) return 0; p += off;`.',
    example: { asm: `${LOOK_UP}\nr0 += 4\nr0 = 0\nexit` },
  }),
  message('pointer-math-on', 'R… pointer arithmetic on … prohibited', {
    meaning: 'This kind of pointer cannot be moved: the end of a packet, a socket, a map.',
    fix: 'Access its fields through the struct; move the other pointer of the comparison.',
    example: tc('r1 = *(u32 *)(r1 + 80)\nr1 += 4\nr0 = 0\nexit'),
  }),
  message('subtract-from-stack', 'R… subtraction from stack pointer prohibited', {
    meaning: 'A number is subtracted from a stack pointer.',
    fix: 'Add a negative number, or index the array from its beginning.',
    example: { asm: 'r1 = r10\nr1 -= 8\nr0 = 0\nexit' },
  }),
  message('subtract-pointer', 'R… tried to subtract pointer from scalar', {
    meaning: 'A pointer is subtracted from a number.',
    fix: 'Turn the operands round, or check which of them was meant to be a number.',
    example: { asm: 'r0 = 8\nr0 -= r1\nexit' },
  }),
  message('out-of-bounds-pointer', 'value … makes … pointer be out of bounds', {
    meaning: 'The variable part of a pointer may be so large that it could leave the address space.',
    fix: 'Bound the number before it is added to the pointer.',
    example: tc(`${UNKNOWN_NUMBER}\nif r6 s< 0x20000001 goto out\nr1 = r10\nr1 += r6\nout: r0 = 0\nexit`),
  }),
  message('leak-return', 'R0 leaks addr as return value', {
    meaning: 'The program returns a pointer, which would show an address of the kernel to user space.',
    fix: 'Return a number; copy what the pointer points to.',
    example: { asm: 'r0 = r1\nexit', type: ProgType.SOCKET_FILTER, caps: ['CAP_BPF'] },
  }),
  message('leak-helper', 'R… leaks addr into …', {
    meaning:
      'An address of the kernel is written where user space can read it, and the loader lacks CAP_PERFMON.',
    fix: 'Store numbers, not pointers, or load with CAP_PERFMON.',
    example: {
      asm: `r6 = r1\n${CHECKED}\n*(u64 *)(r0 + 0) = r6\nout: r0 = 0\nexit`,
      type: ProgType.SOCKET_FILTER,
      caps: ['CAP_BPF'],
    },
  }),
  message('r0-not-known', '… the register R0 is not a known value (…)', {
    meaning:
      'The program returns a pointer, or something unknown, where a number from a certain range is asked for.',
    fix: 'Return a constant on every path.',
    example: { asm: 'r0 = r1\nexit', type: ProgType.CGROUP_SKB },
  }),
  message('r0-range', '… the register R0 has … should have been in […, …]', {
    meaning: 'The return value may lie outside what programs of this type may return.',
    fix: 'Return one of the allowed constants; bound a computed result before the return.',
    example: { asm: 'r0 = 5\nexit', type: ProgType.CGROUP_SOCK },
  }),
  message('div-by-zero', 'div by zero', {
    meaning: 'A division by the constant 0.',
    fix: 'Look for a macro or a constant that became 0. A variable divisor may be 0: the result is 0 then.',
    example: { asm: 'r0 = 1\nr0 /= 0\nexit' },
  }),
  message('invalid-shift', 'invalid shift …', {
    meaning: 'A shift by a constant that is negative or not below the width.',
    fix: 'Shift by less than 32 or 64 bits.',
    example: { asm: 'r0 = 1\nr0 <<= 64\nexit' },
  }),
  message('frame-pointer', 'frame pointer is read only', {
    meaning: 'r10, the frame pointer, is written.',
    fix: 'Copy it to another register and move that.',
    example: { asm: 'r10 = 0\nr0 = 0\nexit' },
  }),
  message('infinite-loop', 'infinite loop detected at insn …', {
    meaning:
      'A loop comes round in exactly the same state: nothing that the verifier knows changes, so it would never end.',
    fix: 'Count the rounds and test the counter, or use bpf_for(), bpf_loop() or may_goto (`cond_break`).',
    example: { asm: 'r0 = 0\nagain: if r0 == 1 goto out\ngoto again\nout: exit' },
  }),
  message('too-large', 'BPF program is too large. Processed … insn', {
    meaning:
      'The verifier gave up after a million instructions. Loops count once a round, and branches within them multiply.',
    fix:
      'Lower the bounds of loops; move the body to a `__noinline` global function, which is verified once; use ' +
      'bpf_loop() or bpf_for().',
    example: {
      asm: 'r6 = 0\nagain: r6 += 1\nif r6 < 0x7fffffff goto again\nr0 = 0\nexit',
    },
  }),
  message('reserved-fields', '… uses reserved fields', {
    meaning: 'A field of the instruction that must be 0 is not.',
    fix: 'This is not what compilers write: look at what generates or patches the instructions.',
    example: { asm: '.insn 0xb7 0 1 0 0\nexit' },
  }),
  message('unknown-opcode', 'unknown opcode …', {
    meaning: 'No instruction has this opcode.',
    fix: 'Check that the bytes are eBPF of this byte order, and that jumps and patches fall on instructions.',
    example: { asm: '.insn 0xff 0 0 0 0\nexit' },
  }),
  message('last-insn', 'last insn is not an exit or jmp', {
    meaning: 'The program, or one of its functions, runs off its end.',
    fix: 'End every function with a return. Compilers leave it out after undefined behaviour such as an endless loop.',
    example: { asm: 'r0 = 0' },
  }),
  message('insns-unreachable', 'unreachable insn …', {
    meaning: 'No path leads to the instruction.',
    fix: 'Remove it. From a compiler: a function without a return, or undefined behaviour that it cut off.',
    example: { asm: 'r0 = 0\nexit\nr0 = 1\nexit' },
  }),
  message('jump-range', 'jump out of range from insn … to …', {
    meaning: 'A jump leaves its function.',
    fix: 'Correct the offset; functions end with exit or a jump within themselves.',
    example: { asm: 'r0 = 0\nif r0 == 0 goto +5\nexit' },
  }),
];
