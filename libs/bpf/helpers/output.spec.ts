import { PerfEventArray, RingBuffer, StackTraceMap } from '@probed/maps';
import { TestKernel } from './testing';

function ring() {
  const kernel = new TestKernel();
  const map = kernel.makeMap('RINGBUF', { keySize: 0, valueSize: 0, maxEntries: 4096 }) as RingBuffer;
  const records = () => {
    const texts: string[] = [];
    map.consume((offset, bytes) => void texts.push(kernel.latin1(offset, bytes)));
    return texts;
  };
  return { kernel, map, records };
}

describe('ring buffer', () => {
  test('reserve, submit, discard', () => {
    const { kernel, map, records } = ring();
    const first = kernel.helper('ringbuf_reserve', map.offset)(map.offset, 2, 0, 0);
    const second = kernel.helper('ringbuf_reserve')(map.offset, 2, 0, 0);
    kernel.memory.u8.set([0x6f, 0x6b], second);
    kernel.helper('ringbuf_discard')(first, 0, 0);
    kernel.helper('ringbuf_submit')(second, 0, 0);
    expect(records()).toEqual(['ok']);
    expect(kernel.helper('ringbuf_reserve')(map.offset, 2, 1, 0)).toBe(0);
    expect(kernel.helper('ringbuf_reserve')(map.offset, 2, 0, 1)).toBe(0);
    expect(kernel.helper('ringbuf_reserve')(map.offset, 5000, 0, 0)).toBe(0);
  });

  test('output and query', () => {
    const { kernel, map, records } = ring();
    const data = kernel.text('record');
    expect(kernel.helper('ringbuf_output')(map.offset, data, 6, 0, 0)).toBe(0);
    expect(kernel.helper('ringbuf_output')(map.offset, data, 6, 4, 0)).toBe(-22);
    expect(kernel.helper('ringbuf_output')(map.offset, data, 6, 0, 1)).toBe(-22);
    expect(kernel.wide('ringbuf_query', map.offset, 0, 0)).toBe(16n);
    expect(kernel.wide('ringbuf_query', map.offset, 1, 0)).toBe(4096n);
    expect(kernel.wide('ringbuf_query', map.offset, 9, 0)).toBe(0n);
    expect(kernel.wide('ringbuf_query', map.offset, 1, 1)).toBe(0n);
    expect(records()).toEqual(['record']);
    expect(kernel.wide('ringbuf_query', map.offset, 2, 0)).toBe(16n);
  });

  test('a full ring is EAGAIN', () => {
    const { kernel, map } = ring();
    const data = kernel.memory.alloc(4096);
    expect(kernel.helper('ringbuf_output')(map.offset, data, 4000, 0, 0)).toBe(0);
    expect(kernel.helper('ringbuf_output')(map.offset, data, 4000, 0, 0)).toBe(-11);
  });
});

describe('perf buffer', () => {
  const CURRENT_CPU = -1;

  function perf() {
    const kernel = new TestKernel();
    const map = kernel.makeMap('PERF_EVENT_ARRAY', { valueSize: 4, maxEntries: 3 }) as PerfEventArray;
    return { kernel, map, data: kernel.text('sample') };
  }

  test('output to the current CPU', () => {
    const { kernel, map, data } = perf();
    const output = kernel.helper('perf_event_output', map.offset);
    expect(output(0, map.offset, CURRENT_CPU, 0, data, 6)).toBe(-2);
    map.openAll(1);
    kernel.cpuNow = 1;
    expect(output(0, map.offset, CURRENT_CPU, 0, data, 6)).toBe(0);
    expect(output(0, map.offset, 0, 0, data, 6)).toBe(-95);
    expect(output(0, map.offset, 2, 0, data, 6)).toBe(-2);
    expect(output(0, map.offset, 3, 0, data, 6)).toBe(-7);
    expect(output(0, map.offset, CURRENT_CPU, 1, data, 6)).toBe(-22);
    const seen: string[] = [];
    map.consume((record) => {
      if (record.kind === 'sample') seen.push(`${record.cpu} ${kernel.latin1(record.offset, 6)}`);
    });
    expect(seen).toEqual(['1 sample']);
  });

  test('counters do not exist', () => {
    const { kernel, map } = perf();
    const buf = kernel.memory.alloc(32);
    kernel.memory.u8.fill(0x55, buf, buf + 32);
    expect(kernel.wide('perf_event_read', map.offset, 0, 0)).toBe(0xffff_ffff_ffff_fffen);
    expect(kernel.wide('perf_event_read', map.offset, 3, 0)).toBe(0xffff_ffff_ffff_fff9n);
    expect(kernel.helper('perf_event_read_value')(map.offset, 0, 0, buf, 24)).toBe(-2);
    expect(kernel.bytes(buf, 25)).toEqual([...new Array(24).fill(0), 0x55]);
    expect(kernel.helper('perf_event_read_value')(map.offset, 0, 0, buf, 16)).toBe(-22);
    expect(kernel.helper('read_branch_records')(0, buf, 24, 0, 0)).toBe(-2);
    expect(kernel.helper('get_branch_snapshot')(buf, 24, 1, 0)).toBe(-22);
    expect(kernel.helper('get_branch_snapshot')(buf, 24, 0, 0)).toBe(-2);
  });

  test('the counter of a perf_event program', () => {
    const { kernel } = perf();
    const buf = kernel.memory.alloc(32);
    expect(kernel.helper('perf_prog_read_value')(0, buf, 24)).toBe(-22);
    kernel.runInfo = { ...kernel.runInfo, perfValue: () => ({ counter: 2 ** 40, enabled: 5, running: 4 }) };
    expect(kernel.helper('perf_prog_read_value')(0, buf, 24)).toBe(0);
    const words = [0, 8, 16].map((at) => kernel.memory.view.getBigUint64(buf + at, true));
    expect(words).toEqual([1n << 40n, 5n, 4n]);
    expect(kernel.helper('perf_prog_read_value')(0, buf, 16)).toBe(-22);
  });
});

describe('stacks', () => {
  const USER = 0x100;
  const BUILD_ID = 0x800;
  const KERNEL_IP = -0x7eff_0000;

  function stacks() {
    const kernel = new TestKernel();
    kernel.kernelFrames = [KERNEL_IP, KERNEL_IP + 16, KERNEL_IP + 32];
    kernel.userFrames = [0x40_1000, 0x40_2000];
    const buf = kernel.memory.alloc(64);
    kernel.memory.u8.fill(0x55, buf, buf + 64);
    const word = (i: number) => kernel.memory.view.getBigInt64(buf + 8 * i, true);
    return { kernel, buf, word };
  }

  test.each([
    ['kernel', 32, 0, 24, [BigInt(KERNEL_IP), BigInt(KERNEL_IP + 16), BigInt(KERNEL_IP + 32), 0n]],
    ['no room for all', 16, 0, 16, [BigInt(KERNEL_IP), BigInt(KERNEL_IP + 16)]],
    ['skipping one', 32, 1, 16, [BigInt(KERNEL_IP + 16), BigInt(KERNEL_IP + 32), 0n, 0n]],
    ['skipping all', 32, 3, 0, [0n, 0n, 0n, 0n]],
    ['skipping more', 32, 4, -14, [0n, 0n, 0n, 0n]],
    ['user', 32, USER, 16, [0x40_1000n, 0x40_2000n, 0n, 0n]],
    ['size no multiple of 8', 12, 0, -22, [0n]],
    ['unknown flags', 32, 0x1000, -22, [0n, 0n, 0n, 0n]],
    ['build ids of the kernel', 32, BUILD_ID, -22, [0n, 0n, 0n, 0n]],
    ['build ids that cannot be had', 32, USER | BUILD_ID, 32, [2n, 0n, 0n, 0x40_1000n]],
  ])('get_stack: %s', (_name, size, flags, result, words) => {
    const { kernel, buf, word } = stacks();
    expect(kernel.helper('get_stack')(0, buf, size, flags, 0)).toBe(result);
    expect(words.map((_, i) => word(i))).toEqual(words);
    expect(kernel.bytes(buf + size, 1)).toEqual([0x55]);
  });

  test('get_task_stack of this task and of another', () => {
    const { kernel, buf } = stacks();
    expect(kernel.helper('get_task_stack')(kernel.now.taskOffset, buf, 32, 0, 0)).toBe(24);
    expect(kernel.helper('get_task_stack')(0x9000, buf, 32, USER, 0)).toBe(-95);
    expect(kernel.helper('get_task_stack')(0x9000, buf, 32, 0, 0)).toBe(-14);
  });

  test('get_stackid', () => {
    const { kernel } = stacks();
    const map = kernel.makeMap('STACK_TRACE', { valueSize: 64, maxEntries: 64 }) as StackTraceMap;
    const stackId = kernel.helper('get_stackid', map.offset);
    const id = stackId(0, map.offset, 0, 0);
    expect(id).toBeGreaterThanOrEqual(0);
    expect(map.addresses(id)).toEqual(kernel.kernelFrames);
    expect(map.addresses(stackId(0, map.offset, USER, 0))).toEqual(kernel.userFrames);
    expect(stackId(0, map.offset, 0, 1)).toBe(-22);
    expect(stackId(0, map.offset, 3, 0)).toBe(-14);
  });
});
