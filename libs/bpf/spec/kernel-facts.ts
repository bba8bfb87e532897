import type { Btf } from '@probed/btf';

/** All that the verifier and the loader must know of a kernel, as one value, so that `libs/bpf` needs no kernel. */
export interface KernelFacts {
  /** The kernel's BTF, split-free. */
  readonly btf: Btf;
  /** e.g. `6.18.0`. */
  readonly release: string;
  /** `LINUX_VERSION_CODE`. */
  readonly versionCode: number;
  readonly cpus: number;
  /** Context size and readability come from the program type; a tracepoint's record size comes from its format. */
  tracepointRecordBytes(group: string, name: string): number | undefined;
  /** Address of a kernel symbol as a signed word; undefined when the kernel lacks it. */
  symbol(name: string): number | undefined;
  /** `CONFIG_*` values for `.kconfig` externs: 'y', 'm', number or string. */
  config(name: string): string | number | undefined;
  /** Deviations of the reference host from the target (`--kernel-config host`). */
  readonly deviations: ReadonlySet<KernelDeviation>;
}

export type KernelDeviation =
  /** Lockdown: `bpf_probe_write_user` and kernel reads are refused. */
  | 'lockdown'
  /** No kprobe override: `bpf_override_return` is unknown. */
  | 'no-kprobe-override'
  /** No CONFIG_KALLSYMS_ALL: programs that name a variable of the kernel are refused. */
  | 'no-data-symbols'
  /** No fprobe/trampolines: fentry, fexit, fmod_ret, lsm, freplace give EPERM before verification. */
  | 'no-trampoline'
  /** No CONFIG_BPF_LIRC_MODE2: the type does not exist, EINVAL. */
  | 'no-lirc'
  /**
   * Marks of stack slots deeper than 256 bytes go through 32 bits, so that some outlive their write
   * (kernel/bpf/liveness.c: commit_stack_write_marks). The target is without that fault.
   */
  | 'narrow-write-marks';
