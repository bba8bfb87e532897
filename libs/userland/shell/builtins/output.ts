import { parseInteger } from '../language/arithmetic';
import { ShellFault } from '../language/control';
import { backslashQuote } from '../language/parameter-ops';
import { type BuiltinTable, print } from './builtin';

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};
const ESCAPE = /\\(c|0[0-7]{0,3}|[1-7][0-7]{0,2}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|.)/gs;

/** Backslash escapes as `echo -e` and `printf %b` have them. `stop`: a `\c` ended the output. */
export function decodeEscapes(text: string): { text: string; stop: boolean } {
  let out = '';
  let last = 0;
  for (const match of text.matchAll(ESCAPE)) {
    const [whole, code] = match;
    out += text.slice(last, match.index);
    last = match.index + whole.length;
    if (code === 'c') return { text: out, stop: true };
    out += decode(code) ?? whole;
  }
  return { text: out + text.slice(last), stop: false };
}

function decode(code: string): string | undefined {
  const simple = SIMPLE[code];
  if (simple !== undefined) return simple;
  if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
  if (/^[xuU]./.test(code))
    return String.fromCodePoint(Math.min(Number.parseInt(code.slice(1), 16), 0x10ffff));
  return undefined;
}

const DIRECTIVE = /%(?:%|([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+)?)?(?:hh|h|ll|l|j|z|t|L)?([a-zA-Z])|(\([^)]*\))T)/g;

/** Characters of one field, and of what a format makes by being used again. */
const WIDTH_MAX = 1_000_000;

/** State of one printf: its arguments are taken one by one, and its format is used again while some are left. */
class Formatter {
  private at = 0;
  stopped = false;
  problem: string | undefined;

  constructor(private readonly args: readonly string[]) {}

  get done(): boolean {
    return this.at >= this.args.length;
  }

  get used(): boolean {
    return this.at > 0;
  }

  private next(): string {
    return this.args[this.at++] ?? '';
  }

  once(format: string): string {
    let out = '';
    let last = 0;
    for (const match of format.matchAll(DIRECTIVE)) {
      out += plain(format.slice(last, match.index));
      last = match.index + match[0].length;
      out += this.directive(match);
      if (this.stopped) return out;
    }
    const tail = decodeEscapes(format.slice(last));
    this.stopped ||= tail.stop;
    return out + tail.text;
  }

  private directive(match: RegExpMatchArray): string {
    const [whole, flags = '', width, precision, conversion] = match;
    if (whole === '%%') return '%';
    const size = width === '*' ? Number(this.next()) : Number(width ?? 0);
    const digits =
      precision === '*' ? Number(this.next()) : precision === undefined ? undefined : Number(precision);
    const text = this.convert(conversion, digits, flags);
    if (text === undefined) throw new ShellFault(`\`${conversion ?? whole}': invalid format character`);
    if (Math.abs(size) > WIDTH_MAX || (digits ?? 0) > WIDTH_MAX) throw new ShellFault('field is too wide');
    const left = flags.includes('-') || size < 0;
    const zero = flags.includes('0') && !left && 'diouxXeEfFgG'.includes(conversion);
    if (!zero) return left ? text.padEnd(Math.abs(size)) : text.padStart(size);
    const sign = /^[+-]/.exec(text)?.[0] ?? '';
    return sign + text.slice(sign.length).padStart(size - sign.length, '0');
  }

  private convert(conversion: string, digits: number | undefined, flags: string): string | undefined {
    const convert = CONVERSIONS[conversion];
    if (!convert) return undefined;
    const arg = this.next();
    if (conversion === 'b') {
      const { text, stop } = decodeEscapes(arg);
      this.stopped ||= stop;
      return digits === undefined ? text : text.slice(0, digits);
    }
    return convert(arg, digits, flags, (text) => this.integer(text));
  }

  private integer(text: string): bigint {
    if (text === '') return 0n;
    if (/^["']/.test(text)) return BigInt(text.codePointAt(1) ?? 0);
    const value = parseInteger(text);
    if (value === undefined) this.problem = `${text}: invalid number`;
    return value ?? BigInt(/^\s*[+-]?\d+/.exec(text)?.[0] ?? 0);
  }
}

function plain(text: string): string {
  return decodeEscapes(text).text;
}

type Conversion = (
  arg: string,
  digits: number | undefined,
  flags: string,
  integer: (text: string) => bigint,
) => string;

function signed(value: bigint, digits: number | undefined, flags: string): string {
  const text = String(value < 0n ? -value : value).padStart(digits ?? 0, '0');
  return value < 0n ? `-${text}` : flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;
}

function unsigned(base: number, prefix: string): Conversion {
  return (arg, digits, flags, integer) => {
    const value = BigInt.asUintN(64, integer(arg));
    const text = value.toString(base).padStart(digits ?? 0, '0');
    return flags.includes('#') && value !== 0n ? prefix + text : text;
  };
}

function floating(show: (value: number, digits: number) => string): Conversion {
  return (arg, digits, flags) => {
    const value = Number.parseFloat(arg || '0') || 0;
    const text = show(value, digits ?? 6);
    return flags.includes('+') && value >= 0 ? `+${text}` : text;
  };
}

const exponent = (text: string) => text.replace(/e([+-])(\d)$/, 'e$10$2');

const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  s: (arg, digits) => (digits === undefined ? arg : arg.slice(0, digits)),
  b: (arg) => arg,
  q: (arg) => backslashQuote(arg),
  c: (arg) => arg.slice(0, 1),
  d: (arg, digits, flags, integer) => signed(integer(arg), digits, flags),
  i: (arg, digits, flags, integer) => signed(integer(arg), digits, flags),
  u: unsigned(10, ''),
  o: unsigned(8, '0'),
  x: unsigned(16, '0x'),
  X: (...args) => unsigned(16, '0x')(...args).toUpperCase(),
  f: floating((value, digits) => value.toFixed(Math.min(digits, 50))),
  F: floating((value, digits) => value.toFixed(Math.min(digits, 50))),
  e: floating((value, digits) => exponent(value.toExponential(Math.min(digits, 50)))),
  E: floating((value, digits) => exponent(value.toExponential(Math.min(digits, 50))).toUpperCase()),
  g: floating((value, digits) => String(Number(value.toPrecision(Math.max(1, Math.min(digits, 50)))))),
};

/** printf(1). */
export function formatText(format: string, args: readonly string[]): { text: string; problem?: string } {
  const formatter = new Formatter(args);
  let text = '';
  do text += formatter.once(format);
  while (!formatter.done && formatter.used && !formatter.stopped && text.length < WIDTH_MAX);
  return { text, problem: formatter.problem };
}

export const OUTPUT: BuiltinTable = {
  *echo(shell, words) {
    let at = 1;
    let newline = true;
    let escapes = shell.shopt.has('xpg_echo');
    for (; /^-[neE]+$/.test(words[at] ?? ''); at++)
      for (const letter of words[at].slice(1)) {
        if (letter === 'n') newline = false;
        else escapes = letter === 'e';
      }
    const text = words.slice(at).join(' ');
    if (!escapes) return yield* print(shell, newline ? `${text}\n` : text);
    const { text: decoded, stop } = decodeEscapes(text);
    return yield* print(shell, newline && !stop ? `${decoded}\n` : decoded);
  },
  *printf(shell, words) {
    let rest = words.slice(1);
    let variable: string | undefined;
    if (rest[0] === '-v') [, variable, ...rest] = rest;
    if (rest[0] === '--') rest = rest.slice(1);
    if (rest.length === 0) throw new ShellFault('usage: printf [-v var] format [arguments]', 2);
    const { text, problem } = formatText(rest[0], rest.slice(1));
    if (variable !== undefined) shell.assign(variable, text);
    else yield* print(shell, text);
    if (problem) yield* shell.run.complain(`printf: ${problem}`);
    return problem ? 1 : 0;
  },
};
