import { parseJson } from './json-reader';

test.each([
  ['{"a": [1, -2.5e3, true, false, null, "x\\u0041\\n"]}', { a: [1, -2500, true, false, null, 'xA\n'] }],
  ['18446744073709551615', 18446744073709551615n],
  ['-9223372036854775808', -9223372036854775808n],
  ['1e400', Number.POSITIVE_INFINITY],
  [' [ ] ', []],
  ['{}', {}],
])('%s', (text, value) => {
  expect(parseJson(text, 'f')).toEqual({ ok: true, value });
});

test('__proto__ is a member like any other', () => {
  const parsed = parseJson('{"__proto__": 1}', 'f');
  expect(parsed.ok && Object.keys(parsed.value as object)).toEqual(['__proto__']);
});

test.each([
  ['', 'f:1:1', 'the file ends'],
  ['{"a":1,\n "b":}', 'f:2:6', 'a JSON value is wanted'],
  ['{"a" 1}', 'f:1:6', "':'"],
  ['{a:1}', 'f:1:2', 'member name'],
  ['[1,]', 'f:1:4', 'a JSON value'],
  ['[1 2]', 'f:1:4', "','"],
  ['"ab', 'f:1:1', 'malformed string'],
  ['"a\u0001b"', 'f:1:1', 'malformed string'],
  ['[1]\n\n x', 'f:3:2', 'follows the end'],
  ['01', 'f:1:2', 'follows the end'],
  ['['.repeat(100_000), 'f:1:66', 'nested deeper'],
])('%j is malformed', (text, where, message) => {
  const parsed = parseJson(text, 'f');
  expect(parsed).toMatchObject({ ok: false, error: { where } });
  expect(parsed.ok || parsed.error.message).toContain(message);
});
