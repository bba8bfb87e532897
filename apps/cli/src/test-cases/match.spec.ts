import { diffLines } from './diff-text';
import { match, matches, type Pattern, patternFault } from './match';

const RECORD = {
  pid: 42,
  comm: 'cat',
  cookie: '18446744073709551615',
  flags: ['O_RDONLY', 'O_CLOEXEC'],
  at: { cpu: 1, stack: [] },
};

const FITTING: readonly (readonly [pattern: Pattern, actual: unknown])[] = [
  [{ pid: 42 }, RECORD],
  [{ at: { cpu: 1 } }, RECORD],
  [{ cookie: 18446744073709551615n }, RECORD],
  [{ flags: ['O_RDONLY', 'O_CLOEXEC'] }, RECORD],
  [{ flags: { $contains: 'O_CLOEXEC' } }, RECORD],
  [{ comm: { $contains: 'a' } }, RECORD],
  [{ comm: { $regex: '^c.t$' } }, RECORD],
  [{ comm: { $startsWith: 'c', $endsWith: 't', $length: 3 } }, RECORD],
  [{ pid: { $gt: 41, $lt: 43, $gte: 42, $lte: 42 } }, RECORD],
  [{ pid: { $between: [42, 50] } }, RECORD],
  [{ cookie: { $gt: 18446744073709551614n } }, RECORD],
  [{ pid: { $in: [1, 42] } }, RECORD],
  [{ pid: { $not: { $in: [1, 2] } } }, RECORD],
  [{ pid: { $ne: 41 } }, RECORD],
  [{ pid: { $any: true } }, RECORD],
  [{ ppid: { $exists: false } }, RECORD],
  [{ flags: { $length: { $gte: 2 } } }, RECORD],
  [{ at: { $exactly: { cpu: 1, stack: [] } } }, RECORD],
  [{ pid: { $or: [1, { $gt: 40 }] } }, RECORD],
  [{ pid: { $and: [{ $gt: 40 }, 42] } }, RECORD],
  [{ addr: 0x10 }, { addr: '0x10' }],
  [3, 3],
  [{}, RECORD],
];

test.each(FITTING)('%j fits', (pattern, actual) => expect(match(pattern, actual)).toEqual([]));

const UNFIT: readonly (readonly [pattern: Pattern, actual: unknown, path: string])[] = [
  [{ pid: 41 }, RECORD, 'pid'],
  [{ at: { cpu: 2 } }, RECORD, 'at.cpu'],
  [{ ppid: 1 }, RECORD, 'ppid'],
  [{ flags: ['O_RDONLY'] }, RECORD, 'flags.length'],
  [{ flags: ['O_WRONLY', 'O_CLOEXEC'] }, RECORD, 'flags[0]'],
  [{ at: { $exactly: { cpu: 1 } } }, RECORD, 'at'],
  // Text is text: "42" does not stand for the number.
  [{ pid: '42' }, RECORD, 'pid'],
  [{ cookie: 18446744073709551614n }, RECORD, 'cookie'],
  [{ comm: { $gt: 1 } }, RECORD, 'comm'],
  [{ ppid: { $any: true } }, RECORD, 'ppid'],
  [{ toString: { $any: true } }, RECORD, 'toString'],
  [{ pid: 42 }, null, ''],
];

test.each(UNFIT)('%j does not fit', (pattern, actual, path) => {
  expect(match(pattern, actual).map((mismatch) => mismatch.path)).toEqual([path]);
  expect(matches(pattern, actual)).toBe(false);
});

test.each([
  [{ a: { $gr: 1 } }, 'no matcher is called $gr'],
  [{ a: { $gt: 1, b: 2 } }, 'cannot be mixed'],
  [{ a: [{ $regex: '(' }] }, 'Invalid regular expression'],
  [{ $between: [1] }, '$between takes'],
] as const)('%j is refused', (pattern, words) => expect(patternFault(pattern, 'x')).toContain(words));

test('a diff shows what differs between what agrees', () => {
  expect(diffLines({ pid: 42, comm: 'dog', at: { cpu: { $gt: 2 } }, ppid: 1 }, RECORD)).toEqual([
    '  pid: 42',
    '- comm: "dog"',
    '+ comm: "cat"',
    '- at.cpu: {"$gt":2}',
    '+ at.cpu: 1',
    '- ppid: 1',
    '+ ppid: (nothing)',
  ]);
  expect(diffLines({ at: { cpu: 1 } }, { at: 5 })).toEqual(['- at: {"cpu":1}', '+ at: 5']);
});
