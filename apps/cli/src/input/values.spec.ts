import {
  collectAssignment,
  collectEventChoice,
  collectMapOption,
  parseCount,
  parseDuration,
  parseSeed,
} from './values';

describe('parseDuration', () => {
  it.each([
    ['500ms', 5e8],
    ['2s', 2e9],
    ['2', 2e9],
    ['1.5m', 9e10],
    ['10us', 1e4],
  ])('%s', (text, ns) => {
    expect(parseDuration(text)).toBe(ns);
  });

  it.each(['', '0', '-1s', '5 s', '1e9', '25h', 'ms'])('refuses %j', (text) => {
    expect(() => parseDuration(text)).toThrow('duration');
  });
});

describe('parseSeed', () => {
  it('takes whole numbers', () => expect(parseSeed('42')).toBe(42));
  it.each(['-1', '1.5', 'x', '9007199254740993'])('refuses %j', (text) => {
    expect(() => parseSeed(text)).toThrow('whole number');
  });
});

describe('assignments and map options', () => {
  it('keeps what follows the first equals sign', () => {
    expect(collectAssignment('path=/a=b', [])).toEqual([{ name: 'path', value: '/a=b' }]);
  });
  it('refuses a missing name', () => {
    expect(() => collectAssignment('=1', [])).toThrow('NAME=VALUE');
  });
  it('takes a map size', () => {
    expect(collectMapOption('events:max=65536', [])).toEqual([{ map: 'events', maxEntries: 65536 }]);
  });
  it.each(['events', 'events:max=', 'events:max=x', ':max=1'])('refuses %j', (text) => {
    expect(() => collectMapOption(text, [])).toThrow('NAME:max=N');
  });
});

describe('parseCount', () => {
  it('keeps the bounds', () => {
    expect(parseCount(1, 64)('64')).toBe(64);
    for (const text of ['0', '65', '1.5', 'x', ''])
      expect(() => parseCount(1, 64)(text)).toThrow('from 1 to 64');
  });
});

describe('event choices', () => {
  it.each([
    ['event', { struct: 'event' }],
    ['struct event', { struct: 'struct event' }],
    ['events=exec_event', { map: 'events', struct: 'exec_event' }],
  ])('%s', (text, choice) => {
    expect(collectEventChoice(text)).toEqual([choice]);
  });
  it.each(['', 'a b', 'm=', '=s'])('refuses %j', (text) => {
    expect(() => collectEventChoice(text)).toThrow('MAP=STRUCT');
  });
});
