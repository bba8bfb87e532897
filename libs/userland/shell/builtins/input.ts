import type { Sys } from '@probed/system';
import { ShellFault } from '../language/control';
import type { Shell } from '../language/shell';
import { readToEnd } from '../os/io';
import { type BuiltinTable, print } from './builtin';

const EINTR = -4;
const decoder = new TextDecoder();

/** What `read` was asked for. */
interface ReadOptions {
  raw: boolean;
  delimiter: string;
  prompt: string;
  /** Array to fill instead of names. */
  array: string | undefined;
  count: number | undefined;
  fd: number;
  timeoutMs: number | undefined;
}

const TAKES_VALUE: Readonly<Record<string, (options: ReadOptions, value: string) => void>> = {
  a: (options, value) => {
    options.array = value;
  },
  d: (options, value) => {
    options.delimiter = value === '' ? '\0' : value[0];
  },
  p: (options, value) => {
    options.prompt = value;
  },
  n: (options, value) => {
    options.count = Number(value);
  },
  N: (options, value) => {
    options.count = Number(value);
  },
  u: (options, value) => {
    options.fd = Number(value);
  },
  t: (options, value) => {
    options.timeoutMs = Number(value) * 1_000;
  },
};

function parseRead(words: readonly string[]): { options: ReadOptions; names: readonly string[] } {
  const options: ReadOptions = {
    raw: false,
    delimiter: '\n',
    prompt: '',
    array: undefined,
    count: undefined,
    fd: 0,
    timeoutMs: undefined,
  };
  let i = 1;
  for (; i < words.length && /^-./.test(words[i]) && words[i] !== '--'; i++) {
    const [, letters] = /^-(.*)$/s.exec(words[i])!;
    for (let at = 0; at < letters.length; at++) {
      const set = TAKES_VALUE[letters[at]];
      if (letters[at] === 'r') options.raw = true;
      if (!set) continue;
      set(options, letters.slice(at + 1) || (words[++i] ?? ''));
      break;
    }
  }
  if (words[i] === '--') i++;
  return { options, names: words.slice(i) };
}

/** Reads to the delimiter, byte by byte as bash does where it may not read ahead. @returns text and whether it ended */
function* readRecord(shell: Shell, options: ReadOptions): Sys<{ text: string; ended: boolean }> {
  const bytes: number[] = [];
  const stop = options.delimiter.charCodeAt(0);
  const limit = options.count ?? Number.POSITIVE_INFINITY;
  for (;;) {
    if (bytes.length >= limit) return { text: decode(bytes), ended: true };
    const byte = yield* nextByte(shell, options);
    if (byte === undefined) return { text: decode(bytes), ended: false };
    if (byte === stop && (options.raw || bytes[bytes.length - 1] !== 0x5c || escaped(bytes)))
      return { text: decode(bytes), ended: true };
    bytes.push(byte);
  }
}

/** Whether the backslash at the end is itself escaped. */
function escaped(bytes: readonly number[]): boolean {
  let count = 0;
  for (let i = bytes.length - 1; i >= 0 && bytes[i] === 0x5c; i--) count++;
  return count % 2 === 0;
}

function decode(bytes: readonly number[]): string {
  return decoder.decode(Uint8Array.from(bytes));
}

function* nextByte(shell: Shell, { fd, timeoutMs }: ReadOptions): Sys<number | undefined> {
  const { u } = shell;
  if (fd === 0 && shell.pendingInput !== '') {
    const code = shell.pendingInput.charCodeAt(0);
    shell.pendingInput = shell.pendingInput.slice(1);
    return code;
  }
  if (timeoutMs !== undefined && (yield* u.poll(fd, 1, timeoutMs)) <= 0) return undefined;
  for (;;) {
    const got = yield* u.read(fd, 1);
    if (got === EINTR) {
      shell.checkInterrupt();
      continue;
    }
    return got === 1 ? u.peek(u.buffer, 1)[0] : undefined;
  }
}

/** Splits a line over names; the last one takes the rest. */
function distribute(text: string, count: number, ifs: string): string[] {
  const white = [...ifs].filter((char) => ' \t\n'.includes(char)).join('');
  const hard = [...ifs].filter((char) => !' \t\n'.includes(char)).join('');
  const set = (chars: string) => `[${chars.replace(/[\\\]^-]/g, '\\$&')}]`;
  const trim = white ? new RegExp(`^${set(white)}+|${set(white)}+$`, 'g') : undefined;
  let rest = trim ? text.replace(trim, '') : text;
  if (ifs === '') return [rest];
  const blank = white ? `${set(white)}*` : '';
  const separator = new RegExp(
    hard ? `^(.*?)(?:${blank}${set(hard)}${blank}|${set(white || hard)}+)` : `^(.*?)${set(white)}+`,
    's',
  );
  const out: string[] = [];
  while (out.length < count - 1) {
    const match = separator.exec(rest);
    if (!match) break;
    out.push(match[1]);
    rest = rest.slice(match[0].length);
  }
  if (rest !== '' || out.length === 0) out.push(rest);
  return out;
}

function* read(shell: Shell, words: readonly string[]): Sys {
  const { options, names } = parseRead(words);
  if (options.prompt && shell.u.task.signal.tty) yield* shell.run.error(options.prompt);
  const { text, ended } = yield* readRecord(shell, options);
  const plain = options.raw ? text : text.replace(/\\\n/g, '').replace(/\\(.)/gs, '$1');
  const ifs = shell.vars.get('IFS') ?? ' \t\n';
  if (options.array !== undefined) {
    const { array } = shell.vars.array(options.array, false);
    array!.clear();
    distribute(plain, Number.MAX_SAFE_INTEGER, ifs).forEach((part, i) => {
      if (part !== '') array!.set(String(i), part);
    });
  } else if (names.length === 0) shell.assign('REPLY', plain);
  else {
    const parts = distribute(plain, names.length, ifs);
    for (const [i, name] of names.entries()) shell.assign(name, parts[i] ?? '');
  }
  return ended ? 0 : 1;
}

function* mapfile(shell: Shell, words: readonly string[]): Sys {
  const strip = words.includes('-t');
  const name = words.slice(1).find((word) => !word.startsWith('-')) ?? 'MAPFILE';
  const data = yield* readToEnd(shell.u, 0);
  if (typeof data === 'number') throw new ShellFault('read error');
  const lines = decoder.decode(data).split(/(?<=\n)/);
  const { array } = shell.vars.array(name, false);
  array!.clear();
  lines.forEach((line, i) => {
    if (line !== '') array!.set(String(i), strip ? line.replace(/\n$/, '') : line);
  });
  return 0;
}

/** Builtins that take input, and the list of what was typed. */
export const INPUT: BuiltinTable = {
  read,
  mapfile,
  readarray: mapfile,
  *history(shell, words) {
    if (words[1] === '-c') {
      shell.history.length = 0;
      return 0;
    }
    const lines = shell.history.map((line, i) => `${String(i + 1).padStart(5)}  ${line}\n`);
    return yield* print(shell, lines.slice(-Number(words[1] ?? lines.length)).join(''));
  },
};
