import { ACCESS, S, SIGNAL, strerror } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { isType, statPath, writeAll } from '../os/io';
import { type Action, applyRedirections } from './redirect';
import type { Shell } from './shell';
import { setForeground } from './wait';

const ENOENT = -2;
const ENOEXEC = -8;
const EACCES = -13;
const NOT_FOUND = 127;
const CANNOT_EXECUTE = 126;
/** What strings of an execve may take in all: the emulated libc keeps them in a small area. */
const ARGUMENT_BYTES_MAX = 60_000;

/** A program to be run: everything expanded. */
export interface ExternalCommand {
  readonly words: readonly string[];
  /** Where it is; '' when it is nowhere. */
  readonly path: string;
  readonly actions: readonly Action[];
  readonly env: readonly string[];
}

/** Looks along PATH as bash does: a stat for each place, until one is an executable file. */
export function* findCommand(shell: Shell, name: string): Sys<string> {
  if (name.includes('/')) return name;
  if (name === '') return '';
  const { u } = shell;
  for (const dir of (shell.vars.get('PATH') ?? '').split(':')) {
    const path = dir === '' ? `./${name}` : `${dir}/${name}`;
    const stat = yield* statPath(u, path);
    if (typeof stat === 'number' || !isType(stat, S.IFREG)) continue;
    if ((yield* u.access(path, ACCESS.X_OK)) === 0) return path;
  }
  return '';
}

/** Forks a child that becomes the program. @returns its pid, or a negative errno */
export function* launchExternal(shell: Shell, command: ExternalCommand): Sys {
  const { u, interactive } = shell;
  yield* u.syscall('rt_sigprocmask', 0, u.room(8), u.room(8), 8);
  const prefix = shell.messagePrefix;
  const pid = yield* u.own('make_child', [u.str(command.words[0]), 0], () =>
    u.fork((child) => becomeExternal(child, command, prefix, interactive)),
  );
  if (interactive && pid > 0) {
    yield* u.setpgid(pid, pid);
    yield* setForeground(shell, pid);
  }
  yield* u.syscall('rt_sigprocmask', 2, u.room(8), 0, 8);
  return pid;
}

/** The current process becomes the program: a subshell's last command needs no fork. @returns only on failure */
export function* replaceByExternal(shell: Shell, command: ExternalCommand): Sys {
  const failure = yield* becomeExternal(shell.u, command, shell.messagePrefix, false);
  return failure;
}

function* becomeExternal(
  u: UserContext,
  command: ExternalCommand,
  prefix: string,
  interactive: boolean,
): Sys {
  if (interactive) {
    yield* u.setpgid(0, 0);
    yield* u.signal(SIGNAL.SIGINT, 0);
  }
  const problem = yield* applyRedirections(u, command.actions);
  if (problem) {
    yield* writeAll(u, 2, `${prefix}${problem}\n`);
    return 1;
  }
  const [name] = command.words;
  if (command.path === '') {
    yield* writeAll(u, 2, `${prefix}${name}: command not found\n`);
    return NOT_FOUND;
  }
  return yield* execute(u, command, prefix);
}

function* execute(u: UserContext, { words, path, env }: ExternalCommand, prefix: string): Sys {
  const bytes = [...words, ...env].reduce((sum, text) => sum + text.length * 3 + 1, 0);
  if (bytes > ARGUMENT_BYTES_MAX) {
    yield* writeAll(u, 2, `${prefix}${words[0]}: Argument list too long\n`);
    return CANNOT_EXECUTE;
  }
  let error = yield* u.own('shell_execve', [u.str(path)], () => u.exec(path, words, env));
  // A script without `#!` is the shell's own business.
  if (error === ENOEXEC) error = yield* u.exec('/bin/bash', ['bash', path, ...words.slice(1)], env);
  const stat = yield* statPath(u, path);
  const directory = typeof stat !== 'number' && isType(stat, S.IFDIR);
  const text = directory && error === EACCES ? 'Is a directory' : strerror(error);
  yield* writeAll(u, 2, `${prefix}${path}: ${text}\n`);
  return error === ENOENT ? NOT_FOUND : CANNOT_EXECUTE;
}
