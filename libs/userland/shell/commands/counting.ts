import { S, strerror } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { isType, readSome, statFd, statPath } from '../os/io';
import { loadLocale } from '../os/locale';
import { parseArguments, type ToolRun, type ToolTable, unknownOption } from './tool';

const CHUNK_BYTES = 16_384;
const BYTE_NS = 0.6;
/** Width of the columns where sizes are not known beforehand (coreutils wc.c: compute_number_width). */
const WIDTH_UNKNOWN = 7;
const NL = 0x0a;

/** What wc prints, in this order, and the option that asks for it. */
const COLUMNS = ['lines', 'words', 'chars', 'bytes', 'longest'] as const;
const LETTERS: Readonly<Record<(typeof COLUMNS)[number], string>> = {
  lines: 'l',
  words: 'w',
  chars: 'm',
  bytes: 'c',
  longest: 'L',
};

type Counts = Record<(typeof COLUMNS)[number], number>;

/** White space of isspace(3) in the C locale. */
const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

/** Counts as the input comes, so that it may be endless and large. @returns 0 or a negative errno */
function* count(u: UserContext, fd: number, counts: Counts): Sys {
  let inWord = false;
  let column = 0;
  for (;;) {
    const data = yield* readSome(u, fd, CHUNK_BYTES);
    if (typeof data === 'number') return data;
    if (data.length === 0) break;
    counts.bytes += data.length;
    for (let i = 0; i < data.length; i++) {
      const byte = data[i];
      // UTF-8: every byte but those that go on with a character.
      const begins = (byte & 0xc0) !== 0x80;
      if (begins) counts.chars++;
      if (byte === NL) {
        counts.lines++;
        if (column > counts.longest) counts.longest = column;
        column = 0;
      } else if (begins) column++;
      if (isSpace(byte)) inWord = false;
      else if (!inWord) {
        inWord = true;
        counts.words++;
      }
    }
    yield* u.cpu(data.length * BYTE_NS);
  }
  if (column > counts.longest) counts.longest = column;
  return 0;
}

const none = (): Counts => ({ lines: 0, words: 0, chars: 0, bytes: 0, longest: 0 });

function* widthFor(u: UserContext, operands: readonly string[], columns: number): Sys {
  if (operands.length <= 1 && columns === 1) return 1;
  let total = 0;
  for (const name of operands.length > 0 ? operands : ['-']) {
    const stat = name === '-' ? yield* statFd(u, 0) : yield* statPath(u, name);
    if (typeof stat === 'number') continue;
    if (!isType(stat, S.IFREG)) return WIDTH_UNKNOWN;
    total += stat.size;
  }
  return String(total).length;
}

function* wc(run: ToolRun): Sys {
  const { u } = run;
  yield* loadLocale(u);
  const long = { bytes: 'c', chars: 'm', lines: 'l', words: 'w', 'max-line-length': 'L' };
  const { options, operands, unknown } = parseArguments(run.args, 'clmwL', '', long);
  if (unknown) return yield* unknownOption(run, unknown);
  const asked = COLUMNS.filter((name) => options.has(LETTERS[name]));
  const columns = asked.length > 0 ? asked : (['lines', 'words', 'bytes'] as const);
  const width = yield* widthFor(u, operands, columns.length);
  const line = (counts: Counts, name: string) => {
    const numbers = columns.map((column) => String(counts[column]).padStart(width)).join(' ');
    run.print(name === '' ? `${numbers}\n` : `${numbers} ${name}\n`);
  };
  const total = none();
  let status = 0;
  for (const name of operands.length > 0 ? operands : ['']) {
    const fd = name === '' || name === '-' ? 0 : yield* u.open(name);
    const counts = none();
    const error = fd < 0 ? fd : yield* count(u, fd, counts);
    if (fd > 0) yield* u.close(fd);
    if (error < 0) {
      yield* run.flush();
      status = yield* run.fail(`${name}: ${strerror(error)}`);
    }
    if (fd < 0) continue;
    line(counts, name);
    for (const column of COLUMNS)
      total[column] =
        column === 'longest' ? Math.max(total.longest, counts.longest) : total[column] + counts[column];
  }
  if (operands.length > 1) line(total, 'total');
  return status;
}

/** wc(1) of our own: what just-bash has works on whole texts, and people count large files. */
export const COUNTING: ToolTable = { wc };
