import { windowOf } from './use-virtual';

test.each([
  [0, 0, { start: 0, end: 0, above: 0, below: 0 }],
  [5, 0, { start: 0, end: 5, above: 0, below: 0 }],
  [1_000, 0, { start: 0, end: 26, above: 0, below: 27_272 }],
  [1_000, 2_800, { start: 92, end: 118, above: 2_576, below: 24_696 }],
  [1_000, 28_000, { start: 992, end: 1_000, above: 27_776, below: 0 }],
])('%p rows scrolled by %p px render %j', (count, scrollTop, expected) => {
  const view = windowOf(count, 28, scrollTop, 280);
  expect(view).toEqual(expected);
  expect(view.above + view.below + (view.end - view.start) * 28).toBe(count * 28);
});
