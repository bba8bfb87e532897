import { readFileSync } from 'node:fs';
import { hi32, lo32 } from '@probed/base';
import { jhash, jhash2 } from './jhash';

/** Stack ids that a 6.18 kernel gave in a map of 1,024 buckets. */
const stacks: { id: number; ips: string[] }[] = JSON.parse(
  readFileSync(`${__dirname}/fixtures/stackid-6.18.json`, 'utf8'),
);

test.each(stacks)('stack id $id as the kernel computes it', ({ id, ips }) => {
  const words = ips.flatMap((ip) => {
    const word = Number(BigInt.asIntN(64, BigInt(`0x${ip}`)));
    return [lo32(word), hi32(word) >>> 0];
  });
  expect(jhash2(words, 0) & 1023).toBe(id);
});

test('bytes that make words hash like words', () => {
  for (let words = 0; words < 9; words++) {
    const bytes = Uint8Array.from({ length: 4 * words }, (_, i) => i * 37);
    const view = new DataView(bytes.buffer);
    const list = Array.from({ length: words }, (_, i) => view.getUint32(4 * i, true));
    expect(jhash(bytes, 5)).toBe(jhash2(list, 5));
  }
});

test('every byte counts', () => {
  const hashes = new Set<number>();
  for (let length = 1; length < 30; length++) {
    for (let i = 0; i < length; i++) {
      const bytes = new Uint8Array(length);
      bytes[i] = 1;
      hashes.add(jhash(bytes, 0));
    }
  }
  expect(hashes.size).toBe((29 * 30) / 2);
});
