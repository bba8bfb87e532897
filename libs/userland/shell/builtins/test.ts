import type { Sys } from '@probed/system';
import { parseInteger } from '../language/arithmetic';
import { ShellFault } from '../language/control';
import type { Shell } from '../language/shell';
import type { BuiltinTable } from './builtin';
import { compareFiles, compareIntegers, fileTest, isIntegerTest, isUnaryTest } from './file-tests';

const TEXT: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
};
const FILES = new Set(['-nt', '-ot', '-ef']);

/** test(1): a recursive descent over its arguments. */
class TestExpression {
  private at = 0;

  constructor(
    private readonly shell: Shell,
    private readonly args: readonly string[],
  ) {}

  *evaluate(): Sys<boolean> {
    if (this.args.length === 0) return false;
    const value = yield* this.or();
    if (this.at < this.args.length) throw new ShellFault('too many arguments', 2);
    return value;
  }

  private *or(): Sys<boolean> {
    let value = yield* this.and();
    while (this.args[this.at] === '-o') {
      this.at++;
      const right = yield* this.and();
      value ||= right;
    }
    return value;
  }

  private *and(): Sys<boolean> {
    let value = yield* this.not();
    while (this.args[this.at] === '-a') {
      this.at++;
      const right = yield* this.not();
      value &&= right;
    }
    return value;
  }

  private *not(): Sys<boolean> {
    if (this.args[this.at] === '!' && this.at + 1 < this.args.length) {
      this.at++;
      return !(yield* this.not());
    }
    return yield* this.primary();
  }

  private *primary(): Sys<boolean> {
    const { args } = this;
    const [first, second, third] = args.slice(this.at, this.at + 3);
    if (first === undefined) throw new ShellFault('argument expected', 2);
    if (third !== undefined && (TEXT[second] || isIntegerTest(second) || FILES.has(second))) {
      this.at += 3;
      return yield* this.binary(first, second, third);
    }
    if (first === '(' && args.indexOf(')', this.at) > 0) {
      this.at++;
      const value = yield* this.or();
      if (args[this.at++] !== ')') throw new ShellFault("`)' expected", 2);
      return value;
    }
    if (second !== undefined && isUnaryTest(first)) {
      this.at += 2;
      return yield* fileTest(this.shell, first, second);
    }
    this.at++;
    return first !== '';
  }

  private *binary(left: string, operator: string, right: string): Sys<boolean> {
    const text = TEXT[operator];
    if (text) return text(left, right);
    if (FILES.has(operator)) return yield* compareFiles(this.shell.u, left, operator, right);
    return compareIntegers(integer(left), operator, integer(right));
  }
}

function integer(text: string): bigint {
  const value = /^\s*[+-]?\d+\s*$/.test(text)
    ? parseInteger(text.trim().replace(/^([+-]?)0+(?=\d)/, '$1'))
    : undefined;
  if (value === undefined) throw new ShellFault(`${text}: integer expression expected`, 2);
  return value;
}

export const TEST: BuiltinTable = {
  *test(shell, words) {
    return (yield* new TestExpression(shell, words.slice(1)).evaluate()) ? 0 : 1;
  },
  *'['(shell, words) {
    if (words[words.length - 1] !== ']') throw new ShellFault("missing `]'", 2);
    return (yield* new TestExpression(shell, words.slice(1, -1)).evaluate()) ? 0 : 1;
  },
};
