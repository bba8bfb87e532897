/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compile once, run everywhere: reads of kernel memory whose offsets the loader adjusts to the running kernel, and
 * questions about that kernel's types. Clang records each use of a __builtin_preserve_* builtin in section .BTF.ext
 * (struct bpf_core_relo of include/uapi/linux/bpf.h); the loader compares the program's BTF with the kernel's and
 * patches the instruction.
 */
#ifndef __BPF_CORE_READ_H__
#define __BPF_CORE_READ_H__

#pragma GCC system_header

#include "bpf_helpers.h"

/*
 * Second arguments of the builtins: the kinds of enum bpf_core_relo_kind, counted from 0 within each builtin. The
 * values are clang's (llvm/lib/Target/BPF/BPFCORE.h).
 */
enum bpf_field_info_kind {
	BPF_FIELD_BYTE_OFFSET = 0,
	BPF_FIELD_BYTE_SIZE = 1,
	BPF_FIELD_EXISTS = 2,
	BPF_FIELD_SIGNED = 3,
	BPF_FIELD_LSHIFT_U64 = 4,
	BPF_FIELD_RSHIFT_U64 = 5,
};

enum bpf_type_id_kind {
	BPF_TYPE_ID_LOCAL = 0,
	BPF_TYPE_ID_TARGET = 1,
};

enum bpf_type_info_kind {
	BPF_TYPE_EXISTS = 0,
	BPF_TYPE_SIZE = 1,
	BPF_TYPE_MATCHES = 2,
};

enum bpf_enum_value_kind {
	BPF_ENUMVAL_EXISTS = 0,
	BPF_ENUMVAL_VALUE = 1,
};

#define __CORE_RELO(src, field, info) __builtin_preserve_field_info((src)->field, BPF_FIELD_##info)

/*
 * Questions about a field, named by an expression (p->f) or by type and path (struct t, f): does the kernel have it,
 * how many bytes, at which byte offset.
 */
#define ___bpf_field_by1(field) (field)
#define ___bpf_field_by2(type, field) (((typeof(type) *)0)->field)
#define ___bpf_field(...) ___bpf_apply(___bpf_field_by, ___bpf_narg(__VA_ARGS__))(__VA_ARGS__)

#define bpf_core_field_exists(...) __builtin_preserve_field_info(___bpf_field(__VA_ARGS__), BPF_FIELD_EXISTS)
#define bpf_core_field_size(...) __builtin_preserve_field_info(___bpf_field(__VA_ARGS__), BPF_FIELD_BYTE_SIZE)
#define bpf_core_field_offset(...) __builtin_preserve_field_info(___bpf_field(__VA_ARGS__), BPF_FIELD_BYTE_OFFSET)

/* Questions about a named type. The id is that of the program's own BTF or of the kernel's; 0 where there is none. */
#define ___bpf_type_of(type) (*(typeof(type) *)0)

#define bpf_core_type_id_local(type) __builtin_btf_type_id(___bpf_type_of(type), BPF_TYPE_ID_LOCAL)
#define bpf_core_type_id_kernel(type) __builtin_btf_type_id(___bpf_type_of(type), BPF_TYPE_ID_TARGET)
#define bpf_core_type_exists(type) __builtin_preserve_type_info(___bpf_type_of(type), BPF_TYPE_EXISTS)
#define bpf_core_type_matches(type) __builtin_preserve_type_info(___bpf_type_of(type), BPF_TYPE_MATCHES)
#define bpf_core_type_size(type) __builtin_preserve_type_info(___bpf_type_of(type), BPF_TYPE_SIZE)

/*
 * Questions about an enumerator: has the kernel's enum that name, and with which value. Clang takes no other form than
 * a dereference of the cast name, without parentheses around it.
 */
#define ___bpf_enumerator(enum_type, value) (*(typeof(enum_type) *)value)

#define bpf_core_enum_value_exists(enum_type, enum_value) \
	__builtin_preserve_enum_value(___bpf_enumerator(enum_type, enum_value), BPF_ENUMVAL_EXISTS)
#define bpf_core_enum_value(enum_type, enum_value) \
	__builtin_preserve_enum_value(___bpf_enumerator(enum_type, enum_value), BPF_ENUMVAL_VALUE)

/* Lets a pointer be read through directly, as a kernel object of that type that may be gone. */
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __weak __ksym;
#define bpf_core_cast(ptr, type) ((typeof(type) *)bpf_rdonly_cast((ptr), bpf_core_type_id_kernel(type)))

/*
 * One read at a relocated address; src is the address of a field, such as &task->comm. The _user forms read the
 * memory of the current task: the types are still the kernel's, as where a system call points to a UAPI struct.
 */
#define ___bpf_core_addr(src) ((const void *)__builtin_preserve_access_index(src))

#define bpf_core_read(dst, sz, src) bpf_probe_read_kernel(dst, sz, ___bpf_core_addr(src))
#define bpf_core_read_user(dst, sz, src) bpf_probe_read_user(dst, sz, ___bpf_core_addr(src))
#define bpf_core_read_str(dst, sz, src) bpf_probe_read_kernel_str(dst, sz, ___bpf_core_addr(src))
#define bpf_core_read_user_str(dst, sz, src) bpf_probe_read_user_str(dst, sz, ___bpf_core_addr(src))

/* a, b, c → a->b->c, to name the type at the end of a path. */
#define ___bpf_path(head, ...) (head)__VA_OPT__(___bpf_path_1(__VA_ARGS__))
#define ___bpf_path_1(f, ...) ->f __VA_OPT__(___bpf_path_2(__VA_ARGS__))
#define ___bpf_path_2(f, ...) ->f __VA_OPT__(___bpf_path_3(__VA_ARGS__))
#define ___bpf_path_3(f, ...) ->f __VA_OPT__(___bpf_path_4(__VA_ARGS__))
#define ___bpf_path_4(f, ...) ->f __VA_OPT__(___bpf_path_5(__VA_ARGS__))
#define ___bpf_path_5(f, ...) ->f __VA_OPT__(___bpf_path_6(__VA_ARGS__))
#define ___bpf_path_6(f, ...) ->f __VA_OPT__(___bpf_path_7(__VA_ARGS__))
#define ___bpf_path_7(f, ...) ->f __VA_OPT__(___bpf_path_8(__VA_ARGS__))
#define ___bpf_path_8(f, ...) ->f __VA_OPT__(___bpf_path_9(__VA_ARGS__))
#define ___bpf_path_9(f, ...) ->f __VA_OPT__(___bpf_path_10(__VA_ARGS__))
#define ___bpf_path_10(f) ->f

/*
 * Follows a path of pointers: `hop` reads each pointer on the way into ___at, `last` reads the final field into dst.
 * `from` is the expression that a step starts at: src at first, then ___at with the type of the field that it was
 * read from. A typeof is not evaluated, so src is evaluated once. One untyped variable for all steps, rather than a
 * typed one for each, takes 8 bytes of the 512 of stack.
 */
#define ___bpf_read_field(read, dst, from, f) read((void *)(dst), sizeof(*(dst)), &(from)->f)
#define ___bpf_at(from, f) ((typeof((from)->f))___at)

#define ___bpf_walk1(last, hop, dst, from, f) ___bpf_read_field(last, dst, from, f);
#define ___bpf_walk2(last, hop, dst, from, f, ...)                             \
	___bpf_read_field(hop, &___at, from, f);                               \
	___bpf_walk1(last, hop, dst, ___bpf_at(from, f), __VA_ARGS__)
#define ___bpf_walk3(last, hop, dst, from, f, ...)                             \
	___bpf_read_field(hop, &___at, from, f);                               \
	___bpf_walk2(last, hop, dst, ___bpf_at(from, f), __VA_ARGS__)
#define ___bpf_walk4(last, hop, dst, from, f, ...)                             \
	___bpf_read_field(hop, &___at, from, f);                               \
	___bpf_walk3(last, hop, dst, ___bpf_at(from, f), __VA_ARGS__)
#define ___bpf_walk5(last, hop, dst, from, f, ...)                             \
	___bpf_read_field(hop, &___at, from, f);                               \
	___bpf_walk4(last, hop, dst, ___bpf_at(from, f), __VA_ARGS__)
#define ___bpf_walk6(last, hop, dst, from, f, ...)                             \
	___bpf_read_field(hop, &___at, from, f);                               \
	___bpf_walk5(last, hop, dst, ___bpf_at(from, f), __VA_ARGS__)
#define ___bpf_walk7(last, hop, dst, from, f, ...)                             \
	___bpf_read_field(hop, &___at, from, f);                               \
	___bpf_walk6(last, hop, dst, ___bpf_at(from, f), __VA_ARGS__)
#define ___bpf_walk8(last, hop, dst, from, f, ...)                             \
	___bpf_read_field(hop, &___at, from, f);                               \
	___bpf_walk7(last, hop, dst, ___bpf_at(from, f), __VA_ARGS__)
#define ___bpf_walk9(last, hop, dst, from, f, ...)                             \
	___bpf_read_field(hop, &___at, from, f);                               \
	___bpf_walk8(last, hop, dst, ___bpf_at(from, f), __VA_ARGS__)
#define ___bpf_walk10(last, hop, dst, from, f, ...)                            \
	___bpf_read_field(hop, &___at, from, f);                               \
	___bpf_walk9(last, hop, dst, ___bpf_at(from, f), __VA_ARGS__)

#define ___bpf_walk(last, hop, dst, src, f, ...)                               \
	({                                                                     \
		__VA_OPT__(const void *___at;)                                 \
		___bpf_apply(___bpf_walk, ___bpf_narg(f, ##__VA_ARGS__))(last, hop, dst, src, f, ##__VA_ARGS__) \
	})

/*
 * BPF_CORE_READ(task, mm, exe_file, f_inode, i_ino) is task->mm->exe_file->f_inode->i_ino, by as many reads as there
 * are arrows; BPF_CORE_READ_INTO reads the last field into *dst, and BPF_CORE_READ_STR_INTO reads the string that
 * starts there. Both give what the last read gives: 0 or the length, or a negative errno. A step may itself have
 * dots and indexes (`a.b[2]`); there may be ten.
 *
 * _USER: from the memory of the current task. PROBE instead of CORE: adds no relocation, so for types that the kernel
 * does not have.
 */
#define BPF_CORE_READ_INTO(dst, src, a, ...) ___bpf_walk(bpf_core_read, bpf_core_read, dst, (src), a, ##__VA_ARGS__)
#define BPF_CORE_READ_USER_INTO(dst, src, a, ...) \
	___bpf_walk(bpf_core_read_user, bpf_core_read_user, dst, (src), a, ##__VA_ARGS__)
#define BPF_PROBE_READ_INTO(dst, src, a, ...) \
	___bpf_walk(bpf_probe_read_kernel, bpf_probe_read_kernel, dst, (src), a, ##__VA_ARGS__)
#define BPF_PROBE_READ_USER_INTO(dst, src, a, ...) \
	___bpf_walk(bpf_probe_read_user, bpf_probe_read_user, dst, (src), a, ##__VA_ARGS__)

#define BPF_CORE_READ_STR_INTO(dst, src, a, ...) \
	___bpf_walk(bpf_core_read_str, bpf_core_read, dst, (src), a, ##__VA_ARGS__)
#define BPF_CORE_READ_USER_STR_INTO(dst, src, a, ...) \
	___bpf_walk(bpf_core_read_user_str, bpf_core_read_user, dst, (src), a, ##__VA_ARGS__)
#define BPF_PROBE_READ_STR_INTO(dst, src, a, ...) \
	___bpf_walk(bpf_probe_read_kernel_str, bpf_probe_read_kernel, dst, (src), a, ##__VA_ARGS__)
#define BPF_PROBE_READ_USER_STR_INTO(dst, src, a, ...) \
	___bpf_walk(bpf_probe_read_user_str, bpf_probe_read_user, dst, (src), a, ##__VA_ARGS__)

#define ___bpf_read_value(into, src, a, ...)                                   \
	({                                                                     \
		typeof(___bpf_path(src, a, ##__VA_ARGS__)) ___value;           \
		into(&___value, src, a, ##__VA_ARGS__);                        \
		___value;                                                      \
	})
#define BPF_CORE_READ(src, a, ...) ___bpf_read_value(BPF_CORE_READ_INTO, (src), a, ##__VA_ARGS__)
#define BPF_CORE_READ_USER(src, a, ...) ___bpf_read_value(BPF_CORE_READ_USER_INTO, (src), a, ##__VA_ARGS__)
#define BPF_PROBE_READ(src, a, ...) ___bpf_read_value(BPF_PROBE_READ_INTO, (src), a, ##__VA_ARGS__)
#define BPF_PROBE_READ_USER(src, a, ...) ___bpf_read_value(BPF_PROBE_READ_USER_INTO, (src), a, ##__VA_ARGS__)

/*
 * Bit fields. The relocations give the storage unit (byte offset and size) and two shifts that bring the field to
 * the top of a 64-bit word and down again, with or without its sign. The value has 64 bits.
 */
#define ___bpf_bits(unit, s, field)                                            \
	({                                                                     \
		unit <<= __CORE_RELO(s, field, LSHIFT_U64);                    \
		if (__CORE_RELO(s, field, SIGNED))                             \
			unit = (long long)unit >> __CORE_RELO(s, field, RSHIFT_U64); \
		else                                                           \
			unit = unit >> __CORE_RELO(s, field, RSHIFT_U64);      \
		unit;                                                          \
	})

/* The low-order bytes of the word come first in memory, or last. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ___bpf_low_bytes(word, size) ((void *)(word))
#else
#define ___bpf_low_bytes(word, size) ((void *)(word) + (8 - (size)))
#endif

/* By bpf_probe_read_kernel, for any program. */
#define BPF_CORE_READ_BITFIELD_PROBED(s, field)                                \
	({                                                                     \
		unsigned long long ___bits = 0;                                \
		bpf_probe_read_kernel(___bpf_low_bytes(&___bits, __CORE_RELO(s, field, BYTE_SIZE)), \
				      __CORE_RELO(s, field, BYTE_SIZE),        \
				      (const void *)(s) + __CORE_RELO(s, field, BYTE_OFFSET)); \
		___bpf_bits(___bits, s, field);                                \
	})

/*
 * By a load of the unit's width, for programs that may read through their pointers. barrier_var makes the offset
 * one relocated instruction before the switch, rather than one for each of its loads.
 */
#define BPF_CORE_READ_BITFIELD(s, field)                                       \
	({                                                                     \
		const void *___unit = (const void *)(s) + __CORE_RELO(s, field, BYTE_OFFSET); \
		unsigned long long ___bits;                                    \
		barrier_var(___unit);                                          \
		switch (__CORE_RELO(s, field, BYTE_SIZE)) {                    \
		case 1: ___bits = *(const unsigned char *)___unit; break;      \
		case 2: ___bits = *(const unsigned short *)___unit; break;     \
		case 4: ___bits = *(const unsigned int *)___unit; break;       \
		case 8: ___bits = *(const unsigned long long *)___unit; break; \
		}                                                              \
		___bpf_bits(___bits, s, field);                                \
	})

/*
 * Stores to a bit field through a pointer that the program may write. The field ends RSHIFT - LSHIFT bits above the
 * bottom of its unit; the other bits of the unit keep their values.
 */
#define BPF_CORE_WRITE_BITFIELD(s, field, new_val)                             \
	({                                                                     \
		void *___unit = (void *)(s) + __CORE_RELO(s, field, BYTE_OFFSET); \
		unsigned int ___size = __CORE_RELO(s, field, BYTE_SIZE);       \
		unsigned int ___up = __CORE_RELO(s, field, LSHIFT_U64);        \
		unsigned int ___down = __CORE_RELO(s, field, RSHIFT_U64);      \
		unsigned long long ___mask, ___bits, ___new = new_val;         \
		barrier_var(___unit);                                          \
		switch (___size) {                                             \
		case 1: ___bits = *(unsigned char *)___unit; break;            \
		case 2: ___bits = *(unsigned short *)___unit; break;           \
		case 4: ___bits = *(unsigned int *)___unit; break;             \
		case 8: ___bits = *(unsigned long long *)___unit; break;       \
		}                                                              \
		___mask = (~0ULL << ___down) >> ___up;                         \
		___bits = (___bits & ~___mask) | ((___new << (___down - ___up)) & ___mask); \
		switch (___size) {                                             \
		case 1: *(unsigned char *)___unit = ___bits; break;            \
		case 2: *(unsigned short *)___unit = ___bits; break;           \
		case 4: *(unsigned int *)___unit = ___bits; break;             \
		case 8: *(unsigned long long *)___unit = ___bits; break;       \
		}                                                              \
	})

#endif /* __BPF_CORE_READ_H__ */
