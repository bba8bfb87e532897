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

/** Control characters with an escape of their own in `$'...'` (bash lib/sh/strtrans.c: ansic_quote). */
const CONTROL_ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\x1b': '\\E',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  "'": "\\'",
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is asked for
const CONTROL = /[\x00-\x1f\x7f]/;

/** `$'...'` around a text. */
function ansiQuote(text: string): string {
  const octal = (char: string) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`;
  const inner = [...text].map((char) => CONTROL_ESCAPES[char] ?? (CONTROL.test(char) ? octal(char) : char));
  return `$'${inner.join('')}'`;
}

/** As traces and declarations have it, in single quotes: so that a shell reads the same back. */
export function shellQuote(text: string): string {
  if (text === '') return "''";
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (CONTROL.test(text)) return ansiQuote(text);
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** As `printf %q` has it, with backslashes (bash lib/sh/shquote.c: sh_backslash_quote). */
export function backslashQuote(text: string): string {
  if (text === '') return "''";
  if (CONTROL.test(text)) return ansiQuote(text);
  return text.replace(/[ '"\\|&;()<>!{}*[\]?^$`,]|^[#~]|(?<=[:=])~/g, '\\$&');
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
