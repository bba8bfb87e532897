import { ShellFault } from './control';
import { assertCheap } from './regex';

/**
 * Shell patterns: `*`, `?`, `[...]`, and the extended `@(a|b)` kinds. In a pattern a backslash makes the next character
 * an ordinary one.
 *
 * Plain patterns are matched by walking the set of places in the pattern that a text may have led to, so that no
 * pattern takes longer than its length times the text's. Extended ones become regular expressions, within bounds.
 */

const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'a-zA-Z',
  digit: '0-9',
  alnum: 'a-zA-Z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
  print: ' -~',
  cntrl: '\\x00-\\x1f\\x7f',
};

const EXTENDED: Readonly<Record<string, string>> = { '?': '?', '*': '*', '+': '+', '@': '' };
const PATTERN_LENGTH_MAX = 4096;

export function escapePattern(text: string): string {
  return text.replace(/[\\*?[\]()|+@!]/g, '\\$&');
}

/** Whether a pattern has anything active in it. */
export function hasPattern(pattern: string): boolean {
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i];
    if (char === '\\') i++;
    else if (char === '*' || char === '?' || char === '[') return true;
    else if ('@+!'.includes(char) && pattern[i + 1] === '(') return true;
  }
  return false;
}

/** The text of a pattern without anything active. */
export function unescapePattern(pattern: string): string {
  return pattern.replace(/\\(.)/gs, '$1');
}

function quote(char: string): string {
  return /[\\^$.*+?()[\]{}|/-]/.test(char) ? `\\${char}` : char;
}

/** End of a bracket expression that starts at `at`, or -1. */
function bracketEnd(pattern: string, at: number): number {
  let i = at + 1;
  if (pattern[i] === '!' || pattern[i] === '^') i++;
  if (pattern[i] === ']') i++;
  for (; i < pattern.length; i++) {
    if (pattern[i] === '\\') i++;
    else if (pattern[i] === '[' && pattern[i + 1] === ':') {
      const end = pattern.indexOf(':]', i);
      if (end > 0) i = end + 1;
    } else if (pattern[i] === ']') return i;
  }
  return -1;
}

function bracket(text: string): string {
  let body = text;
  let negated = '';
  if (body[0] === '!' || body[0] === '^') {
    negated = '^';
    body = body.slice(1);
  }
  let out = '';
  for (let i = 0; i < body.length; i++) {
    const named = /^\[:(\w+):\]/.exec(body.slice(i));
    if (named) {
      out += CLASSES[named[1]] ?? '';
      i += named[0].length - 1;
    } else if (body[i] === '\\') out += `\\${body[++i] ?? '\\'}`;
    else out += /[\]\\^[]/.test(body[i]) ? `\\${body[i]}` : body[i];
  }
  return `[${negated}${out}]`;
}

/** End of a parenthesis that opens at `at`, or -1. */
function groupEnd(pattern: string, at: number): number {
  let depth = 0;
  for (let i = at; i < pattern.length; i++) {
    if (pattern[i] === '\\') i++;
    else if (pattern[i] === '(') depth++;
    else if (pattern[i] === ')' && --depth === 0) return i;
  }
  return -1;
}

function alternatives(body: string): string[] {
  const out = [''];
  let depth = 0;
  for (let i = 0; i < body.length; i++) {
    const char = body[i];
    if (char === '(') depth++;
    else if (char === ')') depth--;
    if (char === '|' && depth === 0) out.push('');
    else out[out.length - 1] += char === '\\' ? char + (body[++i] ?? '') : char;
  }
  return out;
}

/** Source of a regular expression for a pattern. */
function source(pattern: string): string {
  const star = '.*';
  let out = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i];
    const end = '?*+@!'.includes(char) && pattern[i + 1] === '(' ? groupEnd(pattern, i + 1) : -1;
    if (end > 0) {
      const group = alternatives(pattern.slice(i + 2, end))
        .map((part) => source(part))
        .join('|');
      out += char === '!' ? `(?!(?:${group})$)${star}` : `(?:${group})${EXTENDED[char]}`;
      i = end;
    } else if (char === '*') {
      while (pattern[i + 1] === '*') i++;
      out += star;
    } else if (char === '?') out += '.';
    else if (char === '[') {
      const close = bracketEnd(pattern, i);
      if (close < 0) out += '\\[';
      else {
        out += bracket(pattern.slice(i + 1, close));
        i = close;
      }
    } else if (char === '\\' && i + 1 < pattern.length) out += quote(pattern[++i]);
    else out += quote(char);
  }
  return out;
}

/** One step of a plain pattern. */
type Step = { readonly star: true } | { readonly star: false; readonly fits: (char: string) => boolean };

const STAR: Step = { star: true };
/** Steps of work that one search through a text may take. */
const WORK_MAX = 3_000_000;

function steps(pattern: string, ignoreCase: boolean): Step[] {
  const out: Step[] = [];
  const literal = (char: string) => {
    const lower = char.toLowerCase();
    out.push({ star: false, fits: ignoreCase ? (c) => c.toLowerCase() === lower : (c) => c === char });
  };
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i];
    const close = char === '[' ? bracketEnd(pattern, i) : -1;
    if (char === '*') {
      if (out[out.length - 1] !== STAR) out.push(STAR);
    } else if (char === '?') out.push({ star: false, fits: () => true });
    else if (close > 0) {
      const set = bracketSet(pattern.slice(i + 1, close), ignoreCase);
      if (set) out.push({ star: false, fits: (c) => set.test(c) });
      else literal('[');
      if (set) i = close;
    } else literal(char === '\\' && i + 1 < pattern.length ? pattern[++i] : char);
  }
  return out;
}

/** A bracket expression; undefined when its ranges make no sense. */
function bracketSet(body: string, ignoreCase: boolean): RegExp | undefined {
  try {
    return new RegExp(`^${bracket(body)}$`, ignoreCase ? 'si' : 's');
  } catch {
    return undefined;
  }
}

/** A pattern ready for use. */
export class Pattern {
  private readonly forward: readonly Step[];
  private readonly expression: RegExp | undefined;

  constructor(pattern: string, ignoreCase = false) {
    const text = pattern.slice(0, PATTERN_LENGTH_MAX);
    this.forward = steps(text, ignoreCase);
    if (/(^|[^\\])[?*+@!]\(/.test(text)) this.expression = extended(text, ignoreCase);
  }

  /** Whether the whole text is one. */
  test(text: string): boolean {
    if (this.expression) return this.expression.test(text);
    return walk(this.forward, text, 0, true).includes(text.length);
  }

  /** Length of the shortest or longest beginning that is one; -1 for none. */
  prefix(text: string, longest: boolean): number {
    const ends = this.expression
      ? slices(text, (at) => this.expression!.test(text.slice(0, at)))
      : walk(this.forward, text, 0, true);
    return ends.length === 0 ? -1 : longest ? ends[ends.length - 1] : ends[0];
  }

  /** Length of the shortest or longest end that is one; -1 for none. */
  suffix(text: string, longest: boolean): number {
    if (this.expression) {
      const starts = slices(text, (at) => this.expression!.test(text.slice(at)));
      if (starts.length === 0) return -1;
      return text.length - (longest ? starts[0] : starts[starts.length - 1]);
    }
    const lengths = walk([...this.forward].reverse(), [...reversed(text)].join(''), 0, true);
    return lengths.length === 0 ? -1 : longest ? lengths[lengths.length - 1] : lengths[0];
  }

  /** Replaces what is one, the leftmost and longest first. */
  replace(text: string, by: string, all: boolean): string {
    if (this.expression) {
      const inner = this.expression.source.replace(/^\^|\$$/g, '');
      return text.replace(new RegExp(inner, all ? 'gs' : 's'), (match) => (match === '' ? '' : by));
    }
    let out = '';
    let work = 0;
    let at = 0;
    while (at < text.length) {
      const ends = walk(this.forward, text, at, false);
      work += (ends.length + 1) * this.forward.length + (this.forward[0]?.star ? text.length - at : 0);
      if (work > WORK_MAX) throw new ShellFault('pattern is too much work for a text of this length');
      // What begins with a star and is not here is nowhere further on.
      if (ends.length === 0 && this.forward[0]?.star) break;
      const end = ends[ends.length - 1] ?? at;
      if (end > at) {
        out += by;
        at = end;
        if (!all) break;
      } else out += text[at++];
    }
    return out + text.slice(at);
  }
}

function reversed(text: string): string[] {
  return text.split('').reverse();
}

function slices(text: string, fits: (at: number) => boolean): number[] {
  const out: number[] = [];
  for (let at = 0; at <= text.length; at++) if (fits(at)) out.push(at);
  return out;
}

/** All ends of stretches from `start` that the steps fit, in order. @param whole stop at nothing but a dead end */
function walk(list: readonly Step[], text: string, start: number, whole: boolean): number[] {
  const ends: number[] = [];
  let places = new Set<number>();
  enter(list, places, 0);
  for (let at = start; ; at++) {
    if (places.has(list.length)) ends.push(at);
    if (at >= text.length || places.size === 0) break;
    // Nothing but the end is left: what follows can only be more of the same.
    if (!whole && places.size === 1 && places.has(list.length)) break;
    const next = new Set<number>();
    for (const place of places) {
      const step = list[place];
      if (step === undefined) continue;
      if (step.star) enter(list, next, place);
      else if (step.fits(text[at])) enter(list, next, place + 1);
    }
    places = next;
  }
  return ends;
}

/** Adds a place, and those that are reached from it by stars that stand for nothing. */
function enter(list: readonly Step[], places: Set<number>, place: number): void {
  for (let at = place; ; at++) {
    places.add(at);
    if (!list[at]?.star) return;
  }
}

function extended(pattern: string, ignoreCase: boolean): RegExp {
  const body = `^(?:${source(pattern)})$`;
  assertCheap(body);
  try {
    return new RegExp(body, ignoreCase ? 'si' : 's');
  } catch {
    return new RegExp(`^${pattern.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`);
  }
}

/** For one component of a path: a leading dot has to be there literally. */
export function matchesComponent(pattern: string): (name: string) => boolean {
  const hidden = pattern.startsWith('.') || pattern.startsWith('\\.');
  const compiled = new Pattern(pattern);
  return (name) => (hidden || !name.startsWith('.')) && compiled.test(name);
}
