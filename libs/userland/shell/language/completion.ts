import { DT } from '@probed/abi';
import type { Sys } from '@probed/system';
import { readDirectory } from '../os/io';
import type { Completion } from './line-editor';
import type { Shell } from './shell';

/** What TAB offers for the word at the end of a line: commands in first place, file names elsewhere. */
export function* completeLine(shell: Shell, line: string): Sys<Completion> {
  const word = /[^\s;|&<>()]*$/.exec(line)?.[0] ?? '';
  const before = line.slice(0, line.length - word.length).trimEnd();
  const first = before === '' || /[;|&(]$/.test(before);
  if (!first || word.includes('/')) return yield* fileNames(shell, word);
  const names = new Set([...shell.run.builtinNames(), ...shell.functions.keys(), ...shell.aliases.keys()]);
  for (const dir of (shell.vars.get('PATH') ?? '').split(':')) {
    const entries = yield* readDirectory(shell.u, dir || '.');
    if (typeof entries !== 'number') for (const { name } of entries) names.add(name);
  }
  const words = [...names].filter((name) => name.startsWith(word)).sort();
  return { words, shown: words };
}

function* fileNames(shell: Shell, word: string): Sys<Completion> {
  const slash = word.lastIndexOf('/');
  const directory = word.slice(0, slash + 1);
  const start = word.slice(slash + 1);
  const home = directory.startsWith('~/') ? (shell.vars.get('HOME') ?? '') + directory.slice(1) : directory;
  const entries = yield* readDirectory(shell.u, home === '' ? '.' : home);
  if (typeof entries === 'number') return { words: [], shown: [] };
  const fitting = entries.filter(
    ({ name }) => name.startsWith(start) && (start.startsWith('.') || !name.startsWith('.')),
  );
  const shown = fitting.map(({ name, type }) => (type === DT.DIR ? `${name}/` : name));
  return { words: shown.map((name) => directory + name), shown };
}
