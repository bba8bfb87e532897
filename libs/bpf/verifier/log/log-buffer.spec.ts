import { LogBuffer } from './log-buffer';

test('of a log that is too long the end is kept', () => {
  const log = new LogBuffer(2, 20);
  for (let i = 0; i < 10_000; i++) log.print(`line ${i}\n`);
  expect(log.lines()).toEqual(['line 9998', 'line 9999']);
});

test('it is cut back to an earlier position, also one that was dropped', () => {
  const log = new LogBuffer(1, 20);
  log.print('first\n');
  const second = log.position;
  log.print('second\n');
  log.reset(second + 3);
  expect(log.lines()).toEqual(['first', 'sec']);
  for (let i = 0; i < 10; i++) log.print(`more ${i}\n`);
  log.reset(second);
  expect([log.position, log.lines()]).toEqual([second, []]);
  log.print('again\n');
  expect(log.lines()).toEqual(['again']);
});

test('complaints are kept at level 0', () => {
  const log = new LogBuffer(0);
  log.print('not this\n');
  log.complain('this');
  expect(log.lines()).toEqual(['this']);
});
