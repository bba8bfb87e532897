import { addressOf, offsetOf } from './address';
import { KernelMemory, MemoryLimitError, RESERVED_BYTES } from './kernel-memory';

describe('KernelMemory', () => {
  it('hands out zeroed, aligned blocks above the reserved area and takes them back', () => {
    const memory = new KernelMemory();
    const a = memory.alloc(24);
    const b = memory.alloc(5000);
    expect(a).toBeGreaterThanOrEqual(RESERVED_BYTES);
    expect(a % 8).toBe(0);
    expect(b % 4096).toBe(0);
    memory.u8.fill(0xff, a, a + 24);
    memory.free(a);
    const again = memory.alloc(20);
    expect(again).toBe(a);
    expect(memory.copyOut(again, 20).every((byte) => byte === 0)).toBe(true);
  });

  it('merges freed runs, so that a large block fits where small ones were', () => {
    const memory = new KernelMemory();
    const runs = [1, 2, 3].map(() => memory.alloc(8192));
    memory.alloc(4096);
    for (const run of [runs[1], runs[0], runs[2]]) memory.free(run);
    expect(memory.alloc(3 * 8192)).toBe(runs[0]);
  });

  it('grows, and refuses what passes the limit', () => {
    const memory = new KernelMemory(64 * 1024 * 1024);
    const at = memory.alloc(40 * 1024 * 1024);
    memory.view.setUint32(at + 40 * 1024 * 1024 - 4, 7, true);
    expect(memory.tryAlloc(30 * 1024 * 1024)).toBeUndefined();
    expect(() => memory.alloc(2 ** 40)).toThrow(MemoryLimitError);
  });

  it('makes room for a larger block of what was freed at the end', () => {
    const memory = new KernelMemory(64 * 1024 * 1024);
    const first = memory.alloc(40 * 1024 * 1024);
    memory.u8[first] = 1;
    memory.free(first);
    const larger = memory.alloc(60 * 1024 * 1024);
    expect(larger).toBe(first);
    expect(memory.u8[larger]).toBe(0);
  });

  it('frees what a failed attempt had allocated', () => {
    const memory = new KernelMemory(32 * 1024 * 1024);
    const before = memory.usedBytes;
    expect(() =>
      memory.allOrNothing(() => {
        memory.alloc(1024);
        memory.alloc(1024 * 1024 * 1024);
      }),
    ).toThrow(MemoryLimitError);
    expect(memory.usedBytes).toBe(before);
  });

  it('converts between offsets and direct-map addresses', () => {
    expect(addressOf(0)).toBe(0);
    expect(BigInt.asUintN(64, BigInt(addressOf(0x1234_5678)))).toBe(0xffff_8880_1234_5678n);
    expect(offsetOf(addressOf(0xf000_0000))).toBe(0xf000_0000);
    expect(offsetOf(0x7fff_0000_1000)).toBe(-1);
    expect(offsetOf(0)).toBe(-1);
  });
});
