import type { HelperContext, HelperFamily } from './helper-context';

/** CONFIG_HZ of the reference kernel: ticks a second. */
const HZ = 250;
const TICK_NS = 1_000_000_000 / HZ;
/** include/linux/jiffies.h: INITIAL_JIFFIES, five minutes before 32 bits wrap. */
const INITIAL_JIFFIES = 0x1_0000_0000 - 300 * HZ;

function realtime(c: HelperContext): number {
  const ns = c.services.realtimeNs();
  return c.u64(Number(BigInt.asIntN(32, ns)), Number(BigInt.asIntN(32, ns >> 32n)));
}

/** kernel/bpf/helpers.c. */
export const TIME_HELPERS: HelperFamily = {
  ktime_get_ns: (c) => () => c.word(c.services.ktimeNs()),
  ktime_get_boot_ns: (c) => () => c.word(c.services.bootNs()),
  /** As of the last tick. */
  ktime_get_coarse_ns: (c) => () => c.word(Math.floor(c.services.ktimeNs() / TICK_NS) * TICK_NS),
  /** Nobody has set the kernel's TAI offset, so TAI is UTC. */
  ktime_get_tai_ns: (c) => () => realtime(c),
  jiffies64: (c) => () => c.word(INITIAL_JIFFIES + Math.floor(c.services.ktimeNs() / TICK_NS)),
};
