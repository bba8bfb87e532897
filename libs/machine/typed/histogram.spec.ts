import { Btf, BtfBuilder } from '@probed/btf';
import { arrayHistogram, histogramSlots, valueHistogram } from './histogram';
import { mergedCpus } from './merge-cpus';

function types() {
  const builder = new BtfBuilder();
  const u32 = builder.int('__u32', 4);
  const slots = builder.array(u32, 27, u32);
  const hist = builder.struct('hist', 112, [
    { name: 'total', typeId: u32, offsetBits: 0 },
    { name: 'slots', typeId: slots, offsetBits: 32 },
  ]);
  const few = builder.array(u32, 4, u32);
  const btf = Btf.parse(builder.finish());
  if (!btf.ok) throw new Error(btf.error.message);
  return { btf: btf.value, slots, hist, few };
}

const { btf, slots, hist, few } = types();

test.each([
  [hist, 'hists', undefined, { path: ['slots'], kind: 'log2' }],
  [hist, 'hists', 'us', { path: ['slots'], kind: 'log2', unit: 'us' }],
  [slots, 'latency_hist_ms', 'us', { path: [], kind: 'log2', unit: 'ms' }],
  [slots, 'linear_hist', undefined, { path: [], kind: 'linear' }],
  [slots, 'stats', undefined, undefined],
  [few, 'hist', undefined, undefined],
])('slots of type %d in map %s', (typeId, map, unit, expected) => {
  expect(histogramSlots(btf, typeId, map, unit)).toEqual(expected);
});

test('buckets are powers of two, up to the last that counted', () => {
  const where = histogramSlots(btf, hist, 'hists', 'us')!;
  const value = { total: 5, slots: [1, 0, 4, ...new Array<number>(24).fill(0)] };
  expect(valueHistogram(where, value, { dev: 8 })).toEqual({
    kind: 'log2',
    unit: 'us',
    of: { key: { dev: 8 }, total: 5 },
    buckets: [
      { low: 0, high: 1, count: 1 },
      { low: 2, high: 3, count: 0 },
      { low: 4, high: 7, count: 4 },
    ],
  });
});

test('an array of counters is a histogram by its name alone', () => {
  const counts = [0, 2, 1, 0, 0, 0, 0, 0];
  expect(arrayHistogram({ name: 'dist_us', maxEntries: 8 }, counts)).toMatchObject({ unit: 'us' });
  expect(arrayHistogram({ name: 'counts', maxEntries: 8 }, counts)).toBeUndefined();
});

test.each([
  [[1, 2, 3], '', 6],
  [['9007199254740993', 1], '', '9007199254740994'],
  [
    [
      { count: 1, max_ns: 5 },
      { count: 2, max_ns: 3 },
    ],
    '',
    { count: 3, max_ns: 5 },
  ],
  [[{ min: 0 }, { min: 4 }, { min: 2 }], '', { min: 2 }],
  [[{ comm: '' }, { comm: '123' }], '', { comm: '123' }],
  [
    [
      [1, 2],
      [3, 4],
    ],
    '',
    [4, 6],
  ],
  [[7, 7], 'pid', 7],
  [[], '', null],
])('CPUs %j of %s together', (values, name, expected) => expect(mergedCpus(values, name)).toEqual(expected));
