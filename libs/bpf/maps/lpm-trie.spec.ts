import { readFileSync } from 'node:fs';
import { toHex } from '@probed/base';
import { makeMap, testEnv, testInfo } from './testing';

/** Results and final keys, in order, that a 6.18 kernel gave for a pseudo-random run of operations. */
interface Measured {
  dataBytes: number;
  maxEntries: number;
  seed: number;
  /** 31-ary fold of all results. */
  results: number;
  /** The first sixty. */
  keys: string[];
}
const measured: Measured[] = JSON.parse(readFileSync(`${__dirname}/fixtures/lpm-6.18.json`, 'utf8'));

function trie(dataBytes: number, maxEntries: number) {
  return makeMap(
    testEnv(),
    testInfo('LPM_TRIE', { keySize: 4 + dataBytes, valueSize: 4, maxEntries, flags: 1 }),
  );
}

function replay({ dataBytes, maxEntries, seed, ...rest }: Measured) {
  const map = trie(dataBytes, maxEntries);
  const next = () => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0);
  let results = 17;
  for (let i = 0; i < 1500; i++) {
    const draw = next() >>> 8;
    const key = new Uint8Array(4 + dataBytes);
    new DataView(key.buffer).setUint32(0, (draw >>> 4) % (dataBytes * 8 + 2), true);
    next();
    for (let b = 0; b < dataBytes; b++)
      key[4 + b] = (seed >>> (24 - 8 * b)) & (dataBytes === 4 ? 0x81 : 0xff);
    const value = new Uint8Array(4);
    new DataView(value.buffer).setUint32(0, i, true);
    const kind = draw % 16;
    results = (Math.imul(results, 31) + operation(map, kind, key, value)) >>> 0;
  }
  const keys = [...map.entries()].map((entry) => toHex(entry.key)).slice(0, rest.keys.length);
  return { results, keys };
}

function operation(map: ReturnType<typeof trie>, kind: number, key: Uint8Array, value: Uint8Array): number {
  if (kind < 8) return map.updateElem(key, value, kind === 6 ? 1 : kind === 7 ? 2 : 0);
  if (kind >= 12) return map.deleteElem(key);
  const found = map.lookup(key);
  return found ? new DataView(found.buffer).getUint32(0, true) : -2;
}

test.each(measured)('$dataBytes data bytes, max $maxEntries: as the kernel answers', (row) => {
  expect(replay(row)).toEqual({ results: row.results, keys: row.keys });
});

test('programs look up, update and delete by offsets', () => {
  const env = testEnv();
  const map = makeMap(env, testInfo('LPM_TRIE', { keySize: 8, valueSize: 4, flags: 1 }));
  const key = env.memory.alloc(8);
  const value = env.memory.alloc(8);
  env.memory.view.setUint32(key, 8, true);
  env.memory.u8.set([10, 1, 2, 3], key + 4);
  env.memory.view.setUint32(value, 77, true);
  expect(map.update(key, value, 0)).toBe(0);
  env.memory.view.setUint32(key, 32, true);
  expect(env.memory.view.getUint32(map.lookupOffset(key), true)).toBe(77);
  expect(map.delete(key)).toBe(-2);
  env.memory.u8[key + 4] = 11;
  expect(map.lookupOffset(key)).toBe(0);
  map.destroy();
});
