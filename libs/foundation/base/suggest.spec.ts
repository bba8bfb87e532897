import { nearest, suggestion } from './suggest';

test.each([
  ['tcp_v4_konnect', ['tcp_v4_connect']],
  ['demoo', ['demo']],
  ['targetpid', ['target_pid']],
  ['xyzzy', []],
])('nearest to %s', (typed, near) => {
  expect(nearest(typed, ['tcp_v4_connect', 'demo', 'target_pid', 'network'])).toEqual(near);
});

test('without a near name the known ones are told, not all of many', () => {
  expect(suggestion('zzzz', ['alpha', 'beta'])).toBe('known: alpha, beta');
  expect(suggestion('zzzz', 'qwertyuiop'.split(''))).toMatch(/…$/);
  expect(suggestion('zzzz', [])).toBeUndefined();
});
