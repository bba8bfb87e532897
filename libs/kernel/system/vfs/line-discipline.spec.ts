import { LineDiscipline, outputBytes } from './line-discipline';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function typed(text: string, count = 4096) {
  let echo = '';
  const signals: number[] = [];
  const line = new LineDiscipline({
    echo: (bytes) => {
      echo += decoder.decode(bytes);
    },
    signal: (number) => signals.push(number),
  });
  line.type(encoder.encode(text));
  const reads: string[] = [];
  while (line.ready) reads.push(decoder.decode(line.take(count)));
  return { echo, signals, reads };
}

test.each<[string, string, string, string[], number[]]>([
  ['a line ends with CR or NL', 'ls\rid\n', 'ls\r\nid\r\n', ['ls\n', 'id\n'], []],
  ['nothing is read before the line is complete', 'abc', 'abc', [], []],
  ['backspace and DEL take back a character', 'ab\x7fc\bd\r', 'ab\b \bc\b \bd\r\n', ['ad\n'], []],
  ['a character of several bytes goes at once', 'ä\x7fx\r', expect.any(String) as never, ['x\n'], []],
  ['nothing to take back', '\x7f\x7fx\r', 'x\r\n', ['x\n'], []],
  ['^U takes back the line', 'ab\x15c\r', 'ab\b \b\b \bc\r\n', ['c\n'], []],
  ['^W takes back a word', 'a bc \x17d\r', 'a bc \b \b\b \b\b \bd\r\n', ['a d\n'], []],
  ['^C drops what was typed and interrupts', 'ls\nab\x03', 'ls\r\nab^C', [], [2]],
  ['^\\ quits', '\x1c', '^\\', [], [3]],
  ['^D at the start of a line is an end of file', '\x04', '', [''], []],
  ['^D inside a line hands it over', 'ab\x04', 'ab', ['ab'], []],
  ['arrow keys are not text', 'a\x1b[A\x1b[1;5Cb\x1bOAc\r', 'abc\r\n', ['abc\n'], []],
  ['other control characters show as such', 'a\x01\r', 'a^A\r\n', ['a\x01\n'], []],
])('%s', (_name, text, echo, reads, signals) => {
  expect(typed(text)).toEqual({ echo, reads, signals });
});

test('a short read leaves the rest of the line', () => {
  expect(typed('abcde\r', 4).reads).toEqual(['abcd', 'e\n']);
});

test('output has CR before each NL', () => {
  expect(decoder.decode(outputBytes(encoder.encode('a\nb\n')))).toBe('a\r\nb\r\n');
});

test('not canonical: as it comes, without echo, a line at most; what was not read is still there afterwards', () => {
  let echo = '';
  const signals: number[] = [];
  const line = new LineDiscipline({
    echo: (bytes) => {
      echo += decoder.decode(bytes);
    },
    signal: (number) => signals.push(number),
  });
  const read = () => decoder.decode(line.take(100));
  line.setCanonical(false);
  expect(line.type(encoder.encode('a\x1b[A\x7f'))).toBe(true);
  expect([read(), line.ready]).toEqual(['a\x1b[A\x7f', false]);
  line.type(encoder.encode('one\rtwo\rth'));
  expect(read()).toBe('one\n');
  line.setCanonical(true);
  expect([read(), line.ready, echo]).toEqual(['two\n', false, '']);
  line.type(encoder.encode('ree\r'));
  expect([read(), echo]).toEqual(['three\n', 'ree\r\n']);
  line.setCanonical(false);
  line.type(encoder.encode('x\x03'));
  expect([line.ready, signals]).toEqual([false, [2]]);
});
