import { sumOfCpus } from './per-cpu';

test.each([
  [[1, 2, 3, 4], 10],
  [[], undefined],
  [['9007199254740993', 1], '9007199254740994'],
  [
    [
      [1, 2],
      [3, 4],
    ],
    [4, 6],
  ],
  [
    [
      { n: 1, at: 'x' },
      { n: 2, at: 'x' },
    ],
    { n: 3, at: 'x' },
  ],
  [['a', 'b'], undefined],
])('the sum of %j is %j', (values, sum) => expect(sumOfCpus(values)).toEqual(sum));
