import { Rates } from './rates';

test('a rate needs two readings', () => {
  const rates = new Rates();
  rates.read([{ id: 1, runs: 100 }], 0);
  expect(rates.of(1)).toBeUndefined();
  rates.read([{ id: 1, runs: 150 }], 2_000);
  expect(rates.of(1)).toBe(25);
  rates.read([{ id: 1, runs: 150 }], 4_000);
  expect(rates.historyOf(1)).toEqual([25, 0]);
});

test('a counter that begins anew counts from zero', () => {
  const rates = new Rates();
  rates.read([{ id: 1, runs: 1_000 }], 0);
  rates.read([{ id: 1, runs: 10 }], 1_000);
  expect(rates.of(1)).toBe(10);
});

test('the same reading twice changes nothing, counters that are gone are forgotten', () => {
  const rates = new Rates();
  rates.read([{ id: 1, runs: 5 }], 1_000);
  rates.read([{ id: 1, runs: 9 }], 1_000);
  expect(rates.of(1)).toBeUndefined();
  rates.read([], 2_000);
  rates.read([{ id: 1, runs: 50 }], 3_000);
  expect(rates.of(1)).toBeUndefined();
});

test('the history is bounded', () => {
  const rates = new Rates();
  for (let i = 0; i <= 100; i++) rates.read([{ id: 1, runs: i }], i * 1_000);
  expect(rates.historyOf(1)).toHaveLength(30);
});
