import { AT, O, S, strerror } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { readAccounts } from '../os/accounts';
import { isType, readSome, statPath, writeAll } from '../os/io';
import { loadLocale } from '../os/locale';
import { parseArguments, type ToolRun, type ToolTable, unknownOption } from './tool';

const AT_FDCWD = AT.FDCWD >>> 0;
const EPIPE = -32;
const FOLLOW_INTERVAL_NS = 1e9;
const CHUNK_BYTES = 131_072;
const LINKS_MAX = 40;

const NL = 0x0a;

/** Copies as it comes, so that endless input and people at a terminal are served. @returns 0 or a negative errno */
function* copy(u: UserContext, from: number): Sys {
  for (;;) {
    const data = yield* readSome(u, from, CHUNK_BYTES);
    if (typeof data === 'number') return data;
    if (data.length === 0) return 0;
    const error = yield* writeAll(u, 1, data);
    if (error < 0) return error === EPIPE ? 0 : error;
  }
}

/** Runs something on each operand's file, standard input for `-` and for none. */
function* eachInput(run: ToolRun, operands: readonly string[], body: (fd: number, name: string) => Sys): Sys {
  const { u } = run;
  let status = 0;
  for (const name of operands.length > 0 ? operands : ['-']) {
    const fd = name === '-' || name === '/dev/stdin' ? 0 : yield* u.open(name);
    if (fd < 0) {
      status = yield* openFailure(run, name, fd);
      continue;
    }
    if (fd > 0) yield* u.fstat(fd);
    const error = yield* body(fd, name);
    if (error < 0) status = yield* readFailure(run, name, error);
    if (fd > 0) yield* u.close(fd);
  }
  return status;
}

function openFailure(run: ToolRun, name: string, error: number): Sys {
  if (run.name === 'cat') return run.failure(name, error);
  return run.fail(`cannot open '${name}' for reading: ${strerror(error)}`);
}

function readFailure(run: ToolRun, name: string, error: number): Sys {
  if (run.name === 'cat') return run.failure(name, error);
  return run.fail(`error reading '${name}': ${strerror(error)}`);
}

function* cat(run: ToolRun): Sys {
  const { u } = run;
  yield* loadLocale(u);
  const { options, operands, unknown } = parseArguments(run.args, 'nbsuvAeETt', '', {
    number: 'n',
    'number-nonblank': 'b',
    'squeeze-blank': 's',
    'show-ends': 'E',
    'show-tabs': 'T',
    'show-all': 'A',
  });
  if (unknown) return yield* unknownOption(run, unknown);
  yield* u.fstat(1);
  const plain = [...options.keys()].every((letter) => letter === 'u');
  const numbering = { line: 0, start: true, blank: false };
  const status = yield* eachInput(run, operands, function* (fd) {
    if (fd > 0) yield* u.syscall('fadvise64', fd, 0, 0, 2);
    return plain ? yield* copy(u, fd) : yield* decorated(u, fd, (letter) => options.has(letter), numbering);
  });
  yield* u.close(1);
  yield* u.close(2);
  return status;
}

/** `cat -nbsETA` */
function* decorated(
  u: UserContext,
  fd: number,
  has: (letter: string) => boolean,
  state: { line: number; start: boolean; blank: boolean },
): Sys {
  const ends = has('E') || has('A') || has('e');
  const tabs = has('T') || has('A') || has('t');
  let rest = '';
  for (;;) {
    const data = yield* readSome(u, fd, CHUNK_BYTES);
    if (typeof data === 'number') return data;
    const lines = (rest + new TextDecoder().decode(data)).split(/(?<=\n)/);
    rest = data.length > 0 ? (lines.pop() ?? '') : '';
    let out = '';
    for (const line of lines) {
      const empty = line === '\n';
      if (has('s') && empty && state.blank) continue;
      state.blank = empty;
      const numbered = has('b') ? !empty : has('n');
      const text = tabs ? line.replaceAll('\t', '^I') : line;
      out +=
        (numbered ? `${String(++state.line).padStart(6)}\t` : '') +
        (ends ? text.replace(/\n$/, '$\n') : text);
    }
    const error = yield* writeAll(u, 1, out);
    if (error < 0 || data.length === 0) return Math.min(error, 0);
  }
}

/** `10`, `1K`, `2M`; with `-` all but the last. */
function countOf(text: string): { count: number; fromEnd: boolean } | undefined {
  const match = /^([+-]?)(\d+)([bkKMG]?)B?$/.exec(text);
  if (!match) return undefined;
  const unit = { '': 1, b: 512, k: 1024, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[match[3]] ?? 1;
  return { count: Number(match[2]) * unit, fromEnd: match[1] === '-' };
}

/** Bytes up to and with the `count`th newline. */
function linesEnd(data: Uint8Array, count: number): { end: number; seen: number } {
  let seen = 0;
  for (let i = 0; i < data.length; i++) if (data[i] === NL && ++seen === count) return { end: i + 1, seen };
  return { end: data.length, seen };
}

/** `-5` is `-n 5`, unless it is the value of an option itself. */
function modernCount(args: readonly string[]): string[] {
  return args.map((arg, i) =>
    /^-\d+$/.test(arg) && !/^-[nc]$/.test(args[i - 1] ?? '') ? `-n${arg.slice(1)}` : arg,
  );
}

function* head(run: ToolRun): Sys {
  const { u } = run;
  yield* loadLocale(u);
  const args = modernCount(run.args);
  const { options, operands, unknown } = parseArguments(args, 'qvz', 'nc', {
    'lines=': 'n',
    'bytes=': 'c',
    quiet: 'q',
  });
  if (unknown) return yield* unknownOption(run, unknown);
  const given = options.get('c') ?? options.get('n') ?? '10';
  const amount = countOf(given);
  const bytes = options.has('c');
  if (!amount) return yield* run.fail(`invalid number of ${bytes ? 'bytes' : 'lines'}: '${given}'`);
  const titled = (operands.length > 1 || options.has('v')) && !options.has('q');
  let first = true;
  return yield* eachInput(run, operands, function* (fd, name) {
    if (titled)
      yield* writeAll(u, 1, `${first ? '' : '\n'}==> ${name === '-' ? 'standard input' : name} <==\n`);
    first = false;
    return amount.fromEnd
      ? yield* allButLast(u, fd, amount.count, bytes)
      : yield* firstOf(u, fd, amount.count, bytes);
  });
}

/** Reads no more than it needs: what feeds it may never end. */
function* firstOf(u: UserContext, fd: number, count: number, bytes: boolean): Sys {
  let left = count;
  while (left > 0) {
    const data = yield* readSome(u, fd, bytes ? Math.min(left, 8_192) : 8_192);
    if (typeof data === 'number') return data;
    if (data.length === 0) return 0;
    const { end, seen } = bytes ? { end: data.length, seen: data.length } : linesEnd(data, left);
    left -= seen;
    const error = yield* writeAll(u, 1, data.subarray(0, end));
    if (error < 0) return 0;
  }
  return 0;
}

function* allButLast(u: UserContext, fd: number, count: number, bytes: boolean): Sys {
  const all = yield* wholeText(u, fd);
  if (typeof all === 'number') return all;
  const parts = bytes ? [...all] : all.split(/(?<=\n)/);
  return Math.min(0, yield* writeAll(u, 1, parts.slice(0, Math.max(0, parts.length - count)).join('')));
}

function* wholeText(u: UserContext, fd: number): Sys<string | number> {
  let text = '';
  const decoder = new TextDecoder();
  for (;;) {
    const data = yield* readSome(u, fd, CHUNK_BYTES);
    if (typeof data === 'number') return data;
    if (data.length === 0) return text;
    text += decoder.decode(data, { stream: true });
  }
}

function* tail(run: ToolRun): Sys {
  const { u } = run;
  yield* loadLocale(u);
  const args = modernCount(run.args);
  const { options, operands, unknown } = parseArguments(args, 'fFqvrz', 'ncs', {
    'lines=': 'n',
    'bytes=': 'c',
    follow: 'f',
    quiet: 'q',
  });
  if (unknown) return yield* unknownOption(run, unknown);
  const given = options.get('c') ?? options.get('n') ?? '10';
  const bytes = options.has('c');
  const amount = countOf(given.replace(/^-/, ''));
  if (!amount) return yield* run.fail(`invalid number of ${bytes ? 'bytes' : 'lines'}: '${given}'`);
  const titled = (operands.length > 1 || options.has('v')) && !options.has('q');
  let first = true;
  const status = yield* eachInput(run, operands, function* (fd, name) {
    if (titled)
      yield* writeAll(u, 1, `${first ? '' : '\n'}==> ${name === '-' ? 'standard input' : name} <==\n`);
    first = false;
    const text = yield* wholeText(u, fd);
    if (typeof text === 'number') return text;
    const parts = bytes ? [...text] : text.split(/(?<=\n)/).filter(Boolean);
    const from = given.startsWith('+') ? amount.count - 1 : Math.max(0, parts.length - amount.count);
    const error = yield* writeAll(u, 1, parts.slice(Math.max(0, from)).join(''));
    const follows = (options.has('f') || options.has('F')) && name === operands[operands.length - 1];
    return follows && error >= 0 ? yield* follow(u, fd) : Math.min(error, 0);
  });
  return status;
}

/** Looks again each second for what has been added; only a signal or a closed output ends it. */
function* follow(u: UserContext, fd: number): Sys {
  for (;;) {
    yield* u.sleep(FOLLOW_INTERVAL_NS);
    yield* u.fstat(fd);
    const data = yield* readSome(u, fd, CHUNK_BYTES);
    if (typeof data === 'number') return data;
    if (data.length > 0 && (yield* writeAll(u, 1, data)) < 0) return 0;
  }
}

function* touch(run: ToolRun): Sys {
  const { u } = run;
  yield* loadLocale(u);
  const { options, operands, unknown } = parseArguments(run.args, 'acmhf', 'drt', {
    'date=': 'd',
    'no-create': 'c',
  });
  if (unknown) return yield* unknownOption(run, unknown);
  if (operands.length === 0)
    return yield* run.fail("missing file operand\nTry 'touch --help' for more information.");
  let status = 0;
  const when = options.get('d');
  const seconds =
    when === undefined ? undefined : Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(when) ? when : `${when}Z`) / 1000;
  if (seconds !== undefined && Number.isNaN(seconds)) return yield* run.fail(`invalid date format '${when}'`);
  for (const path of operands) {
    const flags = O.WRONLY | O.NOCTTY | O.NONBLOCK | (options.has('c') ? 0 : O.CREAT);
    const fd = yield* u.open(path, flags, 0o666);
    if (fd >= 0) yield* u.close(fd);
    const error = yield* u.syscall(
      'utimensat',
      AT_FDCWD,
      u.str(path),
      seconds === undefined ? 0 : times(u, seconds),
      0,
    );
    if (error < 0 && !options.has('c'))
      status = yield* run.fail(`cannot touch '${path}': ${strerror(fd < 0 ? fd : error)}`);
  }
  return status;
}

function times(u: UserContext, seconds: number): number {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (const at of [0, 16]) view.setBigInt64(at, BigInt(Math.floor(seconds)), true);
  return u.bytes(bytes);
}

function* chown(run: ToolRun): Sys {
  const { u } = run;
  const { operands, unknown } = parseArguments(run.args, 'Rhvcf', '', { recursive: 'R' });
  if (unknown) return yield* unknownOption(run, unknown);
  const [owner, ...paths] = operands;
  if (paths.length === 0) return yield* run.fail('missing operand');
  const accounts = yield* readAccounts(u);
  const [user, group] = owner.split(/[:.]/);
  const uid = user === '' ? 0xffff_ffff : /^\d+$/.test(user) ? Number(user) : accounts.uid(user);
  const gid = !group ? 0xffff_ffff : /^\d+$/.test(group) ? Number(group) : accounts.gid(group);
  if (uid === undefined || gid === undefined) return yield* run.fail(`invalid user: '${owner}'`);
  let status = 0;
  for (const path of paths) {
    const error = yield* u.syscall('fchownat', AT_FDCWD, u.str(path), uid, gid, 0);
    if (error < 0) status = yield* run.fail(`changing ownership of '${path}': ${strerror(error)}`);
  }
  return status;
}

function* realpath(run: ToolRun): Sys {
  const { operands } = parseArguments(run.args, 'emsqLPz');
  if (operands.length === 0) return yield* run.fail('missing operand');
  let status = 0;
  for (const path of operands) {
    const found = yield* resolve(run.u, path);
    if (typeof found === 'number') status = yield* run.failure(path, found);
    else run.print(`${found}\n`);
  }
  return status;
}

function* resolve(u: UserContext, path: string): Sys<string | number> {
  const length = yield* u.getcwd();
  let left = (path.startsWith('/') ? path : `${u.text(u.buffer, Math.max(0, length - 1))}/${path}`).split(
    '/',
  );
  let done: string[] = [];
  for (let links = 0; left.length > 0; ) {
    const [part, ...rest] = left;
    left = rest;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const here = `/${[...done, part].join('/')}`;
    const stat = yield* statPath(u, here, false);
    if (typeof stat === 'number') {
      if (left.length === 0) return here;
      return stat;
    }
    if (!isType(stat, S.IFLNK)) {
      done.push(part);
      continue;
    }
    if (++links > LINKS_MAX) return -40;
    const target = u.text(u.buffer, Math.max(0, yield* u.readlink(here)));
    if (target.startsWith('/')) done = [];
    left = [...target.split('/'), ...left];
  }
  return `/${done.join('/')}`;
}

function* mktemp(run: ToolRun): Sys {
  const { u } = run;
  const { options, operands } = parseArguments(run.args, 'dqut', 'p', { directory: 'd', 'tmpdir=': 'p' });
  const template = operands[0] ?? '/tmp/tmp.XXXXXXXXXX';
  const base = operands[0] === undefined || template.includes('/') || !options.has('t') ? '' : '/tmp/';
  const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  yield* u.getrandom(16);
  const path =
    base + template.replace(/X{3,}$/, (run_) => run_.replace(/X/g, () => alphabet[u.k.aslr.below(62)]));
  const result = options.has('d')
    ? yield* u.mkdir(path, 0o700)
    : yield* u.open(path, O.RDWR | O.CREAT | O.EXCL, 0o600);
  if (result < 0)
    return yield* run.fail(`failed to create file via template '${template}': ${strerror(result)}`);
  if (!options.has('d')) yield* u.close(result);
  run.print(`${path}\n`);
  return 0;
}

function* sync(run: ToolRun): Sys {
  const { u } = run;
  let status = 0;
  if (run.args.length === 0) yield* u.syscall('sync');
  for (const path of run.args) {
    const fd = yield* u.open(path, O.RDONLY | O.NONBLOCK);
    if (fd < 0) {
      status = yield* run.fail(`error opening '${path}': ${strerror(fd)}`);
      continue;
    }
    yield* u.fsync(fd);
    yield* u.close(fd);
  }
  return status;
}

export const FILES: ToolTable = { cat, head, tail, touch, chown, realpath, mktemp, sync };
