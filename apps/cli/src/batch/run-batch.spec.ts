import { CaseError } from './case-fields';
import { linesOf } from './lines';
import { runBatch } from './run-batch';

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

async function answers(texts: readonly string[]): Promise<unknown[]> {
  const written: string[] = [];
  const write = (text: string) => written.push(text) > 0;
  const output = { write } as unknown as NodeJS.WritableStream;
  await runBatch(chunks(...texts), output, (document) => {
    const { n } = document as { n: number };
    if (n === 0) throw new CaseError('n: zero is no number for this');
    if (n < 0) throw new Error('broken');
    return { twice: 2 * n };
  });
  return written
    .join('')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

test('one answer a line, in order, wherever chunks end', async () => {
  expect(await answers(['{"id":1,"n":2}\n{"id":"b"', ',"n":4}\n\n', '  \n{"n":3}'])).toEqual([
    { id: 1, twice: 4 },
    { id: 'b', twice: 8 },
    { id: null, twice: 6 },
  ]);
});

test('a line that is wrong gives an error, and the batch goes on', async () => {
  const [malformed, refused, broken, fine] = await answers([
    'not json\n{"id":7,"n":0}\n{"id":8,"n":-1}\n{"id":9,"n":1}\n',
  ]);
  expect(malformed).toEqual({ id: null, error: expect.stringContaining('malformed JSON') });
  expect(refused).toEqual({ id: 7, error: 'n: zero is no number for this' });
  expect(broken).toEqual({ id: 8, error: 'internal error: broken; please report it' });
  expect(fine).toEqual({ id: 9, twice: 2 });
});

test('a line that is too long is skipped and reported', async () => {
  const seen: unknown[] = [];
  for await (const lines of linesOf(chunks('abc\n', 'defg', 'hijk\nlm'), 6)) seen.push(...lines);
  expect(seen).toEqual(['abc', { tooLong: 8 }, 'lm']);
});
