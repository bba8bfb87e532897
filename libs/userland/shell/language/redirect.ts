import { AF, F, O, SOCK, strerror } from '@probed/abi';
import { resolveName, type Sys, type UserContext } from '@probed/system';
import type { Redirection } from '../just-bash';
import { statPath, writeAll } from '../os/io';
import { ShellFault } from './control';
import type { Shell } from './shell';

/** A redirection with its words expanded: what a process does to its descriptors. */
export type Action =
  | { readonly kind: 'open'; readonly fds: readonly number[]; readonly path: string; readonly flags: number }
  | { readonly kind: 'dup'; readonly fds: readonly number[]; readonly from: number; readonly close: boolean }
  | { readonly kind: 'close'; readonly fds: readonly number[] }
  | { readonly kind: 'text'; readonly fds: readonly number[]; readonly text: string };

/** A descriptor that was put aside, to come back when the command is over. */
interface Saved {
  readonly fd: number;
  /** Where it is kept; -1 when it was not open. */
  readonly copy: number;
}

const SAVE_FROM_FD = 10;
/** What a pipe takes before its writer has to wait. */
const PIPE_BYTES = 65_536;
const EBADF = -9;
const EEXIST = -17;

interface OpenKind {
  readonly fd: number;
  readonly flags: number;
}

const CREATE = O.WRONLY | O.CREAT;

const OPENS: Readonly<Record<string, OpenKind>> = {
  '<': { fd: 0, flags: O.RDONLY },
  '>': { fd: 1, flags: CREATE | O.TRUNC },
  '>|': { fd: 1, flags: CREATE | O.TRUNC },
  '>>': { fd: 1, flags: CREATE | O.APPEND },
  '<>': { fd: 0, flags: O.RDWR | O.CREAT },
  '&>': { fd: 1, flags: CREATE | O.TRUNC },
  '&>>': { fd: 1, flags: CREATE | O.APPEND },
};

/** Expands the words of redirections, in order. */
export function* expandRedirections(shell: Shell, list: readonly Redirection[]): Sys<Action[]> {
  const out: Action[] = [];
  for (const redirection of list) out.push(yield* expandOne(shell, redirection));
  return out;
}

function* expandOne(shell: Shell, redirection: Redirection): Sys<Action> {
  const { operator, target } = redirection;
  if (target.type === 'HereDoc') {
    const text = yield* shell.expand.single(target.content);
    return { kind: 'text', fds: [redirection.fd ?? 0], text };
  }
  const fd = redirection.fdVariable === undefined ? redirection.fd : yield* variableFd(shell, redirection);
  if (operator === '<<<')
    return { kind: 'text', fds: [fd ?? 0], text: `${yield* shell.expand.single(target)}\n` };
  const words = yield* shell.expand.words([target]);
  if (words.length !== 1) throw new ShellFault('ambiguous redirect');
  const [word] = words;
  if (operator === '>&' || operator === '<&') return duplicate(operator, fd, word);
  const { fd: standard, flags } = OPENS[operator];
  const both = operator.startsWith('&');
  if (operator === '>' && shell.options.has('C') && (yield* isRegular(shell.u, word)))
    throw new ShellFault(`${word}: cannot overwrite existing file`);
  return { kind: 'open', fds: both ? [1, 2] : [fd ?? standard], path: word, flags };
}

function* isRegular(u: UserContext, path: string): Sys<boolean> {
  const stat = yield* statPath(u, path);
  return typeof stat !== 'number' && (stat.mode & 0o170000) === 0o100000;
}

/** `{name}>file`: a descriptor from 10 up whose number goes into the variable. */
// biome-ignore lint/correctness/useYield: it is called where expansion may sleep
function* variableFd(shell: Shell, { fdVariable, operator, target }: Redirection): Sys<number> {
  const closing = target.type === 'Word' && operator.endsWith('&') && shell.vars.get(fdVariable!);
  if (closing) return Number(closing);
  const fd = shell.u.task.files.unused(SAVE_FROM_FD);
  shell.assign(fdVariable!, String(fd));
  return fd;
}

function duplicate(operator: string, fd: number | null, word: string): Action {
  const fds = [fd ?? (operator === '>&' ? 1 : 0)];
  if (word === '-') return { kind: 'close', fds };
  const match = /^(\d+)(-?)$/.exec(word);
  if (match) return { kind: 'dup', fds, from: Number(match[1]), close: match[2] === '-' };
  if (operator === '>&' && fd === null)
    return { kind: 'open', fds: [1, 2], path: word, flags: CREATE | O.TRUNC };
  throw new ShellFault(`${word}: ambiguous redirect`);
}

/** Carries redirections out in the current task. @returns what went wrong, as the shell would put it */
export function* applyRedirections(u: UserContext, actions: readonly Action[]): Sys<string | undefined> {
  for (const action of actions) {
    const problem = yield* apply(u, action);
    if (problem) return problem;
  }
  return undefined;
}

function* apply(u: UserContext, action: Action): Sys<string | undefined> {
  if (action.kind === 'close') {
    for (const fd of action.fds) yield* u.close(fd);
    return undefined;
  }
  if (action.kind === 'dup') {
    for (const fd of action.fds)
      if (fd !== action.from && (yield* u.dup2(action.from, fd)) < 0)
        return `${action.from}: ${strerror(EBADF)}`;
    if (action.close) yield* u.close(action.from);
    return undefined;
  }
  const opened = action.kind === 'open' ? yield* openTarget(u, action) : yield* textFile(u, action.text);
  if (opened < 0) return `${action.kind === 'open' ? action.path : 'here-document'}: ${strerror(opened)}`;
  for (const fd of action.fds) if (fd !== opened) yield* u.dup2(opened, fd);
  if (!action.fds.includes(opened)) yield* u.close(opened);
  return undefined;
}

const STREAMS: Readonly<Record<string, number>> = { '/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2 };

/** Names that bash itself understands in redirections, then files. */
function* openTarget(u: UserContext, action: Extract<Action, { kind: 'open' }>): Sys {
  const { path, flags } = action;
  const stream = STREAMS[path] ?? /^\/dev\/fd\/(\d+)$/.exec(path)?.[1];
  if (stream !== undefined) return yield* u.fcntl(Number(stream), F.DUPFD, 0);
  const network = /^\/dev\/(tcp|udp)\/([^/]+)\/(\d+)$/.exec(path);
  if (network) return yield* openSocket(u, network[1] === 'tcp', network[2], Number(network[3]));
  return yield* u.open(path, flags, 0o666);
}

function* openSocket(u: UserContext, tcp: boolean, host: string, port: number): Sys {
  const ip = yield* resolveName(u, host);
  if (ip === undefined) return -22;
  const fd = yield* u.socket(AF.INET, tcp ? SOCK.STREAM : SOCK.DGRAM);
  if (fd < 0) return fd;
  const error = yield* u.connect(fd, ip, port);
  if (error === 0) return fd;
  yield* u.close(fd);
  return error;
}

/** A here document: a pipe when it fits, else a file that is gone as soon as it is open. */
function* textFile(u: UserContext, text: string): Sys {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length < PIPE_BYTES) {
    const [read, write] = yield* u.pipe();
    if (read < 0) return read;
    yield* writeAll(u, write, bytes);
    yield* u.close(write);
    return read;
  }
  for (let attempt = 0; ; attempt++) {
    const path = `/tmp/sh-thd.${u.task.thread.own}${attempt}`;
    const out = yield* u.open(path, CREATE | O.EXCL, 0o600);
    if (out === EEXIST) continue;
    if (out < 0) return out;
    yield* writeAll(u, out, bytes);
    const read = yield* u.open(path, O.RDONLY);
    yield* u.close(out);
    yield* u.unlink(path);
    return read;
  }
}

/** Puts aside the descriptors that are about to change. */
export function* saveDescriptors(u: UserContext, actions: readonly Action[]): Sys<Saved[]> {
  const saved: Saved[] = [];
  for (const { fds } of actions)
    for (const fd of fds)
      if (!saved.some((entry) => entry.fd === fd))
        saved.push({ fd, copy: yield* u.fcntl(fd, F.DUPFD_CLOEXEC, SAVE_FROM_FD) });
  return saved;
}

export function* restoreDescriptors(u: UserContext, saved: readonly Saved[]): Sys<void> {
  for (const { fd, copy } of saved) {
    if (copy < 0) {
      yield* u.close(fd);
      continue;
    }
    yield* u.dup2(copy, fd);
    yield* u.close(copy);
  }
}
