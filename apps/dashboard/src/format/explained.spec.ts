import { explainedText } from './explained';

const frames = ['a', 'b', 'c', 'd'].map((symbol) => ({ address: '0x1', symbol, offset: 16 }));

test.each([
  ['flags', 'O_RDONLY'],
  ['key.stack', 'a+0x10 < b+0x10 < c+0x10 < …'],
  ['short', '0x7f'],
  ['pid', undefined],
])('%s: %s', (path, text) => {
  const stacks = { 'key.stack': frames, short: [{ address: '0x7f' }] };
  expect(explainedText({ explained: { flags: 'O_RDONLY' }, stacks }, path)).toBe(text);
});
