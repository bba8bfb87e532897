import { TestKernel } from './testing';

/** 104 days: beyond 2^52, and not representable in 32 bits. */
const LONG_NS = 9_007_199_254_740_991;

test.each([
  ['ktime_get_ns', LONG_NS, BigInt(LONG_NS)],
  ['ktime_get_boot_ns', 41, 42n],
  ['ktime_get_coarse_ns', 11_999_999, 8_000_000n],
  ['ktime_get_tai_ns', 0, 1_700_000_000_123_456_789n],
  // As measured: INITIAL_JIFFIES + 4,406,461 ms at 250 Hz.
  ['jiffies64', 4_406_461_000_000, 4_295_993_911n],
])('%s at %d ns', (name, ns, result) => {
  const kernel = new TestKernel();
  kernel.ns = ns;
  expect(kernel.wide(name)).toBe(result);
});

test('CPU and node', () => {
  const kernel = new TestKernel();
  kernel.cpuNow = 1;
  expect(kernel.helper('get_smp_processor_id')()).toBe(1);
  expect(kernel.helper('get_numa_node_id')()).toBe(0);
  expect(kernel.helper('per_cpu_ptr')(0x1000, 0)).toBe(0);
});
