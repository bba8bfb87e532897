import { S } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { ShellFault } from '../language/control';
import { Pattern } from '../language/pattern';
import { assertCheap } from '../language/regex';
import type { Accounts } from '../os/accounts';
import { isType, readDirectory, type Stat, statPath } from '../os/io';

/** A file that find has come to. */
export interface Visited {
  /** As it is printed: the starting point and what is below it. */
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  readonly stat: Stat;
}

/** What tests and actions work with. */
export interface FindContext {
  readonly u: UserContext;
  readonly accounts: Accounts;
  readonly nowSeconds: number;
  print(text: string): void;
  /** Runs a command; true when it succeeds. */
  run(argv: readonly string[]): Sys<boolean>;
  /** Remembers a file for a command that takes many (`-exec … +`). */
  collect(argv: readonly string[], path: string): void;
  remove(visited: Visited): Sys<boolean>;
  /** Set by -prune: what is below is not visited. */
  prune: boolean;
}

export type Predicate = (visited: Visited, context: FindContext) => boolean | Sys<boolean>;

/** A parsed command line. */
export interface FindPlan {
  readonly paths: readonly string[];
  readonly expression: Predicate;
  readonly minDepth: number;
  readonly maxDepth: number;
  readonly depthFirst: boolean;
}

/** What is wrong with a command line. */
export class FindFault extends Error {}

/** `+5`, `-5`, `5`: more than, less than, exactly. */
function comparison(text: string): (value: number) => boolean {
  const match = /^([+-]?)(\d+)$/.exec(text);
  if (!match) throw new FindFault(`invalid argument \`${text}'`);
  const wanted = Number(match[2]);
  if (match[1] === '+') return (value) => value > wanted;
  return match[1] === '-' ? (value) => value < wanted : (value) => value === wanted;
}

const TYPES: Readonly<Record<string, number>> = {
  f: S.IFREG,
  d: S.IFDIR,
  l: S.IFLNK,
  c: S.IFCHR,
  b: S.IFBLK,
  p: S.IFIFO,
  s: S.IFSOCK,
};
const SIZE_UNITS: Readonly<Record<string, number>> = {
  c: 1,
  w: 2,
  b: 512,
  k: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
};
const DAY_SECONDS = 86_400;

function permission(text: string): Predicate {
  const match = /^([-/]?)(.+)$/.exec(text);
  const wanted = match ? permissionBits(match[2]) : undefined;
  if (!match || wanted === undefined) throw new FindFault(`invalid mode \`${text}'`);
  if (match[1] === '-') return ({ stat }) => (stat.mode & wanted) === wanted;
  if (match[1] === '/') return ({ stat }) => wanted === 0 || (stat.mode & wanted) !== 0;
  return ({ stat }) => (stat.mode & 0o7777) === wanted;
}

const WHO: Readonly<Record<string, number>> = { u: 0o700, g: 0o070, o: 0o007, a: 0o777 };
const WHAT: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111 };
const SPECIAL: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  s: { u: S.ISUID, g: S.ISGID, a: S.ISUID | S.ISGID },
  t: { a: S.ISVTX, o: S.ISVTX },
};

/** `4000` or `u=s,g+w`. */
function permissionBits(text: string): number | undefined {
  if (/^[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  let bits = 0;
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)[+=]([rwxst]+)$/.exec(clause);
    if (!match) return undefined;
    for (const who of match[1] || 'a')
      for (const what of match[2]) bits |= WHAT[what] ? WHAT[what] & WHO[who] : (SPECIAL[what]?.[who] ?? 0);
  }
  return bits;
}

function size(text: string): Predicate {
  const match = /^([+-]?\d+)([cwbkMG]?)$/.exec(text);
  if (!match) throw new FindFault(`invalid argument \`${text}' to \`-size'`);
  const unit = SIZE_UNITS[match[2] || 'b'];
  const fits = comparison(match[1]);
  return ({ stat }) => fits(Math.ceil(stat.size / unit));
}

function age(text: string, unitSeconds: number): Predicate {
  const fits = comparison(text);
  return ({ stat }, { nowSeconds }) => fits(Math.floor((nowSeconds - stat.mtime) / unitSeconds));
}

function accessible(mode: number): () => Predicate {
  return () =>
    function* ({ path }, { u }) {
      return (yield* u.access(path, mode)) === 0;
    };
}

function* isEmpty({ path, stat }: Visited, { u }: FindContext): Sys<boolean> {
  if (isType(stat, S.IFREG)) return stat.size === 0;
  if (!isType(stat, S.IFDIR)) return false;
  const entries = yield* readDirectory(u, path);
  return typeof entries !== 'number' && entries.length === 0;
}

function* isNewer(reference: string, { stat }: Visited, { u }: FindContext): Sys<boolean> {
  const other = yield* statPath(u, reference);
  return typeof other !== 'number' && stat.mtime > other.mtime;
}

function owner(text: string, of: 'uid' | 'gid'): Predicate {
  return ({ stat }, { accounts }) => {
    const wanted = /^\d+$/.test(text) ? Number(text) : accounts[of](text);
    return stat[of] === wanted;
  };
}

const match = (pattern: string, ignoreCase: boolean, of: (visited: Visited) => string): Predicate => {
  const expression = new Pattern(pattern, ignoreCase);
  return (visited) => expression.test(of(visited));
};

function checked(source: string): void {
  try {
    assertCheap(source);
  } catch (error) {
    throw error instanceof ShellFault ? new FindFault(error.message) : error;
  }
}

/** Tests that take an argument. */
const WITH_ARGUMENT: Readonly<Record<string, (argument: string) => Predicate>> = {
  '-name': (text) => match(text, false, ({ name }) => name),
  '-iname': (text) => match(text, true, ({ name }) => name),
  '-path': (text) => match(text, false, ({ path }) => path),
  '-wholename': (text) => match(text, false, ({ path }) => path),
  '-ipath': (text) => match(text, true, ({ path }) => path),
  '-regex': (text) => {
    const source = `^(?:${text.replace(/\\([(|)])/g, '$1')})$`;
    checked(source);
    const expression = new RegExp(source, 's');
    return ({ path }) => expression.test(path);
  },
  '-type': (text) => {
    const types = text.split(',').map((letter) => TYPES[letter]);
    if (types.includes(undefined as never)) throw new FindFault(`Unknown argument to -type: ${text}`);
    return ({ stat }) => types.some((type) => isType(stat, type));
  },
  '-perm': permission,
  '-size': size,
  '-user': (text) => owner(text, 'uid'),
  '-group': (text) => owner(text, 'gid'),
  '-uid': (text) => owner(text, 'uid'),
  '-gid': (text) => owner(text, 'gid'),
  '-mtime': (text) => age(text, DAY_SECONDS),
  '-ctime': (text) => age(text, DAY_SECONDS),
  '-atime': (text) => age(text, DAY_SECONDS),
  '-mmin': (text) => age(text, 60),
  '-cmin': (text) => age(text, 60),
  '-links': (text) => {
    const fits = comparison(text);
    return ({ stat }) => fits(stat.nlink);
  },
  '-inum': (text) => {
    const fits = comparison(text);
    return ({ stat }) => fits(stat.ino);
  },
  '-newer': (text) => (visited, context) => isNewer(text, visited, context),
};

/** Tests and actions without one. */
const PLAIN: Readonly<Record<string, () => Predicate>> = {
  '-true': () => () => true,
  '-false': () => () => false,
  '-empty': () => isEmpty,
  '-readable': accessible(4),
  '-writable': accessible(2),
  '-executable': accessible(1),
  '-nouser':
    () =>
    ({ stat }, { accounts }) =>
      accounts.user(stat.uid) === undefined,
  '-nogroup':
    () =>
    ({ stat }, { accounts }) =>
      accounts.group(stat.gid) === undefined,
  '-prune': () => (_visited, context) => {
    context.prune = true;
    return true;
  },
  '-print': () => (visited, context) => {
    context.print(`${visited.path}\n`);
    return true;
  },
  '-print0': () => (visited, context) => {
    context.print(`${visited.path}\0`);
    return true;
  },
  '-delete': () => (visited, context) => context.remove(visited),
};

const ACTIONS = new Set(['-print', '-print0', '-delete', '-exec', '-execdir', '-ok', '-printf', '-ls']);

const PRINTF: Readonly<Record<string, (visited: Visited, context: FindContext) => string>> = {
  p: ({ path }) => path,
  f: ({ name }) => name,
  h: ({ path }) => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.'),
  s: ({ stat }) => String(stat.size),
  m: ({ stat }) => (stat.mode & 0o7777).toString(8),
  u: ({ stat }, { accounts }) => accounts.user(stat.uid) ?? String(stat.uid),
  g: ({ stat }, { accounts }) => accounts.group(stat.gid) ?? String(stat.gid),
  U: ({ stat }) => String(stat.uid),
  i: ({ stat }) => String(stat.ino),
  d: ({ depth }) => String(depth),
  y: ({ stat }) => Object.entries(TYPES).find(([, type]) => isType(stat, type))?.[0] ?? '?',
  T: ({ stat }) => String(Math.floor(stat.mtime)),
  '%': () => '%',
};

function printf(format: string): Predicate {
  return (visited, context) => {
    const text = format.replace(
      /%T@|%([a-zA-Z%])/g,
      (_all, key) => PRINTF[key ?? 'T']?.(visited, context) ?? '',
    );
    context.print(text.replace(/\\n/g, '\n').replace(/\\t/g, '\t').replace(/\\0/g, '\0'));
    return true;
  };
}

function* settle(result: boolean | Sys<boolean>): Sys<boolean> {
  return typeof result === 'boolean' ? result : yield* result;
}

/** Recursive descent over the words of a find command line. */
export class FindParser {
  private at = 0;
  private acts = false;
  private minDepth = 0;
  private maxDepth = Number.POSITIVE_INFINITY;
  private depthFirst = false;

  constructor(private readonly words: readonly string[]) {}

  parse(): FindPlan {
    while (/^-[HLP]$/.test(this.words[this.at] ?? '')) this.at++;
    const paths: string[] = [];
    while (this.at < this.words.length && !/^[-(!]/.test(this.words[this.at]))
      paths.push(this.words[this.at++]);
    const parsed = this.at < this.words.length ? this.or() : () => true;
    if (this.at < this.words.length)
      throw new FindFault(`paths must precede expression: \`${this.words[this.at]}'`);
    const print = PLAIN['-print']();
    const expression: Predicate = this.acts
      ? parsed
      : function* (visited, context) {
          if (yield* settle(parsed(visited, context))) print(visited, context);
          return true;
        };
    const { minDepth, maxDepth, depthFirst } = this;
    return { paths: paths.length > 0 ? paths : ['.'], expression, minDepth, maxDepth, depthFirst };
  }

  private or(): Predicate {
    let left = this.and();
    while (this.words[this.at] === '-o' || this.words[this.at] === '-or') {
      this.at++;
      const [first, second] = [left, this.and()];
      left = function* (visited, context) {
        return (yield* settle(first(visited, context))) || (yield* settle(second(visited, context)));
      };
    }
    return left;
  }

  private and(): Predicate {
    let left = this.not();
    for (;;) {
      const word = this.words[this.at];
      if (word === undefined || word === ')' || word === '-o' || word === '-or') return left;
      if (word === '-a' || word === '-and') this.at++;
      const [first, second] = [left, this.not()];
      left = function* (visited, context) {
        return (yield* settle(first(visited, context))) && (yield* settle(second(visited, context)));
      };
    }
  }

  private not(): Predicate {
    const word = this.words[this.at];
    if (word === '!' || word === '-not') {
      this.at++;
      const inner = this.not();
      return function* (visited, context) {
        return !(yield* settle(inner(visited, context)));
      };
    }
    if (word !== '(') return this.primary();
    this.at++;
    const inner = this.or();
    if (this.words[this.at++] !== ')') throw new FindFault("invalid expression; expected to find a ')'");
    return inner;
  }

  private primary(): Predicate {
    const word = this.words[this.at++];
    if (word === undefined) throw new FindFault('invalid expression');
    if (ACTIONS.has(word)) this.acts = true;
    if (word === '-exec' || word === '-execdir' || word === '-ok') return this.command();
    if (word === '-printf') return printf(this.argument(word));
    if (word === '-maxdepth' || word === '-mindepth') {
      const depth = Number(this.argument(word));
      if (!Number.isInteger(depth))
        throw new FindFault(`Expected a positive decimal integer argument to ${word}`);
      if (word === '-maxdepth') this.maxDepth = depth;
      else this.minDepth = depth;
      return () => true;
    }
    if (word === '-depth' || word === '-delete') this.depthFirst = true;
    if (/^-(depth|xdev|mount|noleaf|daystart|follow)$/.test(word)) return () => true;
    const plain = PLAIN[word];
    if (plain) return plain();
    const test = WITH_ARGUMENT[word];
    if (!test)
      throw new FindFault(
        word.startsWith('-') ? `unknown predicate \`${word}'` : `paths must precede expression: \`${word}'`,
      );
    return test(this.argument(word));
  }

  private argument(word: string): string {
    const text = this.words[this.at++];
    if (text === undefined) throw new FindFault(`missing argument to \`${word}'`);
    return text;
  }

  /** `-exec command {} ;` runs for each file, `-exec command {} +` once for many. */
  private command(): Predicate {
    const argv: string[] = [];
    for (;;) {
      const word = this.words[this.at++];
      if (word === undefined) throw new FindFault("missing argument to `-exec'");
      if (word === ';') break;
      if (word === '+' && argv[argv.length - 1] === '{}') {
        const base = argv.slice(0, -1);
        return (visited, context) => {
          context.collect(base, visited.path);
          return true;
        };
      }
      argv.push(word);
    }
    return (visited, context) => context.run(argv.map((word) => word.replaceAll('{}', visited.path)));
  }
}
