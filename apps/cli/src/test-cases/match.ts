/** A value as a case file has it; integers beyond 2^53 are bigint. */
export type Pattern =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Pattern[]
  | { readonly [member: string]: Pattern };

/** Where a value is not what was expected. */
export interface Mismatch {
  /** e.g. `value.args[1]`; empty for the value as a whole. */
  readonly path: string;
  readonly expected: Pattern;
  /** Undefined where there is nothing. */
  readonly actual: unknown;
}

type Members = { readonly [member: string]: Pattern };

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The operators of a pattern, if it is one: every member begins with `$`. */
export function operatorsOf(pattern: Pattern): Members | undefined {
  if (!isMembers(pattern)) return undefined;
  const names = Object.keys(pattern);
  return names.length > 0 && names.every((name) => name.startsWith('$')) ? pattern : undefined;
}

/**
 * Compares a value with a pattern: objects by the members that the pattern names, lists whole, all else by equality,
 * where integers that JSON writes as text equal the number. @returns what differs, empty when nothing does
 */
export function match(pattern: Pattern, actual: unknown, path = ''): Mismatch[] {
  const operators = operatorsOf(pattern);
  if (operators) {
    const fits = Object.entries(operators).every(([name, operand]) => OPERATORS[name](operand, actual));
    return fits ? [] : [{ path, expected: pattern, actual }];
  }
  if (Array.isArray(pattern)) return matchList(pattern as readonly Pattern[], actual, path);
  if (isMembers(pattern)) return matchMembers(pattern, actual, path);
  return equal(pattern, actual) ? [] : [{ path, expected: pattern, actual }];
}

export function matches(pattern: Pattern, actual: unknown): boolean {
  return match(pattern, actual).length === 0;
}

function matchList(pattern: readonly Pattern[], actual: unknown, path: string): Mismatch[] {
  if (!Array.isArray(actual)) return [{ path, expected: pattern, actual }];
  const found = pattern.flatMap((item, i) => match(item, actual[i], `${path}[${i}]`));
  const extra = actual.slice(pattern.length);
  if (extra.length === 0) return found;
  return [...found, { path: `${path}.length`, expected: pattern.length, actual: actual.length }];
}

function matchMembers(pattern: Members, actual: unknown, path: string): Mismatch[] {
  if (!isMembers(actual)) return [{ path, expected: pattern, actual }];
  return Object.entries(pattern).flatMap(([name, item]) =>
    match(item, Object.hasOwn(actual, name) ? actual[name] : undefined, path ? `${path}.${name}` : name),
  );
}

/** Equality of scalars. */
function equal(expected: unknown, actual: unknown): boolean {
  if (expected === actual) return true;
  const [a, b] = [numberOf(expected), numberOf(actual)];
  // Text equals text only; a number equals its own text, as JSON has wide integers.
  return a !== undefined && b !== undefined && typeof expected !== 'string' && a === b;
}

/** Numbers and their text as what can be compared exactly. */
function numberOf(value: unknown): number | bigint | undefined {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !/^-?(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(value)) return undefined;
  const wide = value.startsWith('-') ? -BigInt(value.slice(1)) : BigInt(value);
  return Number.isSafeInteger(Number(wide)) ? Number(wide) : wide;
}

type Operator = (operand: Pattern, actual: unknown) => boolean;

const compares =
  (holds: (actual: number | bigint, operand: number | bigint) => boolean): Operator =>
  (operand, actual) => {
    const [a, b] = [numberOf(actual), numberOf(operand)];
    return a !== undefined && b !== undefined && holds(a, b);
  };

const greater = compares((a, b) => a > b);
const greaterOrEqual = compares((a, b) => a >= b);
const less = compares((a, b) => a < b);
const lessOrEqual = compares((a, b) => a <= b);

function lengthOf(value: unknown): number | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return isMembers(value) ? Object.keys(value).length : undefined;
}

function listOf(operand: Pattern): readonly Pattern[] {
  return Array.isArray(operand) ? (operand as readonly Pattern[]) : [operand];
}

function contains(operand: Pattern, actual: unknown): boolean {
  if (typeof actual === 'string') return typeof operand === 'string' && actual.includes(operand);
  return Array.isArray(actual) && actual.some((item) => matches(operand, item));
}

function exactly(operand: Pattern, actual: unknown): boolean {
  if (Array.isArray(operand)) {
    const list = operand as readonly Pattern[];
    return (
      Array.isArray(actual) &&
      actual.length === list.length &&
      list.every((item, i) => exactly(item, actual[i]))
    );
  }
  if (!isMembers(operand)) return equal(operand, actual);
  if (!isMembers(actual)) return false;
  const names = Object.keys(operand);
  return (
    names.length === Object.keys(actual).length && names.every((name) => exactly(operand[name], actual[name]))
  );
}

/** What a member that begins with `$` asks of the value; several in one object must all hold. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  $any: (operand, actual) => (actual !== undefined) === (operand !== false),
  $exists: (operand, actual) => (actual !== undefined) === (operand !== false),
  $eq: matches,
  $ne: (operand, actual) => !matches(operand, actual),
  $not: (operand, actual) => !matches(operand, actual),
  $in: (operand, actual) => listOf(operand).some((item) => matches(item, actual)),
  $and: (operand, actual) => listOf(operand).every((item) => matches(item, actual)),
  $or: (operand, actual) => listOf(operand).some((item) => matches(item, actual)),
  $gt: greater,
  $gte: greaterOrEqual,
  $lt: less,
  $lte: lessOrEqual,
  $between: (operand, actual) => {
    const [low, high] = listOf(operand);
    return greaterOrEqual(low, actual) && lessOrEqual(high, actual);
  },
  $regex: (operand, actual) =>
    (typeof actual === 'string' || typeof actual === 'number') &&
    new RegExp(String(operand), 'u').test(String(actual)),
  $startsWith: (operand, actual) => typeof actual === 'string' && actual.startsWith(String(operand)),
  $endsWith: (operand, actual) => typeof actual === 'string' && actual.endsWith(String(operand)),
  $contains: contains,
  $length: (operand, actual) => {
    const length = lengthOf(actual);
    return length !== undefined && matches(operand, length);
  },
  $exactly: exactly,
};

const REGEX_LENGTH_MAX = 1000;

/** What is wrong with a pattern as it is written, with where; undefined when it is sound. */
export function patternFault(pattern: Pattern, path: string): string | undefined {
  if (Array.isArray(pattern)) {
    return firstFault((pattern as readonly Pattern[]).map((item, i) => [item, `${path}[${i}]`]));
  }
  if (!isMembers(pattern)) return undefined;
  const names = Object.keys(pattern);
  const operators = names.filter((name) => name.startsWith('$'));
  const unknown = operators.find((name) => !Object.hasOwn(OPERATORS, name));
  if (unknown)
    return `${path}: no matcher is called ${unknown}; there are ${Object.keys(OPERATORS).join(', ')}`;
  if (operators.length > 0 && operators.length < names.length) {
    return `${path}: matchers (${operators.join(', ')}) and members cannot be mixed`;
  }
  const fault = operandFault(pattern, path);
  return fault ?? firstFault(names.map((name) => [pattern[name], `${path}.${name}`]));
}

function firstFault(parts: readonly (readonly [Pattern, string])[]): string | undefined {
  for (const [part, path] of parts) {
    const fault = patternFault(part, path);
    if (fault) return fault;
  }
  return undefined;
}

function operandFault({ $regex, $between }: Members, path: string): string | undefined {
  if ($between !== undefined && !(Array.isArray($between) && $between.length === 2)) {
    return `${path}: $between takes [low, high]`;
  }
  if ($regex === undefined) return undefined;
  if (typeof $regex !== 'string' || $regex.length > REGEX_LENGTH_MAX)
    return `${path}: $regex takes a pattern`;
  try {
    new RegExp($regex, 'u');
    return undefined;
  } catch (error) {
    return `${path}: ${(error as Error).message}`;
  }
}
