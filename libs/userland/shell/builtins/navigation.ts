import { strerror } from '@probed/abi';
import type { Sys } from '@probed/system';
import type { Shell } from '../language/shell';
import { currentDirectory } from '../os/io';
import { type BuiltinTable, fail, options, print } from './builtin';

/** `a/./b/../c` as the shell's own idea of where it is has it. */
function logicalPath(base: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${base}/${path}`).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** chdir(2), PWD and OLDPWD. @returns 0 or a negative errno */
function* enter(shell: Shell, path: string, physical = false): Sys {
  const { u, vars } = shell;
  const from = vars.get('PWD') ?? '/';
  const target = logicalPath(from, path);
  yield* u.stat(target);
  const error = yield* u.chdir(target);
  if (error < 0) return error;
  shell.assign('OLDPWD', from);
  shell.assign('PWD', physical ? yield* currentDirectory(u) : target);
  for (const name of ['PWD', 'OLDPWD']) vars.declare(name).exported = true;
  return 0;
}

function* cd(shell: Shell, words: readonly string[]): Sys {
  const { flags, rest, bad } = options(words, 'LPe@');
  if (bad && words[1] !== '-') return yield* fail(shell, `cd: ${bad}: invalid option`, 2);
  if (rest.length > 1) return yield* fail(shell, 'cd: too many arguments');
  const back = words[1] === '-';
  const path = back ? shell.vars.get('OLDPWD') : (rest[0] ?? shell.vars.get('HOME'));
  if (path === undefined) return yield* fail(shell, `cd: ${back ? 'OLDPWD' : 'HOME'} not set`);
  const error = yield* enter(shell, path === '' ? '.' : path, flags.has('P'));
  if (error < 0) return yield* fail(shell, `cd: ${path}: ${strerror(error)}`);
  return back ? yield* print(shell, `${shell.vars.get('PWD')}\n`) : 0;
}

function* showStack(shell: Shell): Sys {
  const home = shell.vars.get('HOME') ?? '';
  const short = (path: string) => (home && path.startsWith(home) ? `~${path.slice(home.length)}` : path);
  return yield* print(
    shell,
    `${[shell.vars.get('PWD') ?? '/', ...shell.directories].map(short).join(' ')}\n`,
  );
}

export const NAVIGATION: BuiltinTable = {
  cd,
  *pwd(shell, words) {
    const physical = words.includes('-P');
    const path = physical ? yield* currentDirectory(shell.u) : (shell.vars.get('PWD') ?? '/');
    return yield* print(shell, `${path}\n`);
  },
  *pushd(shell, words) {
    const from = shell.vars.get('PWD') ?? '/';
    const target = words[1] ?? shell.directories.shift();
    if (target === undefined) return yield* fail(shell, 'pushd: no other directory');
    const error = yield* enter(shell, target);
    if (error < 0) return yield* fail(shell, `pushd: ${target}: ${strerror(error)}`);
    shell.directories.unshift(from);
    return yield* showStack(shell);
  },
  *popd(shell) {
    const target = shell.directories.shift();
    if (target === undefined) return yield* fail(shell, 'popd: directory stack empty');
    const error = yield* enter(shell, target);
    if (error < 0) return yield* fail(shell, `popd: ${target}: ${strerror(error)}`);
    return yield* showStack(shell);
  },
  dirs: (shell) => showStack(shell),
};
