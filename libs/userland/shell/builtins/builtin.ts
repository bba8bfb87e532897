import type { Sys } from '@probed/system';
import type { Shell } from '../language/shell';
import { writeAll } from '../os/io';

/** A command that the shell carries out itself. @returns its exit status */
export type Builtin = (shell: Shell, words: readonly string[]) => number | Sys;

export type BuiltinTable = Readonly<Record<string, Builtin | undefined>>;

export function* print(shell: Shell, text: string): Sys {
  if (text === '') return 0;
  return (yield* writeAll(shell.u, 1, text)) < 0 ? 1 : 0;
}

/** A message in the shell's manner. @returns the status given */
export function* fail(shell: Shell, text: string, status = 1): Sys {
  yield* shell.run.complain(text);
  return status;
}

/** Letters of leading options, and what follows them. `--` ends options. */
export function options(
  words: readonly string[],
  allowed: string,
): { flags: Set<string>; rest: string[]; bad?: string } {
  const flags = new Set<string>();
  let i = 1;
  for (; i < words.length; i++) {
    const word = words[i];
    if (word === '--') {
      i++;
      break;
    }
    if (!/^-./.test(word)) break;
    for (const letter of word.slice(1)) {
      if (!allowed.includes(letter)) return { flags, rest: words.slice(i), bad: `-${letter}` };
      flags.add(letter);
    }
  }
  return { flags, rest: words.slice(i) };
}
