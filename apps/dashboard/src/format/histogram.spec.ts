import { histogramsOf, mergedHistograms, usedSlots } from './histogram';

const HILL = [0, 0, 0, 3, 12, 40, 22, 9, 2, 0, 0, 0, 0, 0, 0, 0];
const hash = { name: 'latencies', type: 'hash', max_entries: 100 };
const array = (name: string, max_entries = 16) => ({ name, type: 'array', max_entries });
const counters = (values: readonly number[]) => values.map((value, key) => ({ key, value }));

test.each(['slots', 'hist', 'buckets', 'histogram', 'counts', 'lat_us'])(
  'a struct member %s is a histogram of its key',
  (member) => {
    const entries = [{ key: 7, value: { total: 5, [member]: HILL } }];
    expect(histogramsOf(hash, entries)).toEqual([
      expect.objectContaining({ key: 7, slots: HILL, unit: member === 'lat_us' ? 'µs' : undefined }),
    ]);
  },
);

test('members of other names, and short arrays, are none', () => {
  expect(histogramsOf(hash, [{ key: 1, value: { stack: HILL } }])).toEqual([]);
  expect(histogramsOf(hash, [{ key: 1, value: { slots: [1, 2, 3] } }])).toEqual([]);
  expect(histogramsOf(hash, [{ key: 1, value: { slots: ['a', ...HILL] } }])).toEqual([]);
});

test('an array value of a one-entry array has no key', () => {
  expect(histogramsOf(array('hist_ns', 1), [{ key: 0, value: HILL }])).toEqual([{ slots: HILL, unit: 'ns' }]);
});

test('per-CPU values are added up, slots as decimal strings are counted', () => {
  const entries = [{ key: 'a', values: [{ slots: HILL }, { slots: HILL.map(String) }] }];
  expect(histogramsOf({ ...hash, type: 'percpu_hash' }, entries)[0].slots).toEqual(HILL.map((n) => n * 2));
});

test('an array of counters that make a hill is one histogram', () => {
  expect(histogramsOf(array('wait'), counters(HILL))).toEqual([{ slots: HILL, unit: undefined }]);
});

test('an array of counters without a hill is one only by its name', () => {
  const scattered = [5, 0, 0, 0, 9, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 3];
  expect(histogramsOf(array('per_cpu_state'), counters(scattered))).toEqual([]);
  expect(histogramsOf(array('rq_hist'), counters(scattered))).toHaveLength(1);
});

test('entries that a dump left out as zero count zero', () => {
  const [histogram] = histogramsOf(
    array('hist'),
    counters(HILL).filter(({ value }) => value > 0),
  );
  expect(histogram.slots).toEqual(HILL);
});

test('an array whose values are structs without slots is none', () => {
  expect(histogramsOf(array('hist'), [{ key: 0, value: { a: 1 } }])).toEqual([]);
});

test('slots are bounded by powers of two', () => {
  expect(usedSlots([1, 0, 2])).toEqual([
    { low: '0', high: '1', count: 1 },
    { low: '2', high: '3', count: 0 },
    { low: '4', high: '7', count: 2 },
  ]);
  const high = usedSlots([...new Array(9).fill(0), 1, 1, ...new Array(9).fill(0), 1]);
  expect(high[0]).toEqual({ low: '512', high: '1023', count: 1 });
  expect(high[1]).toEqual({ low: '1024', high: '<2K', count: 1 });
  expect(high.at(-1)).toEqual({ low: '1M', high: '<2M', count: 1 });
  expect(usedSlots([0, 0])).toEqual([]);
});

test('histograms of nodes are added key by key', () => {
  const merged = mergedHistograms([
    { key: 1, slots: [1, 2] },
    { key: 2, slots: [5] },
    { key: 1, slots: [1, 1, 1] },
  ]);
  expect(merged).toEqual([
    { key: 1, slots: [2, 3, 1] },
    { key: 2, slots: [5] },
  ]);
});
