import { Prng } from '@probed/base';
import { EventQueue } from './event-queue';

test('events come by time, those of one time in order of insertion', () => {
  const queue = new EventQueue();
  const prng = new Prng(4);
  const times = Array.from({ length: 500 }, () => prng.below(40));
  const seen: [number, number][] = [];
  times.forEach((time, i) => {
    queue.add(time, () => seen.push([time, i]));
  });
  while (Number.isFinite(queue.nextNs)) queue.pop().run();
  const expected = times
    .map((time, i) => [time, i] as [number, number])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  expect(seen).toEqual(expected);
});

test('a cancelled event never comes', () => {
  const queue = new EventQueue();
  const event = queue.add(5, () => undefined);
  queue.add(9, () => undefined);
  event.cancelled = true;
  expect(queue.nextNs).toBe(9);
});
