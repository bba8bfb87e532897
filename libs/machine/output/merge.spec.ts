import { mergeByTime } from './merge';

const at = (item: readonly [string, number]) => item[1];

test.each([
  ['nothing', [[], []], []],
  [
    'one list, as it is',
    [
      [
        ['a', 5],
        ['b', 3],
      ],
    ],
    ['a', 'b'],
  ],
  [
    'by time',
    [
      [
        ['a', 1],
        ['c', 3],
      ],
      [
        ['b', 2],
        ['d', 4],
      ],
    ],
    ['a', 'b', 'c', 'd'],
  ],
  [
    'a list keeps its order where clocks differ',
    [
      [
        ['a', 5],
        ['b', 3],
        ['d', 7],
      ],
      [['c', 6]],
    ],
    ['a', 'b', 'c', 'd'],
  ],
  [
    'what has no time stays behind what comes before it',
    [
      [
        ['a', 5],
        ['lost', 0],
      ],
      [['b', 6]],
    ],
    ['a', 'lost', 'b'],
  ],
] as const)('%s', (_what, lists, expected) => {
  expect(mergeByTime<readonly [string, number]>(lists, at).map(([name]) => name)).toEqual(expected);
});
