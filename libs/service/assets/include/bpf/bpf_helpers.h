/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a BPF program needs besides the types of its kernel: section placement, map definitions, attributes that
 * the loader and the verifier read, printing, loops. An independent implementation of the interface that libbpf
 * gives its programs (same names, same generated code), so that what was written for libbpf compiles unchanged.
 *
 * Include vmlinux.h or <linux/bpf.h> first: the fixed-width types (__u32 and the like) come from there.
 *
 * The include guards of this folder are libbpf's on purpose. A program that reaches both copies, say through a
 * vendored header, then gets the first one instead of redefinitions.
 */
#ifndef __BPF_HELPERS__
#define __BPF_HELPERS__

/* Like headers under /usr/include: no warnings about what the macros below expand to. */
#pragma GCC system_header

#include "bpf_helper_defs.h"

/*
 * Preprocessor arithmetic. ___bpf_narg counts up to 12 arguments, none included; ___bpf_each(m, c, x, y) becomes
 * m(c, 0, x) m(c, 1, y). The index is a literal so that m may paste it to a name.
 *
 * Names with three underscores that libbpf has too are not part of its documented interface, but programs use them.
 */
#ifndef ___bpf_concat
#define ___bpf_concat(a, b) a##b
#endif
#ifndef ___bpf_apply
#define ___bpf_apply(fn, n) ___bpf_concat(fn, n)
#endif
#ifndef ___bpf_nth
#define ___bpf_nth(_, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, N, ...) N
#endif
#ifndef ___bpf_narg
#define ___bpf_narg(...) ___bpf_nth(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#endif

#define ___bpf_each(m, c, ...) __VA_OPT__(___bpf_each_0(m, c, __VA_ARGS__))
#define ___bpf_each_0(m, c, a, ...) m(c, 0, a) __VA_OPT__(___bpf_each_1(m, c, __VA_ARGS__))
#define ___bpf_each_1(m, c, a, ...) m(c, 1, a) __VA_OPT__(___bpf_each_2(m, c, __VA_ARGS__))
#define ___bpf_each_2(m, c, a, ...) m(c, 2, a) __VA_OPT__(___bpf_each_3(m, c, __VA_ARGS__))
#define ___bpf_each_3(m, c, a, ...) m(c, 3, a) __VA_OPT__(___bpf_each_4(m, c, __VA_ARGS__))
#define ___bpf_each_4(m, c, a, ...) m(c, 4, a) __VA_OPT__(___bpf_each_5(m, c, __VA_ARGS__))
#define ___bpf_each_5(m, c, a, ...) m(c, 5, a) __VA_OPT__(___bpf_each_6(m, c, __VA_ARGS__))
#define ___bpf_each_6(m, c, a, ...) m(c, 6, a) __VA_OPT__(___bpf_each_7(m, c, __VA_ARGS__))
#define ___bpf_each_7(m, c, a, ...) m(c, 7, a) __VA_OPT__(___bpf_each_8(m, c, __VA_ARGS__))
#define ___bpf_each_8(m, c, a, ...) m(c, 8, a) __VA_OPT__(___bpf_each_9(m, c, __VA_ARGS__))
#define ___bpf_each_9(m, c, a, ...) m(c, 9, a) __VA_OPT__(___bpf_each_10(m, c, __VA_ARGS__))
#define ___bpf_each_10(m, c, a, ...) m(c, 10, a) __VA_OPT__(___bpf_each_11(m, c, __VA_ARGS__))
#define ___bpf_each_11(m, c, a) m(c, 11, a)

/*
 * Members of a map definition in section ".maps". Only the BTF of the struct matters, never a value: a number is
 * the length of an array type, a type is what a pointer member points to.
 */
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
/* Array lengths end at 32 bits; a 64-bit number is the value of an enumerator, whose name must be unique. */
#define __ulong(name, val) \
	enum { ___bpf_concat(__unique_value, __COUNTER__) = val } name

/*
 * Puts a program, map, licence or variable into the named ELF section, from which the loader infers what it is.
 * On an extern declaration `used` has no effect; the pragma keeps clang quiet about that. GCC can't parse a pragma
 * in that place.
 */
#if defined(__GNUC__) && !defined(__clang__)
#define SEC(name) __attribute__((section(name), used))
#else
#define SEC(name)                                                              \
	_Pragma("GCC diagnostic push")                                         \
	_Pragma("GCC diagnostic ignored \"-Wignored-attributes\"")             \
	__attribute__((section(name), used))                                   \
	_Pragma("GCC diagnostic pop")
#endif

/* <linux/stddef.h> may have defined it as a mere hint. */
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))

#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif

/* A subprogram that is global to the compiler and static to the verifier: checked with each caller's registers. */
#define __hidden __attribute__((visibility("hidden")))

/* Externs that the loader resolves: a kernel configuration option; a kernel symbol, typed or not. */
#define __kconfig __attribute__((section(".kconfig")))
#define __ksym __attribute__((section(".ksyms")))

/* Pointers to kernel objects in map values; the tag says how the verifier tracks them. */
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#define __uptr __attribute__((btf_type_tag("uptr")))
/* The spelling of Linux 6.2 and before. */
#define __kptr_ref __attribute__((btf_type_tag("kptr_ref")))

/* What a global subprogram demands of an argument; the verifier assumes it inside and checks it at each call. */
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#define __arg_nullable __attribute__((btf_decl_tag("arg:nullable")))
#define __arg_trusted __attribute__((btf_decl_tag("arg:trusted")))
#define __arg_untrusted __attribute__((btf_decl_tag("arg:untrusted")))
#define __arg_arena __attribute__((btf_decl_tag("arg:arena")))

/* Macros never reach BTF, so vmlinux.h lacks these. */
#ifndef NULL
#define NULL ((void *)0)
#endif
#ifndef KERNEL_VERSION
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#endif

/*
 * The definitions of other headers use __builtin_offsetof, a constant at compile time. An address computed from
 * NULL is recorded as a CO-RE relocation when the type has preserve_access_index, so these win.
 */
#undef offsetof
#define offsetof(type, member) ((unsigned long)&((type *)0)->member)
#undef container_of
#define container_of(ptr, type, member)                                        \
	({                                                                     \
		void *___member = (void *)(ptr);                               \
		((type *)(___member - offsetof(type, member)));                \
	})

/* Memory must not be cached across this point. */
#ifndef barrier
#define barrier() asm volatile("" ::: "memory")
#endif

/*
 * Makes the value of a variable unknown to the compiler. It then can't drop a bounds check or a truncation that it
 * holds for redundant and that the verifier needs to see.
 */
#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif

/* The BPF back end has no trap instruction: code that keeps this alive does not compile. */
#ifndef __bpf_unreachable
#define __bpf_unreachable() __builtin_trap()
#endif

enum libbpf_pin_type {
	LIBBPF_PIN_NONE,
	LIBBPF_PIN_BY_NAME, /* under /sys/fs/bpf, by the map's name */
};

/* Type of a __kconfig extern for an option that is y, m or absent. */
enum libbpf_tristate {
	TRI_NO = 0,
	TRI_YES = 1,
	TRI_MODULE = 2,
};

/*
 * Tail call with a constant slot. The kernel turns the call into a direct jump when map and slot are the same on all
 * paths that reach the instruction. Written as one block, so that the compiler can't merge two calls into one.
 */
#if defined(__bpf__) && (!defined(__clang__) || __clang_major__ >= 8)
static __always_inline void bpf_tail_call_static(void *ctx, const void *map, const __u32 slot)
{
	if (!__builtin_constant_p(slot))
		__bpf_unreachable();
	asm volatile("r1 = %[ctx]\n\t"
		     "r2 = %[map]\n\t"
		     "r3 = %[slot]\n\t"
		     "call %[tail_call]"
		     :
		     : [ctx] "r"(ctx), [map] "r"(map), [slot] "i"(slot), [tail_call] "i"(12)
		     : "r0", "r1", "r2", "r3", "r4", "r5");
}
#endif

/*
 * Printing with any number of values. The helpers take an array of 64-bit words; elements are assigned one by one,
 * since an initializer of constants would become an anonymous read-only section.
 */
#define ___bpf_fill_one(array, i, x) array[i] = x;
#define ___bpf_fill(array, args...) ___bpf_each(___bpf_fill_one, array, ##args)

#define ___bpf_pack(fmt, ...)                                                  \
	static const char ___fmt[] = fmt;                                      \
	unsigned long long ___param[___bpf_narg(__VA_ARGS__)];                 \
	_Pragma("GCC diagnostic push")                                         \
	_Pragma("GCC diagnostic ignored \"-Wint-conversion\"")                 \
	___bpf_fill(___param, ##__VA_ARGS__)                                   \
	_Pragma("GCC diagnostic pop")

/* Into the file of an iterator program. */
#define BPF_SEQ_PRINTF(seq, fmt, args...)                                      \
	({                                                                     \
		___bpf_pack(fmt, ##args)                                       \
		bpf_seq_printf(seq, ___fmt, sizeof(___fmt), ___param, sizeof(___param)); \
	})

/* Into a buffer. */
#define BPF_SNPRINTF(out, out_size, fmt, args...)                              \
	({                                                                     \
		___bpf_pack(fmt, ##args)                                       \
		bpf_snprintf(out, out_size, ___fmt, ___param, sizeof(___param)); \
	})

/* A format of a program without global data (kernels before 5.2) lives on the stack. */
#ifdef BPF_NO_GLOBAL_DATA
#define BPF_PRINTK_FMT_MOD
#else
#define BPF_PRINTK_FMT_MOD static const
#endif

#define __bpf_printk(fmt, ...)                                                 \
	({                                                                     \
		BPF_PRINTK_FMT_MOD char ____fmt[] = fmt;                       \
		bpf_trace_printk(____fmt, sizeof(____fmt), ##__VA_ARGS__);     \
	})

#define __bpf_vprintk(fmt, args...)                                            \
	({                                                                     \
		___bpf_pack(fmt, ##args)                                       \
		bpf_trace_vprintk(___fmt, sizeof(___fmt), ___param, sizeof(___param)); \
	})

/*
 * Into the trace pipe. bpf_trace_printk has registers for three values; more go through bpf_trace_vprintk, which
 * Linux has since 5.16.
 */
#define ___bpf_pick_printk(...)                                                  \
	___bpf_nth(_, ##__VA_ARGS__, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, \
		   __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, __bpf_printk, __bpf_printk,       \
		   __bpf_printk, __bpf_printk)
#define bpf_printk(fmt, args...) ___bpf_pick_printk(args)(fmt, ##args)

/* Into a stream of the program itself (1: stdout, 2: stderr), from which `bpftool prog tracelog` reads. */
extern int bpf_stream_vprintk_impl(int stream_id, const char *fmt__str, const void *args, __u32 len__sz,
				   void *aux__prog) __weak __ksym;

#define bpf_stream_printk(stream_id, fmt, args...)                             \
	({                                                                     \
		___bpf_pack(fmt, ##args)                                       \
		bpf_stream_vprintk_impl(stream_id, ___fmt, ___param, sizeof(___param), NULL); \
	})

/* Whether the kernel has a symbol. A strong extern is never absent, so asking about one is a mistake. */
#define bpf_ksym_exists(sym)                                                   \
	({                                                                     \
		_Static_assert(!__builtin_constant_p(!!sym), #sym " should be marked as __weak"); \
		!!sym;                                                         \
	})

/*
 * Loops over the kernel's open-coded iterators: bpf_for_each(css, pos, root, flags) calls bpf_iter_css_new once,
 * bpf_iter_css_next before each turn, and bpf_iter_css_destroy on every way out, `break` and `return` included, by
 * the cleanup attribute. Naming the destructor in the initializer makes clang emit its BTF, which the attribute
 * alone does not.
 */
struct bpf_iter_num;

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __weak __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;

#define ___bpf_iter_begin(type, ...)                                           \
	struct bpf_iter_##type ___it                                           \
		__attribute__((aligned(8), cleanup(bpf_iter_##type##_destroy))), \
		*___begun __attribute__((unused)) =                            \
			(bpf_iter_##type##_new(&___it, ##__VA_ARGS__),         \
			 (void)bpf_iter_##type##_destroy, (void *)0)

#ifndef bpf_for_each
#define bpf_for_each(type, cur, args...)                                       \
	for (___bpf_iter_begin(type, ##args); ((cur) = bpf_iter_##type##_next(&___it));)
#endif

/* i runs from start up to end - 1. The comparison tells the verifier the bounds, which the iterator alone does not. */
#ifndef bpf_for
#define bpf_for(i, start, end)                                                 \
	for (___bpf_iter_begin(num, (start), (end)); ({                        \
		     int *___next = bpf_iter_num_next(&___it);                 \
		     (___next && ((i) = *___next, (i) >= (start) && (i) < (end))); \
	     });)
#endif

/* N turns without a counter. */
#ifndef bpf_repeat
#define bpf_repeat(N) for (___bpf_iter_begin(num, 0, (N)); bpf_iter_num_next(&___it);)
#endif

#endif /* __BPF_HELPERS__ */
