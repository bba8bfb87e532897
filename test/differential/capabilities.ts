/** Capabilities that loading programs asks for, and the masks that tools/host-bpf takes. */

/** include/uapi/linux/capability.h. */
const BITS: Readonly<Record<string, bigint>> = {
  CAP_NET_ADMIN: 12n,
  CAP_SYS_ADMIN: 21n,
  CAP_PERFMON: 38n,
  CAP_BPF: 39n,
};

/** Effective capabilities as a hexadecimal mask; undefined for all of root's. */
export function capabilityMask(caps: readonly string[] | undefined): string | undefined {
  return caps && `0x${caps.reduce((mask, cap) => mask | (1n << BITS[cap]), 0n).toString(16)}`;
}
