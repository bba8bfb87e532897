/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte order between the network and the CPU that the program is compiled for. The compiler says which that is
 * (-target bpfel or bpfeb); the host's libc can't know.
 *
 * A constant is swapped by shifts, so that the macro may stand in a case label or a static initializer; any other
 * value by the builtin, which becomes one instruction.
 */
#ifndef __BPF_ENDIAN__
#define __BPF_ENDIAN__

#pragma GCC system_header

#define ___bpf_swab16(x) ((__u16)(((__u16)(x) & 0xffu) << 8 | ((__u16)(x) & 0xff00u) >> 8))

#define ___bpf_swab32(x)                                                       \
	((__u32)(((__u32)(x) & 0xffu) << 24 | ((__u32)(x) & 0xff00u) << 8 |    \
		 ((__u32)(x) & 0xff0000u) >> 8 | ((__u32)(x) & 0xff000000u) >> 24))

#define ___bpf_swab64(x)                                                       \
	((__u64)((__u64)___bpf_swab32((__u64)(x) & 0xffffffffu) << 32 | ___bpf_swab32((__u64)(x) >> 32)))

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define __bpf_constant_htons(x) ___bpf_swab16(x)
#define __bpf_constant_htonl(x) ___bpf_swab32(x)
#define __bpf_constant_cpu_to_be64(x) ___bpf_swab64(x)
#define __bpf_htons(x) __builtin_bswap16(x)
#define __bpf_htonl(x) __builtin_bswap32(x)
#define __bpf_cpu_to_be64(x) __builtin_bswap64(x)
#elif __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define __bpf_constant_htons(x) (x)
#define __bpf_constant_htonl(x) (x)
#define __bpf_constant_cpu_to_be64(x) (x)
#define __bpf_htons(x) (x)
#define __bpf_htonl(x) (x)
#define __bpf_cpu_to_be64(x) (x)
#else
#error "bpf_endian.h: the compiler does not say its byte order (__BYTE_ORDER__)"
#endif

/* A swap is its own inverse. */
#define __bpf_constant_ntohs(x) __bpf_constant_htons(x)
#define __bpf_constant_ntohl(x) __bpf_constant_htonl(x)
#define __bpf_constant_be64_to_cpu(x) __bpf_constant_cpu_to_be64(x)
#define __bpf_ntohs(x) __bpf_htons(x)
#define __bpf_ntohl(x) __bpf_htonl(x)
#define __bpf_be64_to_cpu(x) __bpf_cpu_to_be64(x)

#define bpf_htons(x) (__builtin_constant_p(x) ? __bpf_constant_htons(x) : __bpf_htons(x))
#define bpf_ntohs(x) (__builtin_constant_p(x) ? __bpf_constant_ntohs(x) : __bpf_ntohs(x))
#define bpf_htonl(x) (__builtin_constant_p(x) ? __bpf_constant_htonl(x) : __bpf_htonl(x))
#define bpf_ntohl(x) (__builtin_constant_p(x) ? __bpf_constant_ntohl(x) : __bpf_ntohl(x))
#define bpf_cpu_to_be64(x) (__builtin_constant_p(x) ? __bpf_constant_cpu_to_be64(x) : __bpf_cpu_to_be64(x))
#define bpf_be64_to_cpu(x) (__builtin_constant_p(x) ? __bpf_constant_be64_to_cpu(x) : __bpf_be64_to_cpu(x))

#endif /* __BPF_ENDIAN__ */
