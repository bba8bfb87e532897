import { S } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { isType, readDescriptor, readDirectory, readFile, statPath } from '../os/io';
import { loadLocale } from '../os/locale';
import { parseArguments, type ToolRun, type ToolTable, unknownOption } from './tool';

const TROUBLE = 2;
const CONTEXT_LINES = 3;
/** Larger differences are shown as one change: the comparison takes lines × lines of memory. */
const TABLE_CELLS_MAX = 4_000_000;

/** A stretch of lines of the first file that the second has others for; half-open, from 0. */
interface Change {
  readonly from: number;
  readonly to: number;
  readonly otherFrom: number;
  readonly otherTo: number;
}

/** Changes between two lists of lines, by their longest common subsequence. */
function changes(a: readonly string[], b: readonly string[]): Change[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let endA = a.length;
  let endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  const rows = endA - start;
  const columns = endB - start;
  if (rows === 0 && columns === 0) return [];
  if (rows === 0 || columns === 0 || rows * columns > TABLE_CELLS_MAX)
    return [{ from: start, to: endA, otherFrom: start, otherTo: endB }];
  const width = columns + 1;
  const lengths = new Uint32Array((rows + 1) * width);
  for (let i = rows - 1; i >= 0; i--)
    for (let j = columns - 1; j >= 0; j--)
      lengths[i * width + j] =
        a[start + i] === b[start + j]
          ? lengths[(i + 1) * width + j + 1] + 1
          : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
  const out: Change[] = [];
  for (let i = 0, j = 0; i < rows || j < columns; ) {
    const [from, otherFrom] = [i, j];
    while (i < rows || j < columns) {
      if (i < rows && j < columns && a[start + i] === b[start + j]) break;
      if (j >= columns || (i < rows && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) i++;
      else j++;
    }
    if (i > from || j > otherFrom)
      out.push({ from: start + from, to: start + i, otherFrom: start + otherFrom, otherTo: start + j });
    while (i < rows && j < columns && a[start + i] === b[start + j]) {
      i++;
      j++;
    }
  }
  return out;
}

function span(from: number, to: number): string {
  return to - from <= 1 ? String(Math.max(to, from)) : `${from + 1},${to}`;
}

const marked = (mark: string, lines: readonly string[]) =>
  lines
    .map((line) => `${mark}${line.endsWith('\n') ? line : `${line}\n\\ No newline at end of file\n`}`)
    .join('');

/** The classic format: `2c2`, `< old`, `---`, `> new`. */
function normal(a: readonly string[], b: readonly string[], list: readonly Change[]): string {
  return list
    .map(({ from, to, otherFrom, otherTo }) => {
      const kind = to === from ? 'a' : otherTo === otherFrom ? 'd' : 'c';
      const head = `${span(from, to)}${kind}${span(otherFrom, otherTo)}\n`;
      const old = marked('< ', a.slice(from, to));
      return head + old + (kind === 'c' ? '---\n' : '') + marked('> ', b.slice(otherFrom, otherTo));
    })
    .join('');
}

/** `-u`: changes with their surroundings; those that are near each other share them. */
function unified(
  a: readonly string[],
  b: readonly string[],
  list: readonly Change[],
  context: number,
): string {
  const groups: Change[][] = [];
  for (const change of list) {
    const group = groups[groups.length - 1];
    if (group && change.from - group[group.length - 1].to <= 2 * context) group.push(change);
    else groups.push([change]);
  }
  return groups.map((group) => hunk(a, b, group, context)).join('');
}

function hunk(a: readonly string[], b: readonly string[], group: readonly Change[], context: number): string {
  const [first] = group;
  const last = group[group.length - 1];
  const before = Math.min(context, first.from, first.otherFrom);
  const from = first.from - before;
  const otherFrom = first.otherFrom - before;
  const to = Math.min(a.length, last.to + context);
  const otherTo = Math.min(b.length, last.otherTo + context);
  const range = (start: number, end: number) => {
    const count = end - start;
    return count === 1 ? `${start + 1}` : `${count === 0 ? start : start + 1},${count}`;
  };
  let body = '';
  let at = from;
  for (const change of group) {
    body += marked(' ', a.slice(at, change.from));
    body +=
      marked('-', a.slice(change.from, change.to)) + marked('+', b.slice(change.otherFrom, change.otherTo));
    at = change.to;
  }
  body += marked(' ', a.slice(at, to));
  return `@@ -${range(from, to)} +${range(otherFrom, otherTo)} @@\n${body}`;
}

function lines(data: Uint8Array): string[] {
  return new TextDecoder()
    .decode(data)
    .split(/(?<=\n)/)
    .filter(Boolean);
}

function* contents(u: UserContext, path: string): Sys<Uint8Array | number> {
  return path === '-' ? yield* readDescriptor(u, 0) : yield* readFile(u, path);
}

function stamp(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().replace('T', ' ').slice(0, 19)}.000000000 +0000`;
}

/** Compares two files. @returns 0 same, 1 different, 2 trouble */
function* compare(run: ToolRun, options: ReadonlyMap<string, string>, left: string, right: string): Sys {
  const { u } = run;
  const stats: number[] = [];
  for (const path of [left, right]) {
    const stat = path === '-' ? undefined : yield* statPath(u, path);
    if (typeof stat === 'number') return yield* run.failure(path, stat, TROUBLE);
    stats.push(stat?.mtime ?? 0);
  }
  const a = yield* contents(u, left);
  const b = yield* contents(u, right);
  if (typeof a === 'number') return yield* run.failure(left, a, TROUBLE);
  if (typeof b === 'number') return yield* run.failure(right, b, TROUBLE);
  if (Buffer.compare(a, b) === 0) {
    if (options.has('s')) run.print(`Files ${left} and ${right} are identical\n`);
    return 0;
  }
  if (options.has('q')) run.print(`Files ${left} and ${right} differ\n`);
  else if (a.includes(0) || b.includes(0)) run.print(`Binary files ${left} and ${right} differ\n`);
  else {
    const [old, now] = [lines(a), lines(b)];
    const list = changes(old, now);
    const context = options.get('U');
    if (options.has('u') || context !== undefined) {
      run.print(`--- ${left}\t${stamp(stats[0])}\n+++ ${right}\t${stamp(stats[1])}\n`);
      run.print(unified(old, now, list, context === undefined ? CONTEXT_LINES : Number(context)));
    } else run.print(normal(old, now, list));
  }
  return 1;
}

function* compareTrees(run: ToolRun, options: ReadonlyMap<string, string>, left: string, right: string): Sys {
  const { u } = run;
  const a = yield* readDirectory(u, left);
  const b = yield* readDirectory(u, right);
  if (typeof a === 'number') return yield* run.failure(left, a, TROUBLE);
  if (typeof b === 'number') return yield* run.failure(right, b, TROUBLE);
  let status = 0;
  for (const name of [...new Set([...a, ...b].map((entry) => entry.name))].sort()) {
    const inBoth = a.some((entry) => entry.name === name) && b.some((entry) => entry.name === name);
    if (!inBoth) {
      run.print(`Only in ${a.some((entry) => entry.name === name) ? left : right}: ${name}\n`);
      status = Math.max(status, 1);
      continue;
    }
    status = Math.max(status, yield* comparePaths(run, options, `${left}/${name}`, `${right}/${name}`));
  }
  return status;
}

function* comparePaths(run: ToolRun, options: ReadonlyMap<string, string>, left: string, right: string): Sys {
  const a = left === '-' ? 0 : yield* statPath(run.u, left);
  const b = right === '-' ? 0 : yield* statPath(run.u, right);
  const directories = [a, b].map((stat) => typeof stat !== 'number' && isType(stat, S.IFDIR));
  if (directories[0] && directories[1]) {
    if (options.has('r')) return yield* compareTrees(run, options, left, right);
    run.print(`Common subdirectories: ${left} and ${right}\n`);
    return 0;
  }
  // A file against a directory is compared with the file of its name in there.
  const name = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  return yield* compare(
    run,
    options,
    directories[0] ? `${left}/${name(right)}` : left,
    directories[1] ? `${right}/${name(left)}` : right,
  );
}

function* diff(run: ToolRun): Sys {
  yield* loadLocale(run.u);
  const { options, operands, unknown } = parseArguments(run.args, 'uqrsabBwiNy', 'U', {
    unified: 'u',
    brief: 'q',
    recursive: 'r',
    'report-identical-files': 's',
    'color=': 'c',
    color: 'c',
  });
  if (unknown) return yield* unknownOption(run, unknown, TROUBLE);
  if (operands.length !== 2)
    return yield* run.fail(
      operands.length < 2
        ? `missing operand after '${operands[0] ?? 'diff'}'`
        : `extra operand '${operands[2]}'`,
      TROUBLE,
    );
  return yield* comparePaths(run, options, operands[0], operands[1]);
}

export const COMPARING: ToolTable = { diff };
