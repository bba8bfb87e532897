import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../fixtures/run-case';
import { messagesPage } from './fixtures/messages-page';
import { explainMessage, MESSAGES } from './messages';

const PAGE = join(__dirname, '../../../../docs/verifier-messages.md');

test.each(MESSAGES.map((row) => [row.message, row] as const))(
  '%s: its example is refused with it',
  (_, row) => {
    const result = run(row.example);
    expect(result.ok ? ['accepted'] : result.error.log).toContainEqual(expect.stringMatching(row.pattern));
  },
);

test('rows have names and messages of their own', () => {
  expect(new Set(MESSAGES.map(({ id }) => id)).size).toBe(MESSAGES.length);
  expect(new Set(MESSAGES.map(({ message }) => message)).size).toBe(MESSAGES.length);
  expect(MESSAGES.length).toBeGreaterThanOrEqual(60);
});

test('the first line that a row knows decides', () => {
  expect(explainMessage(['something new', 'R3 !read_ok', 'div by zero']).id).toBe('not-read-ok');
  expect(explainMessage(["R1 invalid mem access 'map_value_or_null'"]).id).toBe('mem-access-or-null');
  expect(explainMessage(["R1 invalid mem access 'map_ptr'"]).id).toBe('mem-access-other');
  expect(explainMessage(['something new'])).toEqual({});
});

test('docs/verifier-messages.md is made from the table', () => {
  const page = messagesPage(MESSAGES);
  if (process.env['PROBED_WRITE_DOCS'] !== undefined) writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, 'utf8')).toBe(page);
});
