import { Pattern } from './pattern';

/** `${x#p}`, `${x##p}`, `${x%p}`, `${x%%p}` */
export function removePattern(
  text: string,
  pattern: string,
  side: 'prefix' | 'suffix',
  greedy: boolean,
): string {
  if (pattern === '') return text;
  const compiled = new Pattern(pattern);
  const length = side === 'prefix' ? compiled.prefix(text, greedy) : compiled.suffix(text, greedy);
  if (length <= 0) return text;
  return side === 'prefix' ? text.slice(length) : text.slice(0, text.length - length);
}

/** `${x/p/r}`, `${x//p/r}`, `${x/#p/r}`, `${x/%p/r}` */
export function replacePattern(
  text: string,
  pattern: string,
  by: string,
  all: boolean,
  anchor: 'start' | 'end' | null,
): string {
  if (pattern === '') return text;
  const compiled = new Pattern(pattern);
  if (anchor === null) return compiled.replace(text, by, all);
  const length = anchor === 'start' ? compiled.prefix(text, true) : compiled.suffix(text, true);
  if (length < 0) return text;
  return anchor === 'start' ? by + text.slice(length) : text.slice(0, text.length - length) + by;
}

/** `${x^}`, `${x^^}`, `${x,}`, `${x,,}` */
export function changeCase(
  text: string,
  direction: 'upper' | 'lower',
  all: boolean,
  pattern: string | undefined,
): string {
  const fits = pattern === undefined || pattern === '' ? undefined : new Pattern(pattern);
  return [...text]
    .map((char, i) => {
      if ((i > 0 && !all) || (fits && !fits.test(char))) return char;
      return direction === 'upper' ? char.toUpperCase() : char.toLowerCase();
    })
    .join('');
}

/** As `printf %q` writes it: so that a shell reads the same back. */
export function shellQuote(text: string): string {
  if (text === '') return "''";
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if ([...text].some((char) => char < ' '))
    return `$'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'").replace(/\n/g, '\\n').replace(/\t/g, '\\t')}'`;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const TRANSFORMS: Readonly<Record<string, (text: string) => string>> = {
  Q: (text) => `'${text.replaceAll("'", `'\\''`)}'`,
  U: (text) => text.toUpperCase(),
  u: (text) => text.slice(0, 1).toUpperCase() + text.slice(1),
  L: (text) => text.toLowerCase(),
};

/** `${x@Q}` and its like; those about attributes give nothing. */
export function transform(text: string, operator: string): string {
  return TRANSFORMS[operator]?.(text) ?? (operator === 'E' || operator === 'P' ? text : '');
}
