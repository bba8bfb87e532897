import type { Diagnostic } from '@probed/base';

/** `union bpf_attr` of `BPF_PROG_TEST_RUN`, with bytes in place of pointers. Sizes in bytes. */
export interface TestRunAttr {
  /** `data_in`: the packet, from its Ethernet header on. */
  readonly packet?: Uint8Array;
  /** `data_size_out`: room for the packet afterwards; as much as it takes when absent, as with 0. */
  readonly packetRoom?: number;
  /** `ctx_in`: `struct __sk_buff`, `struct xdp_md`, words of a raw tracepoint, the buffer of a syscall program. */
  readonly ctx?: Uint8Array;
  /** `ctx_size_out`: room for the context afterwards; none is asked for when absent. */
  readonly ctxRoom?: number;
  /** Runs, one upon the packet of the other; 0 is 1. */
  readonly repeat?: number;
  /** BPF_F_TEST_*. */
  readonly flags?: number;
  readonly cpu?: number;
  readonly batchSize?: number;
}

/** What the system call gives back. */
export interface TestRunReply {
  /** 0, or positive. With ENOSPC the rest is there nevertheless. */
  readonly errno: number;
  /** Why, where errno alone says little. */
  readonly fault?: Diagnostic;
  /** r0, low 32 bits, unsigned. */
  readonly retval: number;
  /** Real time of a run on average, ns, where a clock was given. */
  readonly durationNs?: number;
  /** The packet as the program left it, as far as there was room. */
  readonly packet?: Uint8Array;
  /** `data_size_out`: its whole length. */
  readonly packetBytes?: number;
  /** The context as the program left it. */
  readonly ctx?: Uint8Array;
}

/** BPF_F_TEST_RUN_ON_CPU, BPF_F_TEST_XDP_LIVE_FRAMES, BPF_F_TEST_SKB_CHECKSUM_COMPLETE. */
export const TEST_FLAG = { RUN_ON_CPU: 1, LIVE_FRAMES: 2, CHECKSUM_COMPLETE: 4 } as const;

export const ETH_BYTES = 14;

/** Linux runs until a signal comes; here nobody could send one. */
export const REPEAT_MAX = 1_000_000;
