import { S, strerror, TIOC } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { type Accounts, readAccounts } from '../os/accounts';
import { isType, readDirectory, type Stat, statPath, writeAll } from '../os/io';
import { loadLocale } from '../os/locale';
import { parseArguments, type ToolRun, type ToolTable, unknownOption } from './tool';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const HALF_YEAR_SECONDS = 15_778_476;
const TYPE_LETTERS: readonly (readonly [number, string])[] = [
  [S.IFDIR, 'd'],
  [S.IFLNK, 'l'],
  [S.IFCHR, 'c'],
  [S.IFBLK, 'b'],
  [S.IFIFO, 'p'],
  [S.IFSOCK, 's'],
];
const SUFFIXES: readonly (readonly [number, string])[] = [
  [S.IFDIR, '/'],
  [S.IFLNK, '@'],
  [S.IFIFO, '|'],
  [S.IFSOCK, '='],
];
const DEPTH_MAX = 400;
const LS_FLAGS = 'lahA1dRrtSFnisgGoCxkpULHQbBNcuXTZ';

/** `drwxr-xr-x` */
function modeText(mode: number): string {
  const type = TYPE_LETTERS.find(([bits]) => (mode & S.IFMT) === bits)?.[1] ?? '-';
  const triple = (shift: number, special: number, letter: string) => {
    const bits = (mode >> shift) & 7;
    const executes = (bits & 1) !== 0;
    const last = mode & special ? (executes ? letter : letter.toUpperCase()) : executes ? 'x' : '-';
    return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${last}`;
  };
  return type + triple(6, S.ISUID, 's') + triple(3, S.ISGID, 's') + triple(0, S.ISVTX, 't');
}

/** 1.2K, 34M: as `-h` shows sizes. */
export function humanSize(bytes: number): string {
  if (bytes < 1024) return String(bytes);
  let value = bytes;
  let unit = -1;
  do {
    value /= 1024;
    unit++;
  } while (value >= 1024 && unit < 4);
  const shown = value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : String(Math.ceil(value));
  return shown + 'KMGTP'[unit];
}

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly stat: Stat;
  readonly target?: string;
}

/** One ls. */
class Listing {
  private accounts: Accounts | undefined;
  status = 0;

  constructor(
    private readonly run: ToolRun,
    private readonly has: (letter: string) => boolean,
  ) {}

  private get u(): UserContext {
    return this.run.u;
  }

  private get long(): boolean {
    return ['l', 'n', 'o', 'g'].some((letter) => this.has(letter));
  }

  *operands(names: readonly string[]): Sys<void> {
    const files: Entry[] = [];
    const directories: string[] = [];
    for (const name of names) {
      const entry = yield* this.entry(name, name, !this.long && !this.has('d'));
      if (!entry) continue;
      if (isType(entry.stat, S.IFDIR) && !this.has('d')) directories.push(name);
      else files.push(entry);
    }
    if (files.length > 0) yield* this.show(this.sorted(files), false);
    for (const [i, name] of directories.sort().entries()) {
      if (i > 0 || files.length > 0) this.run.print('\n');
      yield* this.directory(name, names.length > 1 || this.has('R'));
    }
  }

  private *entry(name: string, path: string, follow: boolean): Sys<Entry | undefined> {
    const { u } = this;
    const stat = yield* statPath(u, path, follow);
    if (typeof stat === 'number') {
      yield* this.complain(`cannot access '${path}': ${strerror(stat)}`);
      return undefined;
    }
    if (!this.long || !isType(stat, S.IFLNK)) return { name, path, stat };
    const length = yield* u.readlink(path);
    return { name, path, stat, target: length > 0 ? u.text(u.buffer, length) : undefined };
  }

  private *complain(text: string): Sys<void> {
    yield* this.run.flush();
    yield* writeAll(this.u, 2, `ls: ${text}\n`);
    this.status = 2;
  }

  private *directory(path: string, titled: boolean): Sys<void> {
    if (titled) this.run.print(`${path}:\n`);
    const found = yield* readDirectory(this.u, path);
    if (typeof found === 'number') {
      yield* this.complain(`cannot open directory '${path}': ${strerror(found)}`);
      return;
    }
    const all = this.has('a');
    const names = found
      .map(({ name }) => name)
      .filter((name) => all || this.has('A') || !name.startsWith('.'));
    const base = path.endsWith('/') ? path : `${path}/`;
    const entries: Entry[] = [];
    for (const name of all ? ['.', '..', ...names] : names) {
      const entry = yield* this.entry(name, base + name, false);
      if (entry) entries.push(entry);
    }
    yield* this.show(this.sorted(entries), this.long);
    if (!this.has('R') || path.split('/').length > DEPTH_MAX) return;
    for (const { path: child, name, stat } of entries) {
      if (!isType(stat, S.IFDIR) || name === '.' || name === '..') continue;
      this.run.print('\n');
      yield* this.directory(child, true);
    }
  }

  private sorted(entries: Entry[]): Entry[] {
    const byName = (a: Entry, b: Entry) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
    const order = this.has('t')
      ? (a: Entry, b: Entry) => b.stat.mtime - a.stat.mtime || byName(a, b)
      : this.has('S')
        ? (a: Entry, b: Entry) => b.stat.size - a.stat.size || byName(a, b)
        : byName;
    if (!this.has('U')) entries.sort(order);
    return this.has('r') ? entries.reverse() : entries;
  }

  private *show(entries: readonly Entry[], total: boolean): Sys<void> {
    yield* this.u.cpu(20_000 + entries.length * 900, ['quotearg_buffer']);
    if (this.long) {
      if (total)
        this.run.print(
          `total ${this.size(
            entries.reduce((sum, { stat }) => sum + stat.blocks / 2, 0),
            1024,
          )}\n`,
        );
      this.accounts ??= yield* readAccounts(this.u);
      this.run.print(this.table(entries));
      return;
    }
    const lines = entries.map((entry) => this.prefix(entry) + this.shown(entry));
    const isTerminal =
      this.u.task.signal.tty !== undefined && (yield* this.u.ioctl(1, TIOC.TIOCGWINSZ)) === 0;
    if (!isTerminal || this.has('1')) this.run.print(lines.map((line) => `${line}\n`).join(''));
    else this.run.print(columns(lines, this.u.task.signal.tty!.columns));
  }

  private prefix({ stat }: Entry): string {
    return (this.has('i') ? `${stat.ino} ` : '') + (this.has('s') ? `${stat.blocks / 2} ` : '');
  }

  private shown({ name, stat, target }: Entry): string {
    const wants = this.has('F') || (this.has('p') && isType(stat, S.IFDIR));
    const type = wants ? SUFFIXES.find(([bits]) => isType(stat, bits))?.[1] : undefined;
    const executable = this.has('F') && isType(stat, S.IFREG) && stat.mode & 0o111 ? '*' : '';
    return name + (target === undefined ? (type ?? executable) : ` -> ${target}`);
  }

  private size(value: number, unit = 1): string {
    return this.has('h') ? humanSize(value * unit) : String(Math.ceil(value));
  }

  private table(entries: readonly Entry[]): string {
    const numeric = this.has('n');
    const rows = entries.map((entry) => {
      const { stat } = entry;
      const owner = (numeric ? undefined : this.accounts!.user(stat.uid)) ?? String(stat.uid);
      const group = (numeric ? undefined : this.accounts!.group(stat.gid)) ?? String(stat.gid);
      const device = isType(stat, S.IFCHR) || isType(stat, S.IFBLK);
      const size = device ? `${stat.rdev >> 8}, ${stat.rdev & 0xff}` : this.size(stat.size);
      return [
        this.prefix(entry) + modeText(stat.mode),
        String(stat.nlink),
        owner,
        group,
        size,
        entry,
      ] as const;
    });
    const width = (column: 1 | 2 | 3 | 4) => Math.max(0, ...rows.map((row) => row[column].length));
    const [links, owners, groups, sizes] = [width(1), width(2), width(3), width(4)];
    return rows
      .map(([mode, nlink, owner, group, size, entry]) => {
        const ownerText = this.has('g') ? '' : `${owner.padEnd(owners)} `;
        const groupText = this.has('o') || this.has('G') ? '' : `${group.padEnd(groups)} `;
        const head = `${mode} ${nlink.padStart(links)} ${ownerText}${groupText}${size.padStart(sizes)}`;
        return `${head} ${this.time(entry.stat.mtime)} ${this.shown(entry)}\n`;
      })
      .join('');
  }

  private time(seconds: number): string {
    const date = new Date(seconds * 1000);
    const head = `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`;
    const age = Number(this.u.k.realtimeNs() / 1_000_000_000n) - seconds;
    if (age > HALF_YEAR_SECONDS || age < -60) return `${head}  ${date.getUTCFullYear()}`;
    return `${head} ${date.toISOString().slice(11, 16)}`;
  }
}

/** Down the columns, as many as fit a terminal of that width. */
function columns(lines: readonly string[], width: number): string {
  if (lines.length === 0) return '';
  for (let rows = 1; rows <= lines.length; rows++) {
    const count = Math.ceil(lines.length / rows);
    const widths = Array.from({ length: count }, (_, column) =>
      Math.max(...lines.slice(column * rows, (column + 1) * rows).map((line) => line.length)),
    );
    if (rows < lines.length && widths.reduce((sum, one) => sum + one + 2, -2) > width) continue;
    return Array.from({ length: rows }, (_, row) => {
      const cells = widths.map((one, column) => (lines[column * rows + row] ?? '').padEnd(one + 2));
      return `${cells.join('').trimEnd()}\n`;
    }).join('');
  }
  return `${lines.join('\n')}\n`;
}

function* ls(run: ToolRun): Sys {
  yield* loadLocale(run.u);
  const { options, operands, unknown } = parseArguments(run.args, LS_FLAGS, 'Iw', {
    all: 'a',
    'almost-all': 'A',
    'human-readable': 'h',
    recursive: 'R',
    reverse: 'r',
    directory: 'd',
    inode: 'i',
    'color=': '',
    color: '',
    'time-style=': '',
  });
  if (unknown) return yield* unknownOption(run, unknown, 2);
  const listing = new Listing(run, (letter) => options.has(letter));
  yield* listing.operands(operands.length > 0 ? operands : ['.']);
  return listing.status;
}

const TYPE_NAMES: readonly (readonly [number, string])[] = [
  [S.IFREG, 'regular file'],
  [S.IFDIR, 'directory'],
  [S.IFLNK, 'symbolic link'],
  [S.IFCHR, 'character special file'],
  [S.IFIFO, 'fifo'],
  [S.IFSOCK, 'socket'],
];

function typeName(stat: Stat): string {
  if (isType(stat, S.IFREG) && stat.size === 0) return 'regular empty file';
  return TYPE_NAMES.find(([bits]) => isType(stat, bits))?.[1] ?? 'weird file';
}

/** `2026-01-01 00:00:05.275263815 +0000` */
function fullTime(seconds: number): string {
  const text = new Date(Math.floor(seconds) * 1000).toISOString();
  const fraction = String(Math.round((seconds % 1) * 1e9)).padStart(9, '0');
  return `${text.slice(0, 10)} ${text.slice(11, 19)}.${fraction} +0000`;
}

type StatField = (stat: Stat, path: string, accounts: Accounts) => string;

/** Directives of `stat -c`. */
const STAT_FIELDS: Readonly<Record<string, StatField>> = {
  n: (_stat, path) => path,
  N: (_stat, path) => `'${path}'`,
  s: (stat) => String(stat.size),
  b: (stat) => String(stat.blocks),
  B: () => '512',
  a: (stat) => (stat.mode & 0o7777).toString(8),
  A: (stat) => modeText(stat.mode),
  f: (stat) => stat.mode.toString(16),
  F: typeName,
  u: (stat) => String(stat.uid),
  g: (stat) => String(stat.gid),
  U: (stat, _path, accounts) => accounts.user(stat.uid) ?? 'UNKNOWN',
  G: (stat, _path, accounts) => accounts.group(stat.gid) ?? 'UNKNOWN',
  i: (stat) => String(stat.ino),
  h: (stat) => String(stat.nlink),
  d: (stat) => String(stat.dev),
  o: () => '4096',
  Y: (stat) => String(Math.floor(stat.mtime)),
  X: (stat) => String(Math.floor(stat.mtime)),
  Z: (stat) => String(Math.floor(stat.mtime)),
  y: (stat) => fullTime(stat.mtime),
  x: (stat) => fullTime(stat.mtime),
  z: (stat) => fullTime(stat.mtime),
  w: () => '-',
  '%': () => '%',
};

function statText(stat: Stat, path: string, accounts: Accounts): string {
  const time = fullTime(stat.mtime);
  const octal = (stat.mode & 0o7777).toString(8).padStart(4, '0');
  const user = (accounts.user(stat.uid) ?? 'UNKNOWN').padStart(8);
  const group = (accounts.group(stat.gid) ?? 'UNKNOWN').padStart(8);
  return [
    `  File: ${path}`,
    `  Size: ${String(stat.size).padEnd(10)}\tBlocks: ${String(stat.blocks).padEnd(10)} IO Block: 4096   ${typeName(stat)}`,
    `Device: ${stat.dev >> 8},${stat.dev & 0xff}\tInode: ${String(stat.ino).padEnd(11)} Links: ${stat.nlink}`,
    `Access: (${octal}/${modeText(stat.mode)})  Uid: (${String(stat.uid).padStart(5)}/${user})   Gid: (${String(stat.gid).padStart(5)}/${group})`,
    `Access: ${time}`,
    `Modify: ${time}`,
    `Change: ${time}`,
    ' Birth: -',
    '',
  ].join('\n');
}

function* stat(run: ToolRun): Sys {
  yield* loadLocale(run.u);
  const { options, operands, unknown } = parseArguments(run.args, 'Lt', 'c', {
    'format=': 'c',
    'printf=': 'p',
    dereference: 'L',
  });
  if (unknown) return yield* unknownOption(run, unknown);
  if (operands.length === 0)
    return yield* run.fail("missing operand\nTry 'stat --help' for more information.");
  const accounts = yield* readAccounts(run.u);
  const format = options.get('c') ?? options.get('p');
  let status = 0;
  for (const path of operands) {
    const found = yield* statPath(run.u, path, options.has('L'));
    if (typeof found === 'number') {
      status = yield* run.fail(`cannot statx '${path}': ${strerror(found)}`);
      continue;
    }
    if (format === undefined) run.print(statText(found, path, accounts));
    else {
      const text = format.replace(
        /%([a-zA-Z%])/g,
        (_all, key) => STAT_FIELDS[key]?.(found, path, accounts) ?? '?',
      );
      run.print(options.has('c') ? `${text}\n` : text.replace(/\\n/g, '\n').replace(/\\t/g, '\t'));
    }
  }
  return status;
}

export const LISTING: ToolTable = { ls, stat };
