import type { Sys } from '@probed/system';
import type { ArithmeticExpression, ArithmeticNode, ArithmeticOf } from '../just-bash';
import { ShellFault } from './control';

/** What arithmetic needs of its shell. */
export interface ArithmeticScope {
  /** Text of a variable or element; '' when unset. */
  read(name: string, subscript?: string): string;
  write(name: string, subscript: string | undefined, value: string): void;
  /** `$?`, `$#`, `$1` … */
  special(name: string): string;
  /** Parses the text of an expression, with {@link exactLiterals}. */
  parse(text: string): ArithmeticNode;
  substitute(command: string): Sys<string>;
  /** Expands `${...}` or `$name` text. */
  expand(text: string): Sys<string>;
  isAssociative(name: string): boolean;
}

const DEPTH_MAX = 100;
const BITS = 64;

const wrap = (value: bigint) => BigInt.asIntN(BITS, value);
const truth = (value: boolean) => (value ? 1n : 0n);

function divide(left: bigint, right: bigint, remainder: boolean): bigint {
  if (right === 0n) throw new ShellFault('division by 0');
  return remainder ? left % right : left / right;
}

function power(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) throw new ShellFault('exponent less than 0');
  let result = 1n;
  for (let i = exponent, square = wrap(base); i > 0n; i >>= 1n) {
    if (i & 1n) result = wrap(result * square);
    square = wrap(square * square);
  }
  return result;
}

const shiftBy = (value: bigint) => BigInt.asUintN(6, value);

const BINARY: Readonly<Record<string, (left: bigint, right: bigint) => bigint>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => divide(a, b, false),
  '%': (a, b) => divide(a, b, true),
  '**': power,
  '<<': (a, b) => a << shiftBy(b),
  '>>': (a, b) => a >> shiftBy(b),
  '<': (a, b) => truth(a < b),
  '<=': (a, b) => truth(a <= b),
  '>': (a, b) => truth(a > b),
  '>=': (a, b) => truth(a >= b),
  '==': (a, b) => truth(a === b),
  '!=': (a, b) => truth(a !== b),
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  ',': (_a, b) => b,
};

/** An integer as bash writes it: decimal, 0x, 0 octal, BASE#digits. */
export function parseInteger(text: string): bigint | undefined {
  const trimmed = text.trim();
  const match = /^([+-]?)(.+)$/.exec(trimmed);
  if (!match) return undefined;
  const [, sign, digits] = match;
  const value = parseDigits(digits);
  return value === undefined ? undefined : wrap(sign === '-' ? -value : value);
}

function parseDigits(digits: string): bigint | undefined {
  if (/^0[xX][0-9a-fA-F]+$/.test(digits)) return BigInt(digits);
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`);
  if (/^\d+$/.test(digits)) return digits.startsWith('0') && digits.length > 1 ? undefined : BigInt(digits);
  const based = /^(\d+)#([0-9a-zA-Z@_]+)$/.exec(digits);
  return based ? inBase(Number(based[1]), based[2]) : undefined;
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@_';

function inBase(base: number, digits: string): bigint | undefined {
  if (base < 2 || base > 64) return undefined;
  let value = 0n;
  for (const char of base <= 36 ? digits.toLowerCase() : digits) {
    const digit = DIGITS.indexOf(char);
    if (digit < 0 || digit >= base) return undefined;
    value = value * BigInt(base) + BigInt(digit);
  }
  return value;
}

const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);
const HALF = 1n << 32n;

/** Literals, and after them what is no literal though it has digits: names, quoted commands and parameters. */
const TOKEN = /\$\((?!\()|`[^`]*`|\$\{[^}]*\}#?[\w@#]*|\$?[A-Za-z_]\w*|\$\d+|\d[\w@#]*/g;

/** Where the command substitution that begins before `at` ends. */
function afterCommand(text: string, at: number): number {
  let depth = 1;
  let end = at;
  for (; end < text.length && depth > 0; end++) depth += text[end] === '(' ? 1 : text[end] === ')' ? -1 : 0;
  return end;
}

/**
 * The parser keeps literals as doubles: those that a double cannot hold are put as a sum of two that it can.
 * @returns the same text when there are none
 */
export function exactLiterals(text: string): string {
  if (!/\d[\w@#]{8}/.test(text)) return text;
  let out = '';
  let last = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const [token] = match;
    if (token === '$(') TOKEN.lastIndex = afterCommand(text, TOKEN.lastIndex);
    const value = /^\d/.test(token) ? parseDigits(token) : undefined;
    if (value === undefined || value < SAFE_MAX) continue;
    const bits = BigInt.asUintN(BITS, value);
    out += `${text.slice(last, match.index)}(${bits / HALF}*${HALF}+${bits % HALF})`;
    last = match.index + token.length;
  }
  return out + text.slice(last);
}

/** Evaluates arithmetic expressions in 64-bit integers. */
export class Arithmetic {
  private depth = 0;
  /** Expressions with literals that the parser could not hold, parsed again. */
  private readonly exact = new WeakMap<ArithmeticExpression, ArithmeticNode>();

  constructor(private readonly scope: ArithmeticScope) {}

  /** An expression as it stands in a script. */
  expression(expression: ArithmeticExpression): Sys<bigint> {
    return this.evaluate(this.exact.get(expression) ?? this.exactNode(expression));
  }

  private exactNode(expression: ArithmeticExpression): ArithmeticNode {
    const { originalText: text = '' } = expression;
    const node = exactLiterals(text) === text ? expression.expression : this.scope.parse(text);
    this.exact.set(expression, node);
    return node;
  }

  *evaluate(node: ArithmeticNode): Sys<bigint> {
    if (++this.depth > DEPTH_MAX) {
      this.depth = 0;
      throw new ShellFault('expression recursion level exceeded');
    }
    const handler = EVALUATORS[node.type] as Evaluator<ArithmeticNode['type']> | undefined;
    if (!handler) throw new ShellFault(`syntax error in expression (${node.type})`);
    const result = handler(this, node as never);
    const value = wrap(typeof result === 'bigint' ? result : yield* result);
    this.depth--;
    return value;
  }

  *text(text: string): Sys<bigint> {
    if (text.trim() === '') return 0n;
    const integer = parseInteger(text);
    if (integer !== undefined) return integer;
    return yield* this.evaluate(this.scope.parse(text));
  }

  *variable(name: string, subscript?: string): Sys<bigint> {
    return yield* this.text(this.scope.read(name, subscript));
  }

  /** `name` or `name[subscript]` as the target of an assignment. */
  *target(node: ArithmeticNode): Sys<{ name: string; subscript?: string }> {
    if (node.type === 'ArithVariable') return { name: node.name };
    if (node.type === 'ArithArrayElement')
      return { name: node.array, subscript: yield* this.subscript(node) };
    throw new ShellFault('attempted assignment to non-variable');
  }

  *subscript(node: ArithmeticOf<'ArithArrayElement'>): Sys<string> {
    if (node.stringKey !== undefined) return node.stringKey;
    if (!node.index) return '0';
    if (this.scope.isAssociative(node.array) && node.index.type === 'ArithVariable') return node.index.name;
    return String(yield* this.evaluate(node.index));
  }

  *assign(name: string, subscript: string | undefined, operator: string, value: bigint): Sys<bigint> {
    const old = operator === '=' ? 0n : yield* this.variable(name, subscript);
    const result = operator === '=' ? value : wrap(BINARY[operator.slice(0, -1)](old, value));
    this.scope.write(name, subscript, String(result));
    return result;
  }

  get outside(): ArithmeticScope {
    return this.scope;
  }
}

type Evaluator<T extends ArithmeticNode['type']> = (
  a: Arithmetic,
  node: ArithmeticOf<T>,
) => bigint | Sys<bigint>;

function* unary(a: Arithmetic, node: ArithmeticOf<'ArithUnary'>): Sys<bigint> {
  const { operator, operand, prefix } = node;
  if (operator === '++' || operator === '--') {
    const { name, subscript } = yield* a.target(operand);
    const old = yield* a.variable(name, subscript);
    const next = operator === '++' ? old + 1n : old - 1n;
    a.outside.write(name, subscript, String(wrap(next)));
    return prefix ? next : old;
  }
  const value = yield* a.evaluate(operand);
  if (operator === '!') return truth(value === 0n);
  if (operator === '~') return ~value;
  return operator === '-' ? -value : value;
}

const EVALUATORS: { readonly [T in ArithmeticNode['type']]?: Evaluator<T> } = {
  ArithNumber(_a, node) {
    if (!Number.isInteger(node.value)) throw new ShellFault('syntax error: invalid arithmetic operator');
    return BigInt(node.value);
  },
  *ArithVariable(a, node) {
    return yield* a.variable(node.name);
  },
  *ArithSpecialVar(a, node) {
    return yield* a.text(a.outside.special(node.name));
  },
  *ArithBinary(a, node) {
    const left = yield* a.evaluate(node.left);
    if (node.operator === '&&') return left === 0n ? 0n : truth((yield* a.evaluate(node.right)) !== 0n);
    if (node.operator === '||') return left !== 0n ? 1n : truth((yield* a.evaluate(node.right)) !== 0n);
    return BINARY[node.operator](left, yield* a.evaluate(node.right));
  },
  ArithUnary: unary,
  *ArithTernary(a, node) {
    const chosen = (yield* a.evaluate(node.condition)) !== 0n ? node.consequent : node.alternate;
    return yield* a.evaluate(chosen);
  },
  *ArithAssignment(a, node) {
    const subscript = node.stringKey ?? (node.subscript && String(yield* a.evaluate(node.subscript)));
    const value = yield* a.evaluate(node.value);
    return yield* a.assign(node.variable, subscript, node.operator, value);
  },
  *ArithGroup(a, node) {
    return yield* a.evaluate(node.expression);
  },
  *ArithNested(a, node) {
    return yield* a.evaluate(node.expression);
  },
  *ArithCommandSubst(a, node) {
    return yield* a.text(yield* a.outside.substitute(node.command));
  },
  *ArithBracedExpansion(a, node) {
    return yield* a.text(yield* a.outside.expand(`\${${node.content}}`));
  },
  *ArithArrayElement(a, node) {
    return yield* a.variable(node.array, yield* a.subscript(node));
  },
  *ArithDynamicBase(a, node) {
    return yield* a.text(`${yield* a.outside.expand(`\${${node.baseExpr}}`)}#${node.value}`);
  },
  *ArithDynamicNumber(a, node) {
    return yield* a.text(`${yield* a.outside.expand(`\${${node.prefix}}`)}${node.suffix}`);
  },
  *ArithConcat(a, node) {
    let text = '';
    for (const part of node.parts) text += String(yield* a.evaluate(part));
    return yield* a.text(text);
  },
  ArithSingleQuote(_a, node) {
    return BigInt(node.value);
  },
  ArithSyntaxError(_a, node) {
    throw new ShellFault(node.message);
  },
};
