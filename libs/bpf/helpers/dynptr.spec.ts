import type { RingBuffer } from '@probed/maps';
import { TestKernel } from './testing';

const EINVAL = -22;
const E2BIG = -7;

function local(size: number) {
  const kernel = new TestKernel();
  const data = kernel.text('0123456789');
  const ptr = kernel.memory.alloc(16);
  const made = kernel.helper('dynptr_from_mem')(data, size, 0, 0, ptr);
  return { kernel, data, ptr, made };
}

describe('memory', () => {
  test('reads and writes inside, E2BIG outside', () => {
    const { kernel, data, ptr, made } = local(10);
    const buf = kernel.memory.alloc(16);
    expect(made).toBe(0);
    expect(kernel.helper('dynptr_read')(buf, 4, ptr, 6, 0, 0)).toBe(0);
    expect(kernel.latin1(buf, 4)).toBe('6789');
    expect(kernel.helper('dynptr_read')(buf, 4, ptr, 7, 0, 0)).toBe(E2BIG);
    expect(kernel.helper('dynptr_read')(buf, 11, ptr, 0, 0, 0)).toBe(E2BIG);
    expect(kernel.helper('dynptr_read')(buf, 4, ptr, -1, 0, 0)).toBe(E2BIG);
    expect(kernel.helper('dynptr_read')(buf, 4, ptr, 0, 1, 0)).toBe(EINVAL);
    expect(kernel.helper('dynptr_write')(ptr, 2, buf, 4, 0, 0)).toBe(0);
    expect(kernel.latin1(data, 10)).toBe('0167896789');
    expect(kernel.helper('dynptr_write')(ptr, 8, buf, 4, 0, 0)).toBe(E2BIG);
    expect(kernel.helper('dynptr_write')(ptr, 0, buf, 4, 1, 0)).toBe(EINVAL);
  });

  test('slices', () => {
    const { kernel, data, ptr } = local(10);
    expect(kernel.helper('dynptr_data')(ptr, 3, 7)).toBe(data + 3);
    expect(kernel.helper('dynptr_data')(ptr, 4, 7)).toBe(0);
  });

  test('a failed one is null, and null is EINVAL', () => {
    const { kernel, ptr, made } = local(0x100_0000);
    expect(made).toBe(E2BIG);
    expect(kernel.bytes(ptr, 16)).toEqual(new Array(16).fill(0));
    expect(kernel.helper('dynptr_read')(ptr, 0, ptr, 0, 0, 0)).toBe(EINVAL);
    expect(kernel.helper('dynptr_data')(ptr, 0, 0)).toBe(0);
    expect(kernel.helper('dynptr_from_mem')(0x2_0000, 4, 1, 0, ptr)).toBe(EINVAL);
  });
});

describe('ring buffer', () => {
  function ring() {
    const kernel = new TestKernel();
    const map = kernel.makeMap('RINGBUF', { keySize: 0, valueSize: 0, maxEntries: 4096 }) as RingBuffer;
    const ptr = kernel.memory.alloc(16);
    const reserve = (size: number, flags = 0) =>
      kernel.helper('ringbuf_reserve_dynptr', map.offset)(map.offset, size, flags, 0, ptr);
    const records = () => {
      const texts: string[] = [];
      map.consume((offset, bytes) => void texts.push(kernel.latin1(offset, bytes)));
      return texts;
    };
    return { kernel, ptr, reserve, records };
  }

  test('reserve, write, submit', () => {
    const { kernel, ptr, reserve, records } = ring();
    expect(reserve(5)).toBe(0);
    expect(kernel.helper('dynptr_write')(ptr, 0, kernel.text('hello'), 5, 0, 0)).toBe(0);
    expect(records()).toEqual([]);
    kernel.helper('ringbuf_submit_dynptr')(ptr, 0, 0);
    expect(records()).toEqual(['hello']);
    kernel.helper('ringbuf_submit_dynptr')(ptr, 0, 0);
    expect(records()).toEqual([]);
  });

  test('discard leaves nothing', () => {
    const { kernel, ptr, reserve, records } = ring();
    reserve(5);
    kernel.helper('ringbuf_discard_dynptr')(ptr, 0, 0);
    expect(records()).toEqual([]);
    expect(kernel.bytes(ptr, 16)).toEqual(new Array(16).fill(0));
  });

  test('failures leave a null pointer that may be submitted', () => {
    const { kernel, ptr, reserve, records } = ring();
    expect(reserve(5000)).toBe(EINVAL);
    expect(reserve(5, 1)).toBe(EINVAL);
    expect(reserve(0x100_0000)).toBe(E2BIG);
    kernel.helper('ringbuf_submit_dynptr')(ptr, 0, 0);
    expect(records()).toEqual([]);
  });
});
