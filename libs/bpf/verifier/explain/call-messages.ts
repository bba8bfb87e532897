/** Messages about calls, references, locks and what a program may do at all. */
import { ProgType } from '@probed/spec';
import { LOOK_UP, type MessageRow, message, tc, UNKNOWN_NUMBER } from './message-row';

const RESERVE = `r1 = map[ring]
r2 = 8
r3 = 0
call ringbuf_reserve`;

export const CALL_MESSAGES: readonly MessageRow[] = [
  message('unreleased-reference', 'Unreleased reference id=… alloc_insn=…', {
    meaning:
      'Something that must be given back is lost on this path: a ring buffer record, a socket, an object.',
    fix:
      'Give it back on every path, early returns included: bpf_ringbuf_submit() or bpf_ringbuf_discard(), ' +
      'bpf_sk_release(), the release function of the kfunc that gave it.',
    example: { asm: `${RESERVE}\nr0 = 0\nexit` },
  }),
  message('reference-leak', '… would lead to reference leak', {
    meaning:
      'Follows "Unreleased reference": the program ends here, or calls what ends it, and still holds references.',
    fix: 'Release what is held before: look at the lines above for where it was acquired.',
    example: { asm: `${RESERVE}\nif r0 == 0 goto out\nr0 = 1\nexit\nout: exit` },
  }),
  message('null-check-arg', 'R… type=…_or_null expected=…', {
    meaning: 'A pointer that may be NULL is passed where a valid one is asked for.',
    fix: 'Test it before the call: `if (!p) return 0;`.',
    example: { asm: `${LOOK_UP}\nr1 = r0\nr2 = 8\nr3 = r10\ncall trace_printk\nr0 = 0\nexit` },
  }),
  message('arg-type', 'R… type=… expected=…', {
    meaning: 'An argument of a helper or kfunc is not of the kind that it takes.',
    fix:
      'Compare the call with the prototype. `scalar`: the pointer was lost, or a number was passed; `…_or_null`: a test ' +
      'for NULL is missing; `fp`: the address of a local variable was passed.',
    example: { asm: `r1 = 0\nr2 = r10\nr2 += -8\n*(u64 *)(r10 - 8) = 0\ncall map_lookup_elem\nr0 = 0\nexit` },
  }),
  message('release-unreferenced', 'R… must be referenced when passed to release function', {
    meaning: 'A function that gives something back is handed what was not acquired.',
    fix: 'Pass the very pointer that the acquiring call returned, once.',
    example: tc('r1 = *(u64 *)(r1 + 168)\nif r1 == 0 goto out\ncall sk_release\nout: r0 = 0\nexit'),
  }),
  message('release-offset', 'R… must have zero offset when passed to release func or trusted arg to kfunc', {
    meaning: 'The pointer was moved away from the beginning of what it points to.',
    fix: 'Keep the pointer as the acquiring call returned it and pass that.',
    example: {
      asm: `${RESERVE}\nif r0 == 0 goto out\nr1 = r0\nr1 += 4\nr2 = 0\ncall ringbuf_submit\nout: r0 = 0\nexit`,
    },
  }),
  message('unknown-func', 'program of this type cannot use helper …#…', {
    meaning: 'The helper exists, but not for programs of this type or of this attach type.',
    fix: 'Look for a helper or kfunc of the same use for this type; `probectl help` and the man page bpf-helpers(7) list them.',
    example: { asm: 'r1 = 0\nr2 = 0\ncall redirect\nexit' },
  }),
  message('invalid-func', 'invalid func unknown#…', {
    meaning: 'No helper has this number. In objects with CO-RE it is what a failed relocation leaves behind.',
    fix: 'Look for `failed to resolve CO-RE relocation` above; guard such code with bpf_core_field_exists().',
    example: { asm: 'call 9999\nexit' },
  }),
  message('gpl-only', 'cannot call GPL-restricted function from non-GPL compatible program', {
    meaning: 'The helper is for programs under a licence that is compatible with the GPL.',
    fix: 'Declare it: `char LICENSE[] SEC("license") = "GPL";` or "Dual BSD/GPL".',
    example: { asm: 'call probe_read_kernel\nr0 = 0\nexit', license: 'Proprietary' },
  }),
  message('const-size', 'R… is not a known constant…', {
    meaning: 'The argument must be a constant that is known at load time.',
    fix: 'Pass a literal or sizeof; a `const volatile` variable works as well, as it is frozen before load.',
    example: {
      asm: `${UNKNOWN_NUMBER}\nr1 = map[ring]\nr2 = r6\nr3 = 0\ncall ringbuf_reserve\nr0 = 0\nexit`,
    },
  }),
  message('dynptr-uninitialised', 'Expected an initialized dynptr as arg #…', {
    meaning: 'The argument is memory in which no dynptr was set up on this path, or one that was given back.',
    fix: 'Call bpf_dynptr_from_mem(), bpf_ringbuf_reserve_dynptr() or the like first, on every path, and test its result.',
    example: {
      asm: `*(u64 *)(r10 - 24) = 0\n*(u64 *)(r10 - 16) = 0\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = r10\nr3 += -24\nr4 = 0\nr5 = 0\ncall dynptr_read\nr0 = 0\nexit`,
    },
  }),
  message('map-type', 'cannot pass map_type … into func …#…', {
    meaning: 'The helper does not work on maps of this type.',
    fix: 'Use the helper of the map type, e.g. bpf_ringbuf_output for a ring buffer.',
    example: {
      asm: '*(u64 *)(r10 - 8) = 0\nr1 = map[events]\nr2 = r10\nr2 += -8\ncall map_lookup_elem\nr0 = 0\nexit',
    },
  }),
  message('combined-stack', 'combined stack size of … calls is …. Too large', {
    meaning: 'All functions of a chain of calls together use more than 512 bytes of stack.',
    fix: 'Move large local variables to a per-CPU array map.',
    example: tc('*(u64 *)(r10 - 304) = 0\ncall f\nr0 = 0\nexit\nf: *(u64 *)(r10 - 304) = 0\nr0 = 0\nexit'),
  }),
  message('call-depth', 'the call stack of … frames is too deep…', {
    meaning: 'Calls are nested more than 8 deep, or a function calls itself.',
    fix: 'Inline some of the functions; turn recursion into a loop.',
    example: { asm: 'call f\nexit\nf: call f\nexit' },
  }),
  message('return-stack', 'cannot return stack pointer to the caller', {
    meaning: 'A function returns the address of one of its local variables.',
    fix: 'Let the caller pass a buffer of its own.',
    example: { asm: 'call f\nr0 = 0\nexit\nf: r0 = r10\nexit' },
  }),
  message('prohibited-comparison', 'R… pointer comparison prohibited', {
    meaning: 'A pointer is compared with a number, and the loader lacks CAP_PERFMON.',
    fix: 'Compare with NULL only, or load with CAP_PERFMON.',
    example: {
      asm: 'r0 = 0\nif r1 > 5 goto out\nout: exit',
      type: ProgType.SOCKET_FILTER,
      caps: ['CAP_BPF'],
    },
  }),
];
