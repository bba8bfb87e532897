/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments of traced functions by name: registers of struct pt_regs, and wrappers that turn a program's context
 * into the parameters of a C function. For x86-64, the machine that probed emulates.
 */
#ifndef __BPF_TRACING_H__
#define __BPF_TRACING_H__

#pragma GCC system_header

#include "bpf_helpers.h"
#include "bpf_core_read.h"

/*
 * The target is chosen by -D__TARGET_ARCH_x86. Without any choice it is x86 too: with -target bpf the compiler does
 * not say what machine the program is for, and there is one only.
 */
#if defined(__TARGET_ARCH_arm) || defined(__TARGET_ARCH_arm64) || defined(__TARGET_ARCH_s390) || \
	defined(__TARGET_ARCH_mips) || defined(__TARGET_ARCH_powerpc) || defined(__TARGET_ARCH_sparc) || \
	defined(__TARGET_ARCH_riscv) || defined(__TARGET_ARCH_arc) || defined(__TARGET_ARCH_loongarch) || \
	defined(__i386__)
#error "bpf_tracing.h: these headers know the registers of x86-64 only; compile with -D__TARGET_ARCH_x86"
#endif
#define bpf_target_x86
#define bpf_target_defined

struct pt_regs;

/* The kernel's struct pt_regs, so vmlinux.h too, says `di` where <asm/ptrace.h> says `rdi` to user space. */
#if defined(__VMLINUX_H__) || defined(__KERNEL__)
#define ___bpf_reg(name) name
#else
#define ___bpf_reg(name) r##name
#endif

/* Calling convention of functions (System V ABI for x86-64, 3.2.3): six arguments in registers, the rest on the stack. */
#define __PT_PARM1_REG ___bpf_reg(di)
#define __PT_PARM2_REG ___bpf_reg(si)
#define __PT_PARM3_REG ___bpf_reg(dx)
#define __PT_PARM4_REG ___bpf_reg(cx)
#define __PT_PARM5_REG r8
#define __PT_PARM6_REG r9
#define __PT_RET_REG ___bpf_reg(sp) /* points at the return address on entry */
#define __PT_FP_REG ___bpf_reg(bp)
#define __PT_RC_REG ___bpf_reg(ax)
#define __PT_SP_REG ___bpf_reg(sp)
#define __PT_IP_REG ___bpf_reg(ip)
/* System calls: the instruction overwrites rcx, so r10 takes its place. */
#define __PT_PARM1_SYSCALL_REG __PT_PARM1_REG
#define __PT_PARM2_SYSCALL_REG __PT_PARM2_REG
#define __PT_PARM3_SYSCALL_REG __PT_PARM3_REG
#define __PT_PARM4_SYSCALL_REG r10
#define __PT_PARM5_SYSCALL_REG __PT_PARM5_REG
#define __PT_PARM6_SYSCALL_REG __PT_PARM6_REG

#define __PT_REGS_CAST(x) (x)
#define ___bpf_reg_direct(x, reg) (__PT_REGS_CAST(x)->reg)
#define ___bpf_reg_core(x, reg) BPF_CORE_READ(__PT_REGS_CAST(x), reg)
#define ___bpf_no_reg(message) ({ _Pragma(message); 0L; })

/* Registers of a context, read directly. */
#define PT_REGS_PARM1(x) ___bpf_reg_direct(x, __PT_PARM1_REG)
#define PT_REGS_PARM2(x) ___bpf_reg_direct(x, __PT_PARM2_REG)
#define PT_REGS_PARM3(x) ___bpf_reg_direct(x, __PT_PARM3_REG)
#define PT_REGS_PARM4(x) ___bpf_reg_direct(x, __PT_PARM4_REG)
#define PT_REGS_PARM5(x) ___bpf_reg_direct(x, __PT_PARM5_REG)
#define PT_REGS_PARM6(x) ___bpf_reg_direct(x, __PT_PARM6_REG)
#define PT_REGS_RET(x) ___bpf_reg_direct(x, __PT_RET_REG)
#define PT_REGS_FP(x) ___bpf_reg_direct(x, __PT_FP_REG)
#define PT_REGS_RC(x) ___bpf_reg_direct(x, __PT_RC_REG)
#define PT_REGS_SP(x) ___bpf_reg_direct(x, __PT_SP_REG)
#define PT_REGS_IP(x) ___bpf_reg_direct(x, __PT_IP_REG)
#define PT_REGS_PARM1_SYSCALL(x) ___bpf_reg_direct(x, __PT_PARM1_SYSCALL_REG)
#define PT_REGS_PARM2_SYSCALL(x) ___bpf_reg_direct(x, __PT_PARM2_SYSCALL_REG)
#define PT_REGS_PARM3_SYSCALL(x) ___bpf_reg_direct(x, __PT_PARM3_SYSCALL_REG)
#define PT_REGS_PARM4_SYSCALL(x) ___bpf_reg_direct(x, __PT_PARM4_SYSCALL_REG)
#define PT_REGS_PARM5_SYSCALL(x) ___bpf_reg_direct(x, __PT_PARM5_SYSCALL_REG)
#define PT_REGS_PARM6_SYSCALL(x) ___bpf_reg_direct(x, __PT_PARM6_SYSCALL_REG)

/* Registers of a struct pt_regs anywhere in kernel memory. */
#define PT_REGS_PARM1_CORE(x) ___bpf_reg_core(x, __PT_PARM1_REG)
#define PT_REGS_PARM2_CORE(x) ___bpf_reg_core(x, __PT_PARM2_REG)
#define PT_REGS_PARM3_CORE(x) ___bpf_reg_core(x, __PT_PARM3_REG)
#define PT_REGS_PARM4_CORE(x) ___bpf_reg_core(x, __PT_PARM4_REG)
#define PT_REGS_PARM5_CORE(x) ___bpf_reg_core(x, __PT_PARM5_REG)
#define PT_REGS_PARM6_CORE(x) ___bpf_reg_core(x, __PT_PARM6_REG)
#define PT_REGS_RET_CORE(x) ___bpf_reg_core(x, __PT_RET_REG)
#define PT_REGS_FP_CORE(x) ___bpf_reg_core(x, __PT_FP_REG)
#define PT_REGS_RC_CORE(x) ___bpf_reg_core(x, __PT_RC_REG)
#define PT_REGS_SP_CORE(x) ___bpf_reg_core(x, __PT_SP_REG)
#define PT_REGS_IP_CORE(x) ___bpf_reg_core(x, __PT_IP_REG)
#define PT_REGS_PARM1_CORE_SYSCALL(x) ___bpf_reg_core(x, __PT_PARM1_SYSCALL_REG)
#define PT_REGS_PARM2_CORE_SYSCALL(x) ___bpf_reg_core(x, __PT_PARM2_SYSCALL_REG)
#define PT_REGS_PARM3_CORE_SYSCALL(x) ___bpf_reg_core(x, __PT_PARM3_SYSCALL_REG)
#define PT_REGS_PARM4_CORE_SYSCALL(x) ___bpf_reg_core(x, __PT_PARM4_SYSCALL_REG)
#define PT_REGS_PARM5_CORE_SYSCALL(x) ___bpf_reg_core(x, __PT_PARM5_SYSCALL_REG)
#define PT_REGS_PARM6_CORE_SYSCALL(x) ___bpf_reg_core(x, __PT_PARM6_SYSCALL_REG)

/* The rest is not in registers; a use says so in words. */
#define ___BPF_STACK_ARG "GCC error \"on x86-64 only six arguments are in registers\""
#define PT_REGS_PARM7(x) ___bpf_no_reg(___BPF_STACK_ARG)
#define PT_REGS_PARM8(x) ___bpf_no_reg(___BPF_STACK_ARG)
#define PT_REGS_PARM7_CORE(x) ___bpf_no_reg(___BPF_STACK_ARG)
#define PT_REGS_PARM8_CORE(x) ___bpf_no_reg(___BPF_STACK_ARG)
#define PT_REGS_PARM7_SYSCALL(x) ___bpf_no_reg(___BPF_STACK_ARG)
#define PT_REGS_PARM7_CORE_SYSCALL(x) ___bpf_no_reg(___BPF_STACK_ARG)

/* The caller of the probed function: on top of the stack at entry; on return only by its frame pointer. */
#define BPF_KPROBE_READ_RET_IP(ip, ctx) \
	({ bpf_probe_read_kernel(&(ip), sizeof(ip), (void *)PT_REGS_RET(ctx)); })
#define BPF_KRETPROBE_READ_RET_IP(ip, ctx) \
	({ bpf_probe_read_kernel(&(ip), sizeof(ip), (void *)(PT_REGS_FP(ctx) + sizeof(ip))); })

/*
 * x86-64 selects CONFIG_ARCH_HAS_SYSCALL_WRAPPER: __x64_sys_* has one parameter, a pointer to the registers that
 * user space entered with.
 */
#define PT_REGS_SYSCALL_REGS(ctx) ((struct pt_regs *)PT_REGS_PARM1(ctx))

/*
 * int BPF_xxx(name, parameters) { body } becomes the program `name`, which takes the context and calls an inlined
 * function of the given parameters; `ctx` stays visible in the body. `values` is what the program passes, ctx first;
 * `prepare` are statements before the call. A register is cast to void *, which converts to any pointer silently and
 * to an integer with the warning that the pragma turns off.
 */
#define ___bpf_wrapper(name, ctx_type, prepare, values, ...)                   \
	name(ctx_type *ctx);                                                   \
	static __always_inline typeof(name(0)) ____##name(ctx_type *ctx, ##__VA_ARGS__); \
	typeof(name(0)) name(ctx_type *ctx)                                    \
	{                                                                      \
		_Pragma("GCC diagnostic push")                                 \
		_Pragma("GCC diagnostic ignored \"-Wint-conversion\"")         \
		prepare                                                        \
		return ____##name(values);                                     \
		_Pragma("GCC diagnostic pop")                                  \
	}                                                                      \
	static __always_inline typeof(name(0)) ____##name(ctx_type *ctx, ##__VA_ARGS__)

/* tp_btf, fentry, fexit, fmod_ret, lsm, struct_ops: the context is an array of 64-bit words, one a parameter. */
#define ___bpf_word(words, i, param) , (void *)words[i]
#define ___bpf_ctx_cast(args...) ctx ___bpf_each(___bpf_word, ctx, ##args)
#define BPF_PROG(name, args...) ___bpf_wrapper(name, unsigned long long, , ___bpf_ctx_cast(args), ##args)

/* kprobe, uprobe: arguments at entry. */
#define ___bpf_parm_0(form, regs) PT_REGS_PARM1##form(regs)
#define ___bpf_parm_1(form, regs) PT_REGS_PARM2##form(regs)
#define ___bpf_parm_2(form, regs) PT_REGS_PARM3##form(regs)
#define ___bpf_parm_3(form, regs) PT_REGS_PARM4##form(regs)
#define ___bpf_parm_4(form, regs) PT_REGS_PARM5##form(regs)
#define ___bpf_parm_5(form, regs) PT_REGS_PARM6##form(regs)
#define ___bpf_parm_6(form, regs) PT_REGS_PARM7##form(regs)
#define ___bpf_parm_7(form, regs) PT_REGS_PARM8##form(regs)
#define ___bpf_parm(regs, i, param) , (void *)___bpf_parm_##i(, regs)
#define ___bpf_kprobe_args(args...) ctx ___bpf_each(___bpf_parm, ctx, ##args)
#define BPF_KPROBE(name, args...) ___bpf_wrapper(name, struct pt_regs, , ___bpf_kprobe_args(args), ##args)
#define BPF_UPROBE(name, args...) BPF_KPROBE(name, ##args)

/* kretprobe, uretprobe: at most the return value; the arguments are gone by then. */
#define ___bpf_retval_0 PT_REGS_RC
#define ___bpf_retval(regs, i, param) , (void *)___bpf_retval_##i(regs)
#define ___bpf_kretprobe_args(args...) ctx ___bpf_each(___bpf_retval, ctx, ##args)
#define BPF_KRETPROBE(name, args...) ___bpf_wrapper(name, struct pt_regs, , ___bpf_kretprobe_args(args), ##args)
#define BPF_URETPROBE(name, args...) BPF_KRETPROBE(name, ##args)

/*
 * ksyscall, or kprobe on __x64_sys_*: arguments of the system call. The loader says through LINUX_HAS_SYSCALL_WRAPPER
 * whether they are behind a pointer, which needs a read, or in the context itself; the verifier drops the other half.
 */
#define ___bpf_sysarg_direct(regs, i, param) , (void *)___bpf_parm_##i(_SYSCALL, regs)
#define ___bpf_sysarg_behind(regs, i, param) , (void *)___bpf_parm_##i(_CORE_SYSCALL, regs)
#define ___bpf_syscall_args(args...) ctx ___bpf_each(___bpf_sysarg_direct, regs, ##args)
#define ___bpf_syswrap_args(args...) ctx ___bpf_each(___bpf_sysarg_behind, regs, ##args)
#define ___bpf_if_wrapped(name, args...)                                       \
	struct pt_regs *regs __attribute__((unused)) =                         \
		LINUX_HAS_SYSCALL_WRAPPER ? PT_REGS_SYSCALL_REGS(ctx) : ctx;   \
	if (LINUX_HAS_SYSCALL_WRAPPER)                                         \
		return ____##name(___bpf_syswrap_args(args));

#define BPF_KSYSCALL(name, args...)                                            \
	name(struct pt_regs *ctx);                                             \
	extern _Bool LINUX_HAS_SYSCALL_WRAPPER __kconfig;                      \
	typeof(name(0)) ___bpf_wrapper(name, struct pt_regs, ___bpf_if_wrapped(name, ##args), \
				       ___bpf_syscall_args(args), ##args)
#define BPF_KPROBE_SYSCALL BPF_KSYSCALL

/*
 * BPF_PROG2(name, type, param, type, param) { body }: as BPF_PROG, for functions that take structs by value. One of
 * 9 to 16 bytes takes two words of the context, and the parameters after it move on; `at` counts the words.
 */
#define ___bpf_words(type) ((sizeof(type) + 7) / 8)
#define ___bpf_by_value(at, type)                                              \
	({                                                                     \
		type ___param;                                                 \
		unsigned long long ___words[___bpf_words(type)];               \
		_Static_assert(sizeof(type) <= 16, "an argument of more than 16 bytes is not passed in registers"); \
		___words[0] = ctx[at];                                         \
		if (___bpf_words(type) == 2)                                   \
			___words[___bpf_words(type) - 1] = ctx[(at) + 1];      \
		__builtin_memcpy(&___param, ___words, sizeof(___param));       \
		___param;                                                      \
	})

#define ___bpf_params(...) __VA_OPT__(___bpf_params_0(__VA_ARGS__))
#define ___bpf_params_0(type, param, ...) , type param __VA_OPT__(___bpf_params_1(__VA_ARGS__))
#define ___bpf_params_1(type, param, ...) , type param __VA_OPT__(___bpf_params_2(__VA_ARGS__))
#define ___bpf_params_2(type, param, ...) , type param __VA_OPT__(___bpf_params_3(__VA_ARGS__))
#define ___bpf_params_3(type, param, ...) , type param __VA_OPT__(___bpf_params_4(__VA_ARGS__))
#define ___bpf_params_4(type, param, ...) , type param __VA_OPT__(___bpf_params_5(__VA_ARGS__))
#define ___bpf_params_5(type, param, ...) , type param __VA_OPT__(___bpf_params_6(__VA_ARGS__))
#define ___bpf_params_6(type, param, ...) , type param __VA_OPT__(___bpf_params_7(__VA_ARGS__))
#define ___bpf_params_7(type, param, ...) , type param __VA_OPT__(___bpf_params_8(__VA_ARGS__))
#define ___bpf_params_8(type, param, ...) , type param __VA_OPT__(___bpf_params_9(__VA_ARGS__))
#define ___bpf_params_9(type, param, ...) , type param __VA_OPT__(___bpf_params_10(__VA_ARGS__))
#define ___bpf_params_10(type, param, ...) , type param __VA_OPT__(___bpf_params_11(__VA_ARGS__))
#define ___bpf_params_11(type, param) , type param

#define ___bpf_values(...) __VA_OPT__(___bpf_values_0(0, __VA_ARGS__))
#define ___bpf_values_0(at, type, param, ...) \
	, ___bpf_by_value(at, type) __VA_OPT__(___bpf_values_1((at) + ___bpf_words(type), __VA_ARGS__))
#define ___bpf_values_1(at, type, param, ...) \
	, ___bpf_by_value(at, type) __VA_OPT__(___bpf_values_2((at) + ___bpf_words(type), __VA_ARGS__))
#define ___bpf_values_2(at, type, param, ...) \
	, ___bpf_by_value(at, type) __VA_OPT__(___bpf_values_3((at) + ___bpf_words(type), __VA_ARGS__))
#define ___bpf_values_3(at, type, param, ...) \
	, ___bpf_by_value(at, type) __VA_OPT__(___bpf_values_4((at) + ___bpf_words(type), __VA_ARGS__))
#define ___bpf_values_4(at, type, param, ...) \
	, ___bpf_by_value(at, type) __VA_OPT__(___bpf_values_5((at) + ___bpf_words(type), __VA_ARGS__))
#define ___bpf_values_5(at, type, param, ...) \
	, ___bpf_by_value(at, type) __VA_OPT__(___bpf_values_6((at) + ___bpf_words(type), __VA_ARGS__))
#define ___bpf_values_6(at, type, param, ...) \
	, ___bpf_by_value(at, type) __VA_OPT__(___bpf_values_7((at) + ___bpf_words(type), __VA_ARGS__))
#define ___bpf_values_7(at, type, param, ...) \
	, ___bpf_by_value(at, type) __VA_OPT__(___bpf_values_8((at) + ___bpf_words(type), __VA_ARGS__))
#define ___bpf_values_8(at, type, param, ...) \
	, ___bpf_by_value(at, type) __VA_OPT__(___bpf_values_9((at) + ___bpf_words(type), __VA_ARGS__))
#define ___bpf_values_9(at, type, param, ...) \
	, ___bpf_by_value(at, type) __VA_OPT__(___bpf_values_10((at) + ___bpf_words(type), __VA_ARGS__))
#define ___bpf_values_10(at, type, param, ...) \
	, ___bpf_by_value(at, type) __VA_OPT__(___bpf_values_11((at) + ___bpf_words(type), __VA_ARGS__))
#define ___bpf_values_11(at, type, param) , ___bpf_by_value(at, type)

#define BPF_PROG2(name, args...)                                               \
	name(unsigned long long *ctx);                                         \
	static __always_inline typeof(name(0)) ____##name(unsigned long long *ctx ___bpf_params(args)); \
	typeof(name(0)) name(unsigned long long *ctx)                          \
	{                                                                      \
		return ____##name(ctx ___bpf_values(args));                    \
	}                                                                      \
	static __always_inline typeof(name(0)) ____##name(unsigned long long *ctx ___bpf_params(args))

#endif /* __BPF_TRACING_H__ */
