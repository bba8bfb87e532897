/** Messages about memory: map values, stack, packets, context, null checks. */
import { ProgType } from '@probed/spec';
import { CHECKED, LOOK_UP, type MessageRow, message, tc, UNKNOWN_NUMBER } from './message-row';

export const MEMORY_MESSAGES: readonly MessageRow[] = [
  message('mem-access-scalar', "R… invalid mem access 'scalar'", {
    meaning:
      'A number is used as an address. The verifier no longer knows it as a pointer: it was read from memory that may ' +
      'hold anything, went through arithmetic, or comes from a field that holds an address of the kernel or of user space.',
    fix:
      'Read through such an address with bpf_probe_read_kernel() or bpf_probe_read_user(), or BPF_CORE_READ(). If it ' +
      'was a pointer of the program, keep it in a variable and move it with + and - only.',
    example: { asm: `${CHECKED}\nr1 = *(u64 *)(r0 + 0)\nr0 = *(u64 *)(r1 + 0)\nout: r0 = 0\nexit` },
  }),
  message('mem-access-or-null', "R… invalid mem access '…_or_null'", {
    meaning: 'A pointer that may be NULL is used before it was compared with NULL on this path.',
    fix: 'Test it right after the call that gave it: `if (!p) return 0;`. Test the very variable that is used later.',
    example: { asm: `${LOOK_UP}\nr0 = *(u64 *)(r0 + 0)\nexit` },
  }),
  message('mem-access-other', "R… invalid mem access '…'", {
    meaning:
      'The register holds a pointer, but not one that can be read or written in place: a map itself, the end of the ' +
      'packet, a function.',
    fix: "Use the pointer that the object's helper returns (for a map: bpf_map_lookup_elem), not the object's own address.",
    example: tc('r1 = *(u32 *)(r1 + 80)\nr0 = *(u8 *)(r1 + 0)\nexit'),
  }),
  message('map-value-bounds', 'invalid access to map value, value_size=… off=… size=…', {
    meaning:
      'The access lies, or may lie, outside the value of the map: off is the offset at one end of what the index may ' +
      'be, size how many bytes are accessed.',
    fix:
      'Bound the index on the path to the access: `if (i >= N) return 0;` with an unsigned i, or `i &= N - 1` where N ' +
      'is a power of two. Test the variable that indexes, right before.',
    example: { asm: `${CHECKED}\nr0 = *(u64 *)(r0 + 8)\nout: r0 = 0\nexit` },
  }),
  message(
    'min-value-negative',
    'R… min value is negative, either use unsigned index or do a if (index >=0) check.',
    {
      meaning: 'An index may be below 0, so the access may lie before the beginning of the memory.',
      fix: 'Make the index unsigned (`__u32`), or test `if (i < 0) return 0;` as well as the upper end. A mask does both.',
      example: {
        asm: `${UNKNOWN_NUMBER}\n${CHECKED}\nif r6 s> 7 goto out\nif r6 s< -7 goto out\nr0 += r6\nr0 = *(u8 *)(r0 + 0)\nout: r0 = 0\nexit`,
      },
    },
  ),
  message('max-value-outside', 'R… max value is outside of the allowed memory range', {
    meaning: 'The largest value that the index may have leads beyond the end of the memory.',
    fix: 'Test the upper end before the access (`if (i >= sizeof(buf)) return 0;`), with room for the size of the access.',
    example: {
      asm: `${UNKNOWN_NUMBER}\n${CHECKED}\nr6 &= 15\nr0 += r6\nr0 = *(u8 *)(r0 + 0)\nout: r0 = 0\nexit`,
    },
  }),
  message('min-value-outside', 'R… min value is outside of the allowed memory range', {
    meaning:
      'The smallest value that the index may have lies outside the memory, mostly before its beginning.',
    fix: 'Look at what is subtracted from the pointer or the index; test the lower end before the access.',
    example: {
      asm: `${UNKNOWN_NUMBER}\n${CHECKED}\nr6 &= 3\nr0 += r6\nr0 = *(u8 *)(r0 - 4)\nout: r0 = 0\nexit`,
    },
  }),
  message('unbounded-memory', 'R… unbounded memory access, make sure to bounds check any such access', {
    meaning:
      'The index has no upper bound at all on this path, or one so large that nothing can be that long.',
    fix:
      'Test the index before the access, and look whether the compiler tests a copy: a test of a 32-bit variable says ' +
      'little of its 64-bit copy. Declaring the index `__u64`, or masking it right before the use, helps.',
    example: {
      asm: `${UNKNOWN_NUMBER}\n${CHECKED}\nr6 >>= 2\nr0 += r6\nr0 = *(u8 *)(r0 + 0)\nout: r0 = 0\nexit`,
    },
  }),
  message('unbounded-size', "R… unbounded memory access, use 'var &= const' or 'if (var < const)'", {
    meaning: 'The size handed to a helper has no upper bound on this path.',
    fix: 'Bound it right before the call: `if (len > sizeof(buf)) len = sizeof(buf);` with an unsigned len, or a mask.',
    example: {
      asm: `${UNKNOWN_NUMBER}\nr6 >>= 2\nr1 = r10\nr1 += -8\nr2 = r6\nr3 = 0\ncall probe_read_kernel\nr0 = 0\nexit`,
    },
  }),
  message('negative-size', "R… min value is negative, either use unsigned or 'var &= const'", {
    meaning: 'The size handed to a helper may be below 0.',
    fix: 'Make it unsigned, or test `if (len < 0) return 0;`. What a helper returned is signed: test it before it is a size.',
    example: {
      asm: `${UNKNOWN_NUMBER}\nr1 = r10\nr1 += -8\n*(u64 *)(r10 - 8) = 0\nr2 = r6\ncall trace_printk\nr0 = 0\nexit`,
    },
  }),
  message('sock-access', 'R… invalid … access off=… size=…', {
    meaning: 'The struct that the pointer points to has no such field for programs, or not of this size.',
    fix: 'Use the fields of the struct as the uapi headers declare it, whole and by their names.',
    example: tc('r1 = *(u64 *)(r1 + 168)\nif r1 == 0 goto out\nr0 = *(u64 *)(r1 + 4)\nout: r0 = 0\nexit'),
  }),
  message('math-unbounded', 'math between … pointer and register with unbounded min value is not allowed', {
    meaning: 'A number that may be any negative one is added to a pointer; the result could wrap around.',
    fix: 'Bound the number before it is added: make it unsigned and test it, or mask it.',
    example: tc(`${UNKNOWN_NUMBER}\nr1 = r10\nr1 += r6\nr0 = 0\nexit`),
  }),
  message('math-constant', 'math between … pointer and … is not allowed', {
    meaning: 'A constant that is far too large is added to a pointer.',
    fix: 'Look for a wrong sign or an uninitialised offset: offsets stay within ±512 MiB.',
    example: { asm: `${CHECKED}\nr1 = 0x20000000\nr0 += r1\nout: r0 = 0\nexit` },
  }),
  message('packet-bounds', 'invalid access to packet, off=… size=…, R…(id=…,off=…,r=…)', {
    meaning:
      'The packet is read or written beyond what was compared with data_end on this path: r= says how many bytes from ' +
      'here on were checked.',
    fix:
      'Before the access: `if ((void *)(hdr + 1) > data_end) return TC_ACT_OK;`. After a helper that may change the ' +
      'packet read data and data_end anew and check again.',
    example: tc('r2 = *(u32 *)(r1 + 76)\nr0 = *(u8 *)(r2 + 0)\nexit'),
  }),
  message('packet-offset', 'R… offset is outside of the packet', {
    meaning: 'Follows a message on a packet access: the offset is not within the bytes that were checked.',
    fix: 'Compare the pointer after all additions with data_end; bound variable offsets (`& 0x3f`) before adding them.',
    example: tc('r2 = *(u32 *)(r1 + 76)\nr0 = *(u8 *)(r2 + 4)\nexit'),
  }),
  message('packet-write', 'cannot write into packet', {
    meaning: 'Programs of this type may read packets only.',
    fix: 'Write packets from XDP or TC programs, or with a helper such as bpf_skb_store_bytes() where there is one.',
    example: {
      asm: 'r2 = *(u32 *)(r1 + 76)\nr3 = *(u32 *)(r1 + 80)\nr4 = r2\nr4 += 1\nif r4 > r3 goto out\n*(u8 *)(r2 + 0) = 0\nout: r0 = 1\nexit',
      type: ProgType.CGROUP_SKB,
    },
  }),
  message('ctx-access', 'invalid bpf_context access off=… size=…', {
    meaning:
      'The context has no field there that this program type may read or write so: a wrong offset or size, a field of ' +
      'other program types, or one that is read-only.',
    fix:
      "Use the context struct of the program's type, access fields whole and in their own size, and look at the " +
      'arguments of the hook: a tracepoint cannot be read beyond its record.',
    example: tc('r0 = *(u32 *)(r1 + 512)\nexit'),
  }),
  message('ctx-modified', 'dereference of modified ctx ptr R… off=… disallowed', {
    meaning:
      'The context pointer was moved first and accessed then; its fields are converted by their offset, so it must stay.',
    fix: 'Access fields as `ctx->field`. If the compiler computes an address of its own, put barrier() or a volatile read between.',
    example: tc('r1 += 8\nr0 = *(u32 *)(r1 + 0)\nexit'),
  }),
  message('ctx-variable', 'variable ctx access var_off=… disallowed', {
    meaning: 'A field of the context is chosen by a variable; fields must be named by constant offsets.',
    fix: 'Choose with a switch, each branch reading its own field, or unroll the loop (`#pragma unroll`).',
    example: tc('r2 = *(u32 *)(r1 + 0)\nr2 &= 4\nr1 += r2\nr0 = *(u32 *)(r1 + 0)\nexit'),
  }),
  message('stack-read-uninit', 'invalid read from stack R… off …+… size …', {
    meaning: 'A helper reads stack memory that was not written on this path.',
    fix: 'Initialise the variable: `struct key k = {};`. Padding counts: clear it with __builtin_memset.',
    example: {
      asm: `*(u64 *)(r10 - 16) = 0\nr1 = map[hash]\nr2 = r10\nr2 += -4\ncall map_lookup_elem\nr0 = 0\nexit`,
      type: ProgType.SOCKET_FILTER,
      caps: ['CAP_BPF'],
    },
  }),
  message('stack-read-off', 'invalid read from stack off …+… size …', {
    meaning: 'A byte of the stack is read that was never written on this path.',
    fix: 'Initialise the variable where it is declared, on all paths.',
    example: {
      asm: '*(u64 *)(r10 - 16) = 0\nr0 = *(u64 *)(r10 - 8)\nexit',
      type: ProgType.SOCKET_FILTER,
      caps: ['CAP_BPF'],
    },
  }),
  message('stack-write-outside', 'invalid write to stack R… off=… size=…', {
    meaning: 'The write lies outside the 512 bytes of the stack: beyond its top, or too deep.',
    fix: 'Keep large buffers in a per-CPU array map; check the sign of the offset.',
    example: { asm: '*(u64 *)(r10 + 8) = 0\nr0 = 0\nexit' },
  }),
  message('stack-read-outside', 'invalid read from stack R… off=… size=…', {
    meaning: 'The read lies outside the 512 bytes of the stack.',
    fix: 'Bound the index into the buffer; keep large buffers in a per-CPU array map.',
    example: { asm: 'r0 = *(u64 *)(r10 + 0)\nexit' },
  }),
  message('stack-variable-outside', 'invalid variable-offset… stack R… var_off=… off=… size=…', {
    meaning: 'A buffer on the stack is accessed at a variable offset that may lie outside the stack.',
    fix: 'Bound the index by the size of the buffer before the access: `if (i >= sizeof(buf)) …` or a mask.',
    example: {
      asm: `${UNKNOWN_NUMBER}\nr6 &= 511\nr1 = r10\nr1 += -8\nr1 += r6\n*(u8 *)(r1 + 0) = 0\nr0 = 0\nexit`,
    },
  }),
  message('stack-variable-unbounded', 'invalid unbounded variable-offset… stack R…', {
    meaning: 'A buffer on the stack is accessed at an offset of which hardly anything is known.',
    fix: 'Bound the index by the size of the buffer before the access.',
    example: {
      asm: `${UNKNOWN_NUMBER}\nr6 <<= 1\nr6 >>= 1\nr1 = r10\nr1 += r6\n*(u8 *)(r1 + 0) = 0\nr0 = 0\nexit`,
    },
  }),
  message('zero-sized-read', 'R… invalid zero-sized read: u64=[…,…]', {
    meaning: 'The size handed to a helper may be 0, which this helper does not take.',
    fix: 'Test it: `if (len == 0) return 0;`, or `if (len - 1 < MAX)` with an unsigned len, which tests both ends.',
    example: {
      asm: `${UNKNOWN_NUMBER}\nr6 &= 7\n*(u64 *)(r10 - 8) = 0\nr1 = r10\nr1 += -8\nr2 = r6\nr3 = r10\ncall trace_printk\nr0 = 0\nexit`,
    },
  }),
  message('fill-size', 'invalid size of register fill', {
    meaning: 'A pointer that was put on the stack is read back in parts.',
    fix: 'Read it back whole, 8 bytes at once; keep pointers out of packed structs and unions with smaller members.',
    example: { asm: '*(u64 *)(r10 - 8) = r1\nr0 = *(u32 *)(r10 - 8)\nexit' },
  }),
  message('spill-size', 'invalid size of register spill', {
    meaning: 'A part of a pointer is put on the stack.',
    fix: 'Store pointers whole, in 8 bytes.',
    example: { asm: '*(u32 *)(r10 - 8) = r1\nr0 = 0\nexit' },
  }),
  message('misaligned', 'misaligned … access off …+…+… size …', {
    meaning: 'The address is not a multiple of the size of the access, where that is needed.',
    fix: 'Align the variable, or access it byte by byte.',
    example: { asm: '*(u32 *)(r10 - 6) = 0\nr0 = 0\nexit' },
  }),
  message('read-only', 'R… cannot write into …', {
    meaning: 'The memory is read-only for programs.',
    fix: 'Copy it and change the copy; kernel objects change through helpers and kfuncs only.',
    example: tc('r1 = *(u64 *)(r1 + 168)\nif r1 == 0 goto out\n*(u32 *)(r1 + 0) = 0\nout: r0 = 0\nexit'),
  }),
  message('same-insn', 'same insn cannot be used with different pointers', {
    meaning:
      'One instruction is reached with pointers of different kinds. The compiler has merged two accesses to the same ' +
      'offset, but the kernel converts them in different ways.',
    fix: 'Keep them apart: put `asm volatile("" ::: "memory")` into one branch, or give each access a function of its own.',
    example: tc(
      'r6 = r1\nr1 = *(u64 *)(r6 + 168)\nr0 = 0\nif r1 != 0 goto access\nr1 = r6\naccess: r0 = *(u32 *)(r1 + 4)\nexit',
    ),
  }),
];
