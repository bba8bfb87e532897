import { isMembers, type Mismatch, match, operatorsOf, type Pattern } from './match';

const TEXT_MAX = 160;

/** A pattern or value in one line, cut where it is long. */
export function show(value: unknown): string {
  if (value === undefined) return '(nothing)';
  const text =
    JSON.stringify(value, (_name, item) => (typeof item === 'bigint' ? String(item) : item)) ?? '(nothing)';
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}

/** Member by member: what was expected (`-`), what is there (`+`), and what both agree on. */
export function diffLines(pattern: Pattern, actual: unknown): string[] {
  const wrong = new Map(match(pattern, actual).map((mismatch) => [mismatch.path, mismatch]));
  const lines = leaves(pattern, '').flatMap(({ path, expected }) => {
    const mismatch = wrong.get(path);
    wrong.delete(path);
    return mismatch ? sides(mismatch) : [`  ${path ? `${path}: ` : ''}${show(expected)}`];
  });
  // What differs above the leaves: a list that is longer, an object that is none.
  return [...lines.filter((line) => !hidden(line, wrong)), ...[...wrong.values()].flatMap(sides)];
}

function hidden(line: string, wrong: ReadonlyMap<string, Mismatch>): boolean {
  if (!line.startsWith('  ')) return false;
  return [...wrong.keys()].some(
    (path) => path !== '' && (line.startsWith(`  ${path}.`) || line.startsWith(`  ${path}[`)),
  );
}

function sides({ path, expected, actual }: Mismatch): string[] {
  const place = path ? `${path}: ` : '';
  return [`- ${place}${show(expected)}`, `+ ${place}${show(actual)}`];
}

interface Leaf {
  readonly path: string;
  readonly expected: Pattern;
}

/** The parts of a pattern that are compared with something, in order. */
function leaves(pattern: Pattern, path: string): Leaf[] {
  if (Array.isArray(pattern) && pattern.length > 0) {
    return (pattern as readonly Pattern[]).flatMap((item, i) => leaves(item, `${path}[${i}]`));
  }
  if (!isMembers(pattern) || operatorsOf(pattern) || Object.keys(pattern).length === 0) {
    return [{ path, expected: pattern }];
  }
  return Object.entries(pattern).flatMap(([name, item]) => leaves(item, path ? `${path}.${name}` : name));
}
