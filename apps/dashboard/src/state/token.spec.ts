import { forgetToken, keepToken, takeToken, tokenOfHash } from './token';

function memory() {
  const held = new Map<string, string>();
  return {
    getItem: (key: string) => held.get(key) ?? null,
    setItem: (key: string, value: string) => void held.set(key, value),
    removeItem: (key: string) => void held.delete(key),
  };
}

test.each([
  ['#token=abc', 'abc'],
  ['#/token=abc', 'abc'],
  ['#token=a%2Bb', 'a+b'],
  ['#/live', undefined],
  ['', undefined],
])('the token of %s is %s', (hash, token) => expect(tokenOfHash(hash)).toBe(token));

test('a token in the address is moved to the store and the address is cleared', () => {
  const store = memory();
  const clear = jest.fn();
  expect(takeToken({ hash: '#token=abc' }, clear, store)).toBe('abc');
  expect(clear).toHaveBeenCalledTimes(1);
  expect(takeToken({ hash: '#/live' }, clear, store)).toBe('abc');
  expect(clear).toHaveBeenCalledTimes(1);
});

test('a token that is forgotten is gone', () => {
  const store = memory();
  keepToken('abc', store);
  expect(takeToken({ hash: '' }, () => {}, store)).toBe('abc');
  forgetToken(store);
  expect(takeToken({ hash: '' }, () => {}, store)).toBeUndefined();
});
