import { ACCESS, S, TIOC } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { ShellFault } from '../language/control';
import type { Shell } from '../language/shell';
import { isType, type Stat, statPath } from '../os/io';

type FileTest = (stat: Stat, u: UserContext, path: string) => boolean | Sys<boolean>;

function* allowed(u: UserContext, path: string, mode: number): Sys<boolean> {
  return (yield* u.access(path, mode)) === 0;
}

const TYPES: Readonly<Record<string, number>> = {
  '-f': S.IFREG,
  '-d': S.IFDIR,
  '-c': S.IFCHR,
  '-b': S.IFBLK,
  '-p': S.IFIFO,
  '-S': S.IFSOCK,
};

const FILE_TESTS: Readonly<Record<string, FileTest>> = {
  '-e': () => true,
  '-a': () => true,
  '-s': (stat) => stat.size > 0,
  '-u': (stat) => (stat.mode & S.ISUID) !== 0,
  '-g': (stat) => (stat.mode & S.ISGID) !== 0,
  '-k': (stat) => (stat.mode & S.ISVTX) !== 0,
  '-r': (_stat, u, path) => allowed(u, path, ACCESS.R_OK),
  '-w': (_stat, u, path) => allowed(u, path, ACCESS.W_OK),
  '-x': (_stat, u, path) => allowed(u, path, ACCESS.X_OK),
  '-O': (stat, u) => stat.uid === u.task.cred.ids.euid,
  '-G': (stat, u) => stat.gid === u.task.cred.ids.egid,
  '-N': () => false,
  ...Object.fromEntries(
    Object.entries(TYPES).map(([name, type]) => [name, (stat: Stat) => isType(stat, type)]),
  ),
};

type TextTest = (shell: Shell, text: string) => boolean | Sys<boolean>;

const TEXT_TESTS: Readonly<Record<string, TextTest>> = {
  '-z': (_shell, text) => text === '',
  '-n': (_shell, text) => text !== '',
  '-v': (shell, text) => shell.vars.find(text) !== undefined,
  '-R': () => false,
  '-o': (shell, text) => shell.options.has(text) || shell.options.has(OPTION_LETTERS[text] ?? text),
  '-t': function* ({ u }, text) {
    return (yield* u.ioctl(Number(text), TIOC.TCGETS)) === 0;
  },
};

/** Long names of `set -o` by letter and the other way round. */
export const OPTION_LETTERS: Readonly<Record<string, string>> = {
  errexit: 'e',
  nounset: 'u',
  xtrace: 'x',
  noglob: 'f',
  noclobber: 'C',
  allexport: 'a',
  noexec: 'n',
  verbose: 'v',
  monitor: 'm',
  hashall: 'h',
  braceexpand: 'B',
  pipefail: 'pipefail',
  posix: 'posix',
  emacs: 'emacs',
  vi: 'vi',
  history: 'history',
  ignoreeof: 'ignoreeof',
  nolog: 'nolog',
};

export function isUnaryTest(operator: string): boolean {
  return (
    Object.hasOwn(FILE_TESTS, operator) ||
    Object.hasOwn(TEXT_TESTS, operator) ||
    operator === '-h' ||
    operator === '-L'
  );
}

/** One operator with one operand, as test(1) and `[[` have them. */
export function* fileTest(shell: Shell, operator: string, operand: string): Sys<boolean> {
  const { u } = shell;
  const textTest = TEXT_TESTS[operator];
  if (textTest) return yield* settle(textTest(shell, operand));
  const link = operator === '-h' || operator === '-L';
  const stat = yield* statPath(u, operand, !link);
  if (typeof stat === 'number') return false;
  if (link) return isType(stat, S.IFLNK);
  const test = FILE_TESTS[operator];
  if (!test) throw new ShellFault(`${operator}: unary operator expected`, 2);
  return yield* settle(test(stat, u, operand));
}

function* settle(result: boolean | Sys<boolean>): Sys<boolean> {
  return typeof result === 'boolean' ? result : yield* result;
}

/** `-nt`, `-ot`, `-ef` */
export function* compareFiles(u: UserContext, left: string, operator: string, right: string): Sys<boolean> {
  const a = yield* statPath(u, left);
  const b = yield* statPath(u, right);
  if (operator === '-ef')
    return typeof a !== 'number' && typeof b !== 'number' && a.ino === b.ino && a.dev === b.dev;
  const time = (stat: Stat | number) => (typeof stat === 'number' ? -1 : stat.mtime);
  return operator === '-nt' ? time(a) > time(b) : time(a) < time(b);
}

const INTEGER_TESTS: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  '-eq': (a, b) => a === b,
  '-ne': (a, b) => a !== b,
  '-lt': (a, b) => a < b,
  '-le': (a, b) => a <= b,
  '-gt': (a, b) => a > b,
  '-ge': (a, b) => a >= b,
};

export function isIntegerTest(operator: string): boolean {
  return Object.hasOwn(INTEGER_TESTS, operator);
}

export function compareIntegers(left: bigint, operator: string, right: bigint): boolean {
  return INTEGER_TESTS[operator](left, right);
}
